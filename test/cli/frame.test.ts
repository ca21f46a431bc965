import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test, vi } from "vitest";
import { failureOf } from "../../src/cli/failure.js";
import { colorAllowed } from "../../src/cli/output.js";
import { verbs } from "../../src/cli/verbs.js";
import { errorTable, hintOf, TyrianError } from "../../src/errors.js";
import { shell, tyrian } from "./tyrian.js";

// Processes are started one after the other, perhaps from sources and on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

test("help is data on stdout, names every verb, and status 0", async () => {
  const { status, stdout, stderr } = await tyrian(["--help"]);
  expect([status, stderr]).toEqual([0, ""]);
  for (const { name } of verbs) expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
  expect(stdout).toContain("Exit status: 0 all expectations met");
});

test("no verb prints the help to stderr and is invalid input", async () => {
  const { status, stdout, stderr } = await tyrian([]);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("Usage: tyrian");
});

test("every verb's module loads and describes itself", async () => {
  const helps = await Promise.all(verbs.map(({ name }) => tyrian(["help", name])));
  helps.forEach(({ status, stdout, stderr }, index) => {
    expect([verbs[index]?.name, status, stderr]).toEqual([verbs[index]?.name, 0, ""]);
    expect(stdout).toContain(`Usage: tyrian ${verbs[index]?.name}`);
  });
});

test.each([
  [["rnu"], "unknown command 'rnu'", "Did you mean run?"],
  [["lab", "upp"], "unknown command 'upp'", "Did you mean up?"],
  [["history", "--jsno"], "unknown option '--jsno'", "Did you mean --json?"],
  [["--no-colour", "history"], "unknown option '--no-colour'", "Did you mean --no-color?"],
  [["schema", "results", "more"], "too many arguments", "See `tyrian schema --help`."],
  [["schema"], "missing required argument", "See `tyrian schema --help`."],
  [
    ["schema", "inventroy"],
    "Allowed choices are playbook, campaign, inventory, bindings, executions, results",
    "",
  ],
  [["help", "nope"], "unknown command 'nope'", "See `tyrian --help`."],
  [["run", "--concurrency", "0"], "expected a whole number from 1 to 1000", "See `tyrian run --help`."],
  [["run", "--targets", "1.5"], "expected a whole number from 1 to 200", ""],
  [["run", "--variants", "some"], "Allowed choices are first, all", ""],
  [["lab", "up", "--targets", "many"], "expected a whole number from 1 to 200", ""],
])("%j is invalid input, with a message and a way on", async (words, message, hint) => {
  const { status, stdout, stderr } = await tyrian(words);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^error: usage: /);
  expect(stderr).toContain(message);
  expect(stderr).toContain(hint);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test("the version is that of package.json", async () => {
  const manifest = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../package.json"), "utf8")) as {
    version: string;
  };
  expect(await tyrian(["--version"])).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: "" });
});

test("a reader that goes away is no error", async () => {
  const { stdout, stderr } = await shell(
    'set -o pipefail; tyrian schema results | head -1; echo "status $?"',
  );
  expect(stdout).toBe("{\nstatus 0\n");
  expect(stderr).toBe("");
});

test("help loads commander and nothing else that was installed, and no verb", async () => {
  // A loader hook tells the address of every module that is loaded.
  const hook =
    "export async function load(url, context, next) { process._rawDebug(url); return next(url, context); }";
  const register = `import { register } from "node:module"; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)});`;
  const options = `--import data:text/javascript,${encodeURIComponent(register)}`;
  const { status, stderr } = await tyrian(["--help"], { environment: { NODE_OPTIONS: options } });
  expect(status).toBe(0);
  const addresses = stderr.split("\n").filter((line) => line.startsWith("file:"));
  const installed = addresses.flatMap(
    (address) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(address)?.[1] ?? [],
  );
  const runsFromSources = ["tsx", "esbuild", "get-tsconfig", "resolve-pkg-maps"];
  expect([...new Set(installed)].filter((name) => !runsFromSources.includes(name))).toEqual(["commander"]);
  expect(addresses.filter((address) => address.includes("/cli/verbs/"))).toEqual([]);
  expect(addresses.some((address) => /\/cli\/verbs\.[jt]s/.test(address))).toBe(true);
});

test("an error is its code, its message, its positions and what to do; a stack only when asked for", () => {
  const error = new TyrianError("playbook-invalid", "the playbooks have 1 error", {
    diagnostics: [
      {
        file: "a\x1b[31m.yaml",
        line: 3,
        column: 5,
        severity: "error",
        code: "unknown-key",
        message: "unknown key",
        hint: "",
      },
    ],
  });
  expect(failureOf(error, false)).toEqual({
    exit: 2,
    text: [
      "error: playbook-invalid: the playbooks have 1 error",
      "  a\\x1b[31m.yaml:3:5: unknown key",
      `hint: ${hintOf("playbook-invalid")}`,
    ].join("\n"),
  });
  expect(failureOf(error, true).text).toContain("failure.test.ts".replace("failure", "frame"));
});

test("every code of the table keeps its exit status on the way out, and what is no TyrianError is internal", () => {
  for (const { code, exit } of errorTable()) {
    expect(failureOf(new TyrianError(code as TyrianError["code"], "x"), false).exit).toBe(exit);
  }
  for (const thrown of [new TypeError("x is not a function"), "a string", undefined, { odd: true }]) {
    const { text, exit } = failureOf(thrown, false);
    expect([text.startsWith("error: internal: "), exit]).toEqual([true, 3]);
    expect(text).not.toMatch(/^\s+at /m);
  }
  expect(failureOf(new DOMException("stopped", "AbortError"), false).exit).toBe(130);
});

test.each<[boolean, Record<string, string>, boolean]>([
  [true, {}, true],
  [false, {}, false],
  [true, { TERM: "dumb" }, false],
  [true, { NO_COLOR: "1" }, false],
  [true, { NO_COLOR: "" }, true],
  [false, { FORCE_COLOR: "1" }, true],
  [false, { FORCE_COLOR: "" }, true],
  [true, { FORCE_COLOR: "0" }, false],
  [false, { FORCE_COLOR: "1", NO_COLOR: "1" }, false],
  [false, { FORCE_COLOR: "1", TERM: "dumb" }, true],
])("colour with terminal %j and %j: %j", (terminal, environment, allowed) => {
  expect(colorAllowed(terminal, environment)).toBe(allowed);
});
