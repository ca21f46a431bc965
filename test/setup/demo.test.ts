import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeClone } from "./fake-clone.js";
import { until } from "./fake-machine.js";
import { existsSync } from "node:fs";
import { join } from "node:path";

let clone: FakeClone;
beforeEach(() => {
  clone = new FakeClone();
});
afterEach(() => clone.remove());

test("the demo runs the built program with its arguments, and ends with its status", () => {
  clone.write(
    "src/cli/main.ts",
    "process.stdout.write(`${JSON.stringify(process.argv.slice(2))}\\n`);\nprocess.exitCode = 4;\n",
  );
  const { status, stdout, stderr } = clone.run(process.execPath, ["lab/setup/demo.mjs", "--json", "a b"]);
  const words: unknown = JSON.parse(stdout);
  expect(Array.isArray(words) && words.slice(-2)).toEqual(["--json", "a b"]);
  expect(status).toBe(4);
  expect(stderr).toContain("compiling");
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s reaches the program, which ends as it wants",
  async (signal) => {
    clone.write(
      "src/cli/main.ts",
      `import { writeFileSync } from "node:fs";
process.on("${signal}", () => { process.stdout.write("cleaned up\\n"); process.exit(130); });
setInterval(() => {}, 1000);
writeFileSync("started", "");
`,
    );
    const { child, ended } = clone.start(process.execPath, ["lab/setup/demo.mjs"]);
    await until(() => existsSync(join(clone.folder, "started")), "the program runs");
    child.kill(signal);
    const { status, stdout } = await ended;
    expect(stdout).toBe("cleaned up\n");
    expect(status).toBe(130);
  },
);

test("a program that a signal ends gives the shell's status for it", () => {
  clone.write("src/cli/main.ts", 'process.kill(process.pid, "SIGKILL");\n');
  expect(clone.run(process.execPath, ["lab/setup/demo.mjs"]).status).toBe(137);
});

test("sources that do not compile are not run", () => {
  clone.write("src/cli/main.ts", 'const wrong: number = "text";\nprocess.stdout.write(String(wrong));\n');
  const { status, stdout, stderr } = clone.run(process.execPath, ["lab/setup/demo.mjs"]);
  expect(status).toBe(3);
  expect(stdout).toBe("");
  expect(stderr).toContain("error TS2322");
});

test("the measurements are run in order, chosen by a part of their name; the worst status is told", () => {
  clone.write("test/bench/b.bench.ts", 'const word: string = "b";\nconsole.log(word);\n');
  clone.write("test/bench/a.bench.ts", 'console.log("a");\nprocess.exitCode = 7;\n');
  const all = clone.run(process.execPath, ["lab/setup/bench.mjs"]);
  expect([all.stdout, all.status]).toEqual(["a\nb\n", 7]);
  const one = clone.run(process.execPath, ["lab/setup/bench.mjs", "b"]);
  expect([one.stdout, one.status]).toEqual(["b\n", 0]);
  expect(clone.run(process.execPath, ["lab/setup/bench.mjs", "c"]).status).toBe(2);
});
