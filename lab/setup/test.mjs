/**
 * `npm test`: does all set-up, checks types and style, runs the tests, and ends with one line that counts:
 * `N passed, N failed, N skipped`. Arguments are passed on to vitest (`npm test -- test/model`); with arguments the
 * checks of types and style are left out. Exit status: 0 only when something passed and nothing failed.
 *
 * The checks run beside the tests, at the lowest priority: they take what time the tests leave, which wait a good deal.
 * Each check counts as one test. What was skipped is printed above the count, each in a line `skipped: NAME: REASON`, and then
 * what failed, in the same way.
 *
 * Runs before any node module exists: only Node's own modules, and no syntax newer than Node 14.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runChild, runInForeground } from "./children.mjs";
import { repository } from "./machine.mjs";
import { endWith, say, setUp } from "./setup.mjs";

/** They may have to wait for the end of the tests. */
const CHECK_DEADLINE_MS = 20 * 60_000;
const TESTS_DEADLINE_MS = 45 * 60_000;

const checks = [
  { name: "types (tsc)", program: "tsc", args: ["-p", "tsconfig.json", "--noEmit"] },
  { name: "rules of style (oxlint)", program: "oxlint", args: ["--type-aware", "src", "test", "lab/setup"] },
];

/** @type {{ outcome: string, name: string, reason: string | null }[]} */
const outcomes = [];
let status = 0;

await endWith(async () => {
  const { compilerProblems } = await setUp("test", "npm test");
  if (compilerProblems !== null) {
    process.stdout.write(`${compilerProblems}\n`);
    outcomes.push({ outcome: "failed", name: "src/ compiles", reason: "see the compiler's messages above" });
  }
  const args = process.argv.slice(2);
  const checking = args.length === 0 ? runChecks() : Promise.resolve([]);
  // What it rejects with is told below, after the tests.
  checking.catch(() => {});
  outcomes.push(...(await runTests(args)));
  outcomes.push(...(await checking));
  return status;
}).catch((problem) => {
  // a defect of the set-up itself: the count must still be the last line
  outcomes.push({ outcome: "failed", name: "the set-up", reason: problem.stack });
});
if (
  process.exitCode !== undefined &&
  process.exitCode !== 0 &&
  !outcomes.some(({ outcome }) => outcome === "failed")
) {
  outcomes.push({
    outcome: "failed",
    name: "the set-up or the run",
    reason: `ended with status ${process.exitCode}`,
  });
}
printSummary();

/** One after the other. */
async function runChecks() {
  const results = [];
  for (const check of checks) results.push(await runCheck(check));
  return results;
}

async function runCheck({ name, program, args }) {
  const command = ["-n", "19", join(repository, "node_modules", ".bin", program), ...args];
  const result = await runChild("nice", command, {
    cwd: repository,
    deadlineMs: CHECK_DEADLINE_MS,
    output: "keep",
  });
  const passed = result.status === 0 && !result.timedOut;
  process.stdout.write(`${passed ? "passed" : "FAILED"}: ${name}\n${passed ? "" : `${result.output}\n`}`);
  return { outcome: passed ? "passed" : "failed", name, reason: passed ? null : "see its messages above" };
}

async function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), "tyrian-test-"));
  const file = join(folder, "outcomes.ndjson");
  try {
    const vitest = join(repository, "node_modules", "vitest", "vitest.mjs");
    const reporters = [
      "--reporter=default",
      `--reporter=${join(repository, "lab", "setup", "reporter.mjs")}`,
    ];
    const result = await runInForeground(process.execPath, [vitest, "run", ...reporters, ...args], {
      cwd: repository,
      env: { ...process.env, TYRIAN_TEST_OUTCOMES: file },
      deadlineMs: TESTS_DEADLINE_MS,
    });
    status = result.status;
    const counted = readOutcomes(file);
    if (result.timedOut) {
      const reason = `they did not end within ${TESTS_DEADLINE_MS / 60_000} minutes`;
      counted.push({ outcome: "failed", name: "the tests", reason });
    }
    return counted;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readOutcomes(file) {
  let text = "";
  try {
    text = readFileSync(file, "utf8");
  } catch {
    say("no test ran");
  }
  // a last line without its end was cut short when the run was ended
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

function printSummary() {
  const of = (wanted) => outcomes.filter(({ outcome }) => outcome === wanted);
  const list = (entries) =>
    entries
      .map(({ outcome, name, reason }) => `${outcome}: ${name}${reason === null ? "" : `: ${reason}`}\n`)
      .join("");
  const [passed, failed, skipped] = [of("passed"), of("failed"), of("skipped")];
  if (passed.length === 0 && failed.length === 0) say("nothing was tested");
  if ((failed.length > 0 || passed.length === 0) && !process.exitCode) process.exitCode = 1;
  process.stdout.write(
    `\n${list(skipped)}${list(failed)}\n` +
      `${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped\n`,
  );
}
