import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeClone, lastLine } from "./fake-clone.js";
import { until } from "./fake-machine.js";

let clone: FakeClone;
beforeEach(() => {
  clone = new FakeClone();
});
afterEach(() => clone.remove());

const runner = ["lab/setup/test.mjs", "test"];

const outcomesOfAllKinds = `
import { beforeAll, describe, expect, test } from "vitest";
test("passes", () => expect(1).toBe(1));
test("fails", () => expect(1).toBe(2));
test("is skipped for a reason", ({ skip }) => skip("no kernel audit here"));
test.skip("is skipped silently", () => {});
describe("on a machine without audit", { skip: true, meta: { skipReason: "audit is off\\nhere" } }, () => {
  test("is skipped with its group", () => {});
  test("is skipped for its own reason", { meta: { skipReason: "no second host" } }, () => {});
});
describe("a group", () => {
  beforeAll(() => { throw new Error("the hook is broken"); });
  test("never runs", () => {});
});
`;

test("the last line counts tests, hooks and files that fail, and skipped tests give their reason", () => {
  clone.write("test/kinds.test.ts", outcomesOfAllKinds);
  clone.write("test/unloadable.test.ts", 'import "./not-there.js";\n');
  const { status, stdout } = clone.run(process.execPath, runner);
  expect(lastLine(stdout)).toBe("1 passed, 3 failed, 5 skipped");
  expect(status).toBe(1);
  const said = stdout.split("\n").filter((line) => /^(skipped|failed): /.test(line));
  const group = "test/kinds.test.ts > on a machine without audit >";
  expect(said.filter((line) => line.startsWith("skipped: "))).toEqual([
    "skipped: test/kinds.test.ts > is skipped for a reason: no kernel audit here",
    "skipped: test/kinds.test.ts > is skipped silently: no reason is given",
    `skipped: ${group} is skipped with its group: audit is off here`,
    `skipped: ${group} is skipped for its own reason: no second host`,
    "skipped: test/kinds.test.ts > a group > never runs: its set-up failed",
  ]);
  expect(said.filter((line) => line.startsWith("failed: "))).toHaveLength(3);
  expect(stdout).toContain("the hook is broken");
});

test("an error that no test catches is a failure", () => {
  clone.write(
    "test/stray.test.ts",
    'import { test } from "vitest";\ntest("passes", async () => { void Promise.reject(new Error("stray")); await new Promise((done) => setTimeout(done, 50)); });\n',
  );
  const { status, stdout } = clone.run(process.execPath, runner);
  expect(lastLine(stdout)).toBe("1 passed, 1 failed, 0 skipped");
  expect(status).toBe(1);
});

test("all passed: status 0; and dist was built, once", () => {
  clone.write(
    "test/good.test.ts",
    'import { expect, test } from "vitest";\ntest("passes", () => expect(1).toBe(1));\n',
  );
  const first = clone.run(process.execPath, runner);
  expect([lastLine(first.stdout), first.status]).toEqual(["1 passed, 0 failed, 0 skipped", 0]);
  expect(first.stderr).toContain("compiling");
  expect(existsSync(join(clone.folder, "dist/version.js"))).toBe(true);
  const second = clone.run(process.execPath, runner);
  expect([lastLine(second.stdout), second.status]).toEqual(["1 passed, 0 failed, 0 skipped", 0]);
  expect(second.stderr).toBe("");
});

test("no test at all is no success", () => {
  const { status, stdout } = clone.run(process.execPath, ["lab/setup/test.mjs", "test/no-such-file"]);
  expect(lastLine(stdout)).toMatch(/^0 passed, \d failed, 0 skipped$/);
  expect(status).not.toBe(0);
});

test("sources that do not compile are a failure beside the tests", () => {
  clone.write("src/version.ts", 'export const VERSION: number = "0.1.0";\n');
  clone.write(
    "test/good.test.ts",
    'import { expect, test } from "vitest";\ntest("passes", () => expect(1).toBe(1));\n',
  );
  const { status, stdout } = clone.run(process.execPath, runner);
  expect(lastLine(stdout)).toBe("1 passed, 1 failed, 0 skipped");
  expect(stdout).toContain("error TS2322");
  expect(status).toBe(1);
});

test("a run that is ended half-way still counts what it knows, and is no success", async () => {
  const hanging = join(clone.folder, "hanging");
  clone.write(
    "test/a.test.ts",
    `import { writeFileSync } from "node:fs";
import { test } from "vitest";
test("passes", () => {});
test("hangs", () => { writeFileSync(${JSON.stringify(hanging)}, ""); return new Promise(() => {}); }, 60_000);
`,
  );
  const { child, ended } = clone.start(process.execPath, runner);
  await until(() => existsSync(join(clone.folder, "dist/version.js")), "the set-up is done");
  await until(() => existsSync(hanging), "the second test runs");
  child.kill("SIGTERM");
  const { status, stdout } = await ended;
  expect(lastLine(stdout)).toMatch(/^\d passed, 1 failed, 0 skipped$/);
  expect(status).not.toBe(0);
});

test("CI's last line is the count although npm adds lines of its own to a failure", () => {
  clone.write(
    "test/bad.test.ts",
    'import { expect, test } from "vitest";\ntest("fails", () => expect(1).toBe(2));\n',
  );
  const { status, stdout } = clone.run(".ci/run", []);
  expect(lastLine(stdout)).toMatch(/^\d+ passed, [1-9]\d* failed, 0 skipped$/);
  expect(status).not.toBe(0);
});

test("CI's last line is a failure when the set-up fails, or when npm is not there at all", () => {
  rmSync(join(clone.folder, "package-lock.json"));
  const withoutLock = clone.run(".ci/run", []);
  expect([lastLine(withoutLock.stdout), withoutLock.status]).toEqual(["0 passed, 1 failed, 0 skipped", 3]);
  expect(withoutLock.stdout).toContain("package-lock.json is missing");

  clone.write("bin/npm", "#!/bin/sh\nexit 0\n");
  const silentNpm = clone.run("bash", ["-c", 'chmod 755 bin/npm; PATH="$PWD/bin:$PATH" .ci/run']);
  expect([lastLine(silentNpm.stdout), silentNpm.status]).toEqual(["0 passed, 1 failed, 0 skipped", 1]);
});
