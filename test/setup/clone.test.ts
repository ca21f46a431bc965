import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeClone } from "./fake-clone.js";

const repository = resolve(import.meta.dirname, "../..");
const modules = join(repository, "lab/setup/node-modules.mjs");

let clone: FakeClone;
beforeEach(() => {
  clone = new FakeClone();
});
afterEach(() => clone.remove());

/** Calls a function of the set-up in a process of its own and gives what it returned. */
function call(file: string, expression: string): unknown {
  const script = `const m = await import(${JSON.stringify(file)}); const say = () => {}; const clone = process.argv[1];
process.stdout.write(JSON.stringify(await (${expression})) ?? "");`;
  const { status, stdout, stderr } = clone.run(process.execPath, [
    "--input-type=module",
    "-e",
    script,
    clone.folder,
  ]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

describe("node modules", () => {
  const lock = (packages: Record<string, object>): string =>
    JSON.stringify({ lockfileVersion: 3, packages: { "": {}, ...packages } });
  const wanted = {
    "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
    "node_modules/b-darwin": { version: "1.0.0", integrity: "sha512-b", optional: true },
  };
  const areCurrent = (): unknown => call(modules, "m.nodeModulesAreCurrent(clone)");
  const stamp = (): string => join(clone.folder, "node_modules/.tyrian-stamp");

  beforeEach(() => {
    rmSync(join(clone.folder, "node_modules"));
    mkdirSync(join(clone.folder, "node_modules/.bin"), { recursive: true });
    clone.write("node_modules/.bin/tsc", "");
    clone.write("package-lock.json", lock(wanted));
  });

  test("are current when npm installed what the lock file asks for, without packages of other platforms", () => {
    clone.write("node_modules/.package-lock.json", lock({ "node_modules/a": wanted["node_modules/a"] }));
    expect(areCurrent()).toBe(true);
    // from now on the stamp says so
    rmSync(join(clone.folder, "node_modules/.package-lock.json"));
    expect(areCurrent()).toBe(true);
  });

  test("are out of date when the lock file has changed since", () => {
    clone.write("node_modules/.package-lock.json", lock({ "node_modules/a": wanted["node_modules/a"] }));
    expect(areCurrent()).toBe(true);
    clone.write(
      "package-lock.json",
      lock({ ...wanted, "node_modules/a": { version: "2.0.0", integrity: "sha512-a2" } }),
    );
    expect(areCurrent()).toBe(false);
  });

  test.each([
    ["one is missing", {}],
    ["one has other content", { "node_modules/a": { version: "1.0.0", integrity: "sha512-other" } }],
    [
      "there is one too many",
      { "node_modules/a": wanted["node_modules/a"], "node_modules/c": { integrity: "sha512-c" } },
    ],
  ])("are out of date when %s", (_what, installed) => {
    clone.write("node_modules/.package-lock.json", lock(installed));
    expect(areCurrent()).toBe(false);
    expect(existsSync(stamp())).toBe(false);
  });

  test("are out of date when they are not there, or half there", () => {
    expect(areCurrent()).toBe(false);
    rmSync(join(clone.folder, "node_modules"), { recursive: true });
    expect(areCurrent()).toBe(false);
  });

  test("an unreachable registry is said in clear words, and nothing half-installed stays", () => {
    const script = `const m = await import(${JSON.stringify(modules)});
await m.installNodeModules(process.argv[1], () => {}).catch((problem) => { console.log(problem.message); process.exitCode = problem.status; });`;
    copyFileSync(join(repository, "package-lock.json"), join(clone.folder, "package-lock.json"));
    const started = Date.now();
    const { status, stdout } = clone.run(
      process.execPath,
      ["--input-type=module", "-e", script, clone.folder],
      {
        npm_config_registry: "http://127.0.0.1:9/",
        npm_config_cache: join(clone.folder, "cache"),
      },
    );
    expect(status).toBe(3);
    expect(stdout).toContain("the npm registry cannot be reached from here");
    expect(stdout).not.toContain("    at ");
    expect(existsSync(join(clone.folder, "node_modules"))).toBe(false);
    expect(Date.now() - started).toBeLessThan(30_000);
  });
});

describe("the built program", () => {
  const build = (): unknown => call(modules, "m.buildProgram(clone, say)");
  const built = { built: true, problems: null };
  const current = { built: false, problems: null };

  test("is built when its sources changed, and only then", () => {
    expect(build()).toEqual(built);
    expect(build()).toEqual(current);
    clone.write("src/version.ts", 'export const VERSION = "0.2.0";\n');
    expect(build()).toEqual(built);
    expect(readFileSync(join(clone.folder, "dist/version.js"), "utf8")).toContain("0.2.0");
    expect(build()).toEqual(current);
  });

  test("loses what has no source any more, and its command can be executed", () => {
    clone.write("src/cli/main.ts", "export {};\n");
    clone.write("src/old.ts", "export {};\n");
    build();
    expect(statSync(join(clone.folder, "dist/cli/main.js")).mode & 0o111).toBe(0o111);
    expect(existsSync(join(clone.folder, "dist/old.js"))).toBe(true);
    rmSync(join(clone.folder, "src/old.ts"));
    expect(build()).toEqual(built);
    expect(existsSync(join(clone.folder, "dist/old.js"))).toBe(false);
    expect(existsSync(join(clone.folder, "dist/old.js.map"))).toBe(false);
  });

  test("stays as it was when the sources do not compile", () => {
    build();
    clone.write("src/version.ts", 'export const VERSION: number = "0.2.0";\n');
    expect(build()).toEqual({ built: false, problems: expect.stringContaining("error TS2322") as string });
    expect(readFileSync(join(clone.folder, "dist/version.js"), "utf8")).toContain("0.1.0");
    clone.write("src/version.ts", 'export const VERSION = "0.1.0";\n');
    expect(build()).toEqual(current);
  });
});

describe("the version of Node", () => {
  const range = "^20.19.0 || >=22.12.0";

  test.each([
    ["v20.19.0", true],
    ["v20.20.2", true],
    ["v20.18.9", false],
    ["v18.20.4", false],
    ["v21.7.0", false],
    ["v22.11.0", false],
    ["v22.12.0", true],
    ["v24.0.0-nightly2026", true],
    ["v100.0.0", true],
  ])("%s is allowed: %s", (version, expected) => {
    expect(
      call(
        join(repository, "lab/setup/machine.mjs"),
        `m.isVersionWithin(${JSON.stringify(version)}, ${JSON.stringify(range)})`,
      ),
    ).toBe(expected);
  });

  test("one that is too old is refused with what is needed and a command", () => {
    const message = call(
      join(repository, "lab/setup/machine.mjs"),
      'Promise.resolve().then(() => m.assertNodeVersion("npm test", "v18.20.4")).catch((problem) => [problem.status, problem.message])',
    );
    expect(message).toEqual([3, expect.stringContaining(`Node v18.20.4, and Tyrian needs ${range}`)]);
    expect(message).toEqual([3, expect.stringContaining("npx -y -p node@22 npm test")]);
  });
});

test("the set-up imports nothing but Node's own modules and itself", () => {
  const files = [
    "setup",
    "demo",
    "test",
    "bench",
    "children",
    "lock",
    "machine",
    "node-modules",
    "packages",
    "service-policy",
  ];
  const imported = files.flatMap((name) =>
    [
      ...readFileSync(join(repository, `lab/setup/${name}.mjs`), "utf8").matchAll(
        /^(?:import|\} from|export .* from).*?"([^"]+)";$/gm,
      ),
    ].map((match) => match[1] ?? ""),
  );
  expect(imported.length).toBeGreaterThan(20);
  expect(
    imported.filter((specifier) => !specifier.startsWith("node:") && !/^\.\/[a-z-]+\.mjs$/.test(specifier)),
  ).toEqual([]);
});

test("a link to the clone is the same clone", () => {
  const link = `${clone.folder}-link`;
  symlinkSync(clone.folder, link);
  try {
    writeFileSync(
      join(clone.folder, "test/good.test.ts"),
      'import { test } from "vitest";\ntest("passes", () => {});\n',
    );
    expect(clone.run(process.execPath, [join(link, "lab/setup/test.mjs"), "test"]).status).toBe(0);
  } finally {
    rmSync(link);
  }
});
