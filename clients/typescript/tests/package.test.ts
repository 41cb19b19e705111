// What is published, and what it is for whoever takes it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";

import { buildSync } from "esbuild";

import { PACKAGE, compile, folder, run, text, write } from "./support/compiler.js";

const manifest = JSON.parse(text("package.json"));
const ENTRIES = ["user-hub", "user-hub/polling", "user-hub/store", "user-hub/trading"];
/** The core, minified and gzipped, is smaller than this many bytes. */
const SIZE = 4_000;

const npm = (...command: string[]): string =>
  execFileSync("npm", command, { cwd: PACKAGE, encoding: "utf8", stdio: "pipe" });

/** A project somewhere else that has the package as npm would install it. */
const project = mkdtempSync(join(tmpdir(), "user-hub-"));
after(() => rmSync(project, { recursive: true }));
before(() => {
  const [{ filename }] = JSON.parse(npm("pack", "--json", "--pack-destination", project));
  const installed = join(project, "node_modules/user-hub");
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", join(project, filename), "-C", installed, "--strip-components=1"]);
});

test("dist is what src compiles to", (t) => {
  const fresh = folder(t, "inside");
  write(fresh, {
    "tsconfig.json": JSON.stringify({
      extends: "../../../tsconfig.json",
      compilerOptions: { rootDir: "../../../src", outDir: "dist" },
      include: ["../../../src"],
    }),
  });
  assert.equal(compile(fresh), "");
  const names = readdirSync(join(fresh, "dist")).sort();
  assert.deepEqual(readdirSync(join(PACKAGE, "dist")).sort(), names, "npm run build");
  for (const name of names) {
    assert.equal(
      text(`dist/${name}`),
      readFileSync(join(fresh, "dist", name), "utf8"),
      `${name} is old: npm run build`,
    );
  }
});

test("what is published is dist, the README and the licences", () => {
  const [{ files }] = JSON.parse(npm("pack", "--dry-run", "--json"));
  const published = files.map(({ path }: { path: string }) => path);
  const built = readdirSync(join(PACKAGE, "src")).flatMap((name) => {
    const module = name.replace(/\.ts$/, "");
    return [`dist/${module}.d.ts`, `dist/${module}.js`];
  });
  assert.deepEqual(published.sort(), [...built, "LICENSE-APACHE", "LICENSE-MIT", "README.md", "package.json"].sort());
});

test("the licences are those of the crate", () => {
  for (const name of ["LICENSE-APACHE", "LICENSE-MIT"]) assert.equal(text(name), text(`../../${name}`), name);
});

test("nothing else is needed at run time, and nothing is fetched from a place that is named here", () => {
  for (const kind of ["dependencies", "peerDependencies", "optionalDependencies", "bundledDependencies"]) {
    assert.equal(manifest[kind], undefined, kind);
  }
  for (const name of readdirSync(join(PACKAGE, "dist"))) {
    const imports = [...text(`dist/${name}`).matchAll(/(?:from|import) ?\(?"([^"]+)"/g)].map(([, path]) => path!);
    for (const path of imports) assert.match(path, /^\.\/[a-z]+\.js$/, name);
  }
  assert.doesNotMatch(text("package-lock.json"), /https?:/);
});

test("every entry point has types and a module, and there is no other", () => {
  for (const [entry, { types, default: module }] of Object.entries<Record<string, string>>(manifest.exports)) {
    assert.ok(ENTRIES.includes(entry.replace(".", "user-hub")), entry);
    assert.match(text(types!), /export/);
    assert.match(text(module!), /export/);
  }
  assert.equal(Object.keys(manifest.exports).length, ENTRIES.length);
});

test("a bundle of the core is small", (t) => {
  const size = (entry: string): number => {
    const { outputFiles } = buildSync({
      entryPoints: [join(PACKAGE, entry)],
      bundle: true,
      minify: true,
      format: "esm",
      write: false,
    });
    return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
  };
  const core = size("dist/index.js");
  t.diagnostic(
    `core ${core}, polling ${size("dist/polling.js")}, stores ${size("dist/store.js")} bytes, minified and gzipped`,
  );
  assert.ok(core < SIZE, `${core} bytes`);
});

test("a project that installs it finds its types and its modules, however they are resolved", () => {
  const resolutions = [
    ["nodenext", "nodenext"],
    ["node16", "node16"],
    ["esnext", "bundler"],
  ];
  for (const [module, moduleResolution] of resolutions) {
    const compilerOptions = { target: "es2022", module, moduleResolution, strict: true, types: [], noEmit: true };
    write(project, {
      "package.json": JSON.stringify({ type: "module" }),
      "tsconfig.json": JSON.stringify({ compilerOptions, files: ["uses.ts"] }),
      "uses.ts": text("tests/types/uses.ts"),
    });
    assert.equal(compile(project), "", moduleResolution);
  }
});

test("a bundler finds them too, and leaves out what is not used", () => {
  assert.equal(manifest.sideEffects, false);
  const bundle = (source: string): string => {
    write(project, { "main.js": source });
    const options = { bundle: true, minify: true, format: "esm", write: false, logLevel: "silent" } as const;
    return buildSync({ ...options, entryPoints: [join(project, "main.js")] }).outputFiles[0]!.text;
  };
  assert.match(
    bundle('import { connect } from "user-hub"; globalThis.client = connect({ sse: "/events" });'),
    /EventSource/,
  );
  assert.doesNotMatch(bundle('import { parseCursor } from "user-hub"; console.log(parseCursor(""));'), /WebSocket/);
  assert.equal(
    bundle('import "user-hub"; import "user-hub/trading"; import { statusStore } from "user-hub/store";'),
    "",
  );
  assert.throws(() => bundle('import "user-hub/device";'), /user-hub\/device/);
});

test("importing it touches nothing of a browser, nor does a client that is not started: a server may render", () => {
  write(project, {
    "render.mjs": `
      for (const name of ["document", "window", "location", "navigator", "addEventListener", "WebSocket", "EventSource", "fetch", "setTimeout"]) {
        Object.defineProperty(globalThis, name, { get() { throw new Error(name + " was touched"); } });
      }
      const [{ Client }, , { stateStore, statesStore, statusStore }] = await Promise.all(
        ${JSON.stringify(ENTRIES)}.map((entry) => import(entry)));
      const client = new Client({ websocket: "/ws", sse: "/events" });
      const value = stateStore(client, "PNL_UPDATE").getSnapshot();
      const { size } = statesStore(client, "CHAIN_UPDATE").getSnapshot();
      console.log(JSON.stringify([value ?? null, size, statusStore(client).getSnapshot().state]));
    `,
  });
  assert.deepEqual(run(project, "render.mjs"), { status: 0, said: '[null,0,"stopped"]\n' });
});

test("a page without types and without a bundler can use it as it is", () => {
  write(project, {
    "page.mjs": `
      import { connect } from "./node_modules/user-hub/dist/index.js";
      const frames = [
        { type: "CONNECTED", protocol: 1, userId: "alice", connectionId: "1", epoch: "00000000000000aa", after: null, recovered: false, lastLog: 0, heartbeat: null },
        { seq: 1, type: "PNL_UPDATE", timestamp: "", data: { pnl: { totalPnL: 7 } } },
        { type: "SYNCED", cursor: "00000000000000aa-1", lastLog: 0, stateSource: "none" },
      ];
      globalThis.location = { href: "https://desk.test/" };
      globalThis.WebSocket = class {
        constructor(url) {
          console.log(String(url));
          setTimeout(() => frames.forEach((frame) => this.onmessage({ data: JSON.stringify(frame) })));
        }
        close() {}
      };
      const client = connect({ websocket: "/ws" });
      client.on("PNL_UPDATE", (data) => console.log(data?.pnl.totalPnL ?? "gone"));
      client.onStatus(({ state }) => state === "live" && client.stop());
    `,
  });
  assert.deepEqual(run(project, "page.mjs"), { status: 0, said: "wss://desk.test/ws\n7\ngone\n" });
});
