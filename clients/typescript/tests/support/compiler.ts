// Runs the compiler and other tools as whoever uses the package does.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

/** The folder of the package. */
export const PACKAGE: string = fileURLToPath(new URL("../../..", import.meta.url));

export const text = (path: string): string => readFileSync(join(PACKAGE, path), "utf8");

/** A folder that is gone after the test: inside the package, so that what is installed there is found, or anywhere. */
export function folder(test: TestContext, where: "inside" | "outside"): string {
  const path = mkdtempSync(join(where === "inside" ? join(PACKAGE, "tests/build") : tmpdir(), "user-hub-"));
  test.after(() => rmSync(path, { recursive: true }));
  return path;
}

export function write(folder: string, files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** Runs a program of Node, of the package or a file, to its end; answers all that it said. */
export function run(cwd: string, ...command: string[]): { status: number | null; said: string } {
  // A test runner inside of a test runs nothing, and says that all is well.
  const { NODE_TEST_CONTEXT: _inside, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd, env, encoding: "utf8" });
  return { status, said: stdout + stderr };
}

/** Compiles in a folder by its tsconfig.json; answers what the compiler complains of. */
export function compile(cwd: string, ...options: string[]): string {
  return run(cwd, join(PACKAGE, "node_modules/typescript/bin/tsc"), "-p", ".", "--pretty", "false", ...options).said;
}
