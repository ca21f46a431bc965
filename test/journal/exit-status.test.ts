import { expect, test } from "vitest";
import { exitStatus } from "../../src/journal/exit-status.js";
import { foldRun, type RunEnding } from "../../src/journal/fold.js";
import { REASON, toResults } from "../../src/journal/results.js";
import type { JournalEntry } from "../../src/model/journal-event.js";
import type { Execution } from "../../src/model/execution.js";
import type { Verdict } from "../../src/model/verdict.js";
import { anExecution, aTrial, aVerdict, lifeOf, numbered, started } from "./run-fixture.js";

interface Life {
  readonly verdicts: Verdict[];
  readonly execution?: Execution;
  readonly cleanup?: "dirty" | "unverified";
}

const because = (status: Execution["status"], code = "anything") =>
  anExecution({ status, reason: { code, message: "a reason" }, proof: null });

const met: Life = { verdicts: [aVerdict("detected")] };
const missed: Life = { verdicts: [aVerdict("logged")] };
const undecided: Life = { verdicts: [aVerdict("undecided")] };
const failed: Life = { verdicts: [aVerdict("undecided")], execution: because("failed") };
const skipped: Life = {
  verdicts: [aVerdict("undecided")],
  execution: because("not-run", REASON.requirementAbsent),
};

function statusOf(lives: Life[], ended: RunEnding = "completed", strict = false): number {
  const trials = lives.map((_, index) => aTrial(index + 1));
  const entries = lives.flatMap(({ verdicts, execution, cleanup }, index) =>
    lifeOf(aTrial(index + 1), verdicts, execution).map((entry): JournalEntry =>
      entry.type === "trial-cleaned" && cleanup !== undefined
        ? { ...entry, cleanup: { status: cleanup, detail: "", attempts: 3 } }
        : entry,
    ),
  );
  const events = numbered([started(trials), ...entries, { type: "run-ended", reason: ended }]);
  return exitStatus(toResults(foldRun(events)), { strict });
}

test.each<[string, Life[], number]>([
  ["all expectations met", [met, met], 0],
  ["a miss", [met, missed], 1],
  ["a miss that the playbook expects", [met, { verdicts: [aVerdict("logged", { expected: "logged" })] }], 0],
  ["a false alarm of a twin", [met, { verdicts: [aVerdict("false-alarm", { expected: "quiet" })] }], 1],
  ["a quiet twin", [{ verdicts: [aVerdict("quiet", { expected: "quiet" })] }], 0],
  [
    "blind, suppressed or another alert",
    [{ verdicts: [aVerdict("blind"), aVerdict("suppressed"), aVerdict("other-alert")] }],
    1,
  ],
  ["undecided", [met, undecided], 4],
  ["pending", [met, { verdicts: [aVerdict("pending")] }], 4],
  ["undecided as expected", [{ verdicts: [aVerdict("undecided", { expected: "undecided" })] }], 0],
  ["undecided beside a miss", [missed, undecided], 4],
  ["a trial that ran and has no verdict", [{ verdicts: [] }], 4],
  ["failed", [met, failed], 3],
  ["failed beside undecided and a miss", [missed, undecided, failed], 3],
  [
    "failed as expected",
    [{ verdicts: [aVerdict("undecided", { met: true })], execution: because("failed") }],
    0,
  ],
  ["indeterminate", [{ verdicts: [], execution: because("indeterminate") }], 3],
  [
    "indeterminate, even if a verdict says met",
    [{ verdicts: [aVerdict("detected")], execution: because("indeterminate") }],
    3,
  ],
  ["not run for another reason than a requirement", [{ verdicts: [], execution: because("not-run") }], 3],
  ["a requirement is absent", [met, skipped], 0],
  [
    "prevented as expected",
    [{ verdicts: [aVerdict("undecided", { met: true })], execution: because("prevented") }],
    0,
  ],
  [
    "prevented where it should have run",
    [{ verdicts: [aVerdict("undecided")], execution: because("prevented") }],
    1,
  ],
  ["a target that stayed dirty, all verdicts met", [{ ...met, cleanup: "dirty" }], 3],
  ["a cleanup that could not be verified", [{ ...met, cleanup: "unverified" }], 3],
  ["a requirement is absent and the target is dirty", [{ ...skipped, cleanup: "dirty" }], 3],
])("%s", (_, lives, status) => {
  expect(statusOf(lives)).toBe(status);
});

test("interrupted and killed come before everything", () => {
  expect(statusOf([failed, undecided, missed], "interrupted")).toBe(130);
  expect(statusOf([met], "killed")).toBe(130);
  expect(statusOf([met], "recovered")).toBe(0);
});

test("strict makes an absent requirement count as not executed", () => {
  expect(statusOf([met, skipped], "completed", true)).toBe(3);
  expect(statusOf([met], "completed", true)).toBe(0);
});

test("a run whose start was never written executed nothing", () => {
  expect(exitStatus(toResults(foldRun([])), { strict: false })).toBe(3);
});
