// What the documents show is compiled, and what is a test in them is run.

import assert from "node:assert/strict";
import { test } from "node:test";

import { compile, folder, run, text, write } from "./support/compiler.js";

const BLOCK = /^```(tsx?|js)\n\/\/ ([\w./-]+)\n(.*?)^```$/gms;

const PAGE = /^```html\n.*?<script type="module">\n(.*?)<\/script>\n```$/gms;

/** The blocks of a document that say which file they are, and the module of a page. */
const blocks = (document: string): Record<string, string> => ({
  ...Object.fromEntries([...text(document).matchAll(BLOCK)].map(([, , name, code]) => [name!, code!])),
  ...Object.fromEntries(
    [...text(document).matchAll(PAGE)].map(([, code], index) => [`module-of-page-${index}.js`, code!]),
  ),
});

for (const [document, least] of [
  ["README.md", 6],
  ["../../docs/browser.md", 3],
  ["../../README.md", 2],
] as const) {
  test(`what ${document} shows compiles, and its tests pass`, (t) => {
    const files = blocks(document);
    const shown = text(document).match(/^```(tsx?|js|html)$/gm) ?? [];
    assert.equal(Object.keys(files).length, shown.length, "each block says in its first line which file it is");
    assert.ok(shown.length >= least);

    const project = folder(t, "inside");
    const compilerOptions = {
      target: "es2022",
      module: "nodenext",
      jsx: "react-jsx",
      types: ["node", "react"],
      strict: true,
      allowJs: true,
      checkJs: true,
      rootDir: ".",
      outDir: "build",
    };
    write(project, { "tsconfig.json": JSON.stringify({ compilerOptions, include: ["."] }), ...files });
    assert.equal(compile(project), "");
    for (const name of Object.keys(files).filter((name) => name.includes(".test."))) {
      const { status, said } = run(project, "--test", `build/${name.replace(/ts$/, "js")}`);
      assert.equal(status, 0, said);
      assert.match(said, /^# pass [1-9]/m);
    }
  });
}

test("the README has every option and every state", () => {
  const readme = text("README.md");
  const rows = (heading: string): string => readme.split(`## ${heading}\n`)[1]!.split("\n## ")[0]!;
  const declared = (file: string, name: string): string[] => {
    const body = new RegExp(`interface ${name}[^{]*\\{(.*?)\\n\\}`, "s").exec(text(file))![1]!;
    return [...body.matchAll(/readonly (\w+)\??:/g)].map(([, field]) => field!);
  };
  const options = [...declared("src/client.ts", "Options"), ...declared("src/link.ts", "Addresses")];
  assert.ok(options.length >= 9);
  for (const option of options) assert.ok(rows("Options").includes(`\`${option}\``), option);
  const states = /type ConnectionState = (.*);/.exec(text("src/client.ts"))![1]!.matchAll(/"(\w+)"/g);
  for (const [, state] of states) assert.ok(rows("Status").includes(`| \`${state}\` |`), state);
});
