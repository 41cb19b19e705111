import assert from "node:assert/strict";
import { test } from "node:test";

import { compile, folder, text, write } from "./support/compiler.js";

const EXPECTED = /^\/\/ @ts-expect-error (TS\d+): \S/;

test("each misuse is an error, and that one", (t) => {
  const lines = text("tests/types/misuses.ts").split("\n");
  const expected = lines.flatMap((line, index) => {
    const match = EXPECTED.exec(line);
    return match ? [`misuses.ts(${index + 2}): ${match[1]}`] : [];
  });
  assert.ok(expected.length >= 60);
  const directives = lines.filter((line) => line.includes("@ts-expect-error"));
  assert.equal(directives.length, expected.length, "each says which error it expects, and why");

  const project = folder(t, "inside");
  write(project, {
    "tsconfig.json": JSON.stringify({
      extends: "../../tsconfig.json",
      compilerOptions: { noEmit: true },
      include: ["."],
      exclude: [],
    }),
    "misuses.ts": lines.map((line) => line.replace("@ts-expect-error", "expected:")).join("\n"),
  });
  const complaints = [...compile(project).matchAll(/^(misuses\.ts)\((\d+),\d+\): error (TS\d+)/gm)];
  assert.deepEqual(
    complaints.map(([, file, line, code]) => `${file}(${line}): ${code}`),
    expected,
  );
});

test("what must compile does so with everything that can be switched on besides strict", (t) => {
  const project = folder(t, "inside");
  const compilerOptions = {
    target: "es2022",
    module: "nodenext",
    types: [],
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    isolatedModules: true,
    noFallthroughCasesInSwitch: true,
    noImplicitOverride: true,
    noImplicitReturns: true,
    noPropertyAccessFromIndexSignature: true,
    noUncheckedIndexedAccess: true,
    noUncheckedSideEffectImports: true,
    verbatimModuleSyntax: true,
  };
  write(project, { "tsconfig.json": JSON.stringify({ compilerOptions }), "uses.ts": text("tests/types/uses.ts") });
  assert.equal(compile(project), "");
});
