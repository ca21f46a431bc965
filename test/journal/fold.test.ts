import { expect, test } from "vitest";
import { foldRun, nextRun } from "../../src/journal/fold.js";
import { exitStatus } from "../../src/journal/exit-status.js";
import { executionOf, REASON, toResults } from "../../src/journal/results.js";
import { resultsSchema } from "../../src/model/results.js";
import type { JournalEntry } from "../../src/model/journal-event.js";
import { anExecution, aTrial, aVerdict, completed, lifeOf, numbered, started } from "./run-fixture.js";

const one = aTrial(1);
const two = aTrial(2, { target: "h2" });
const oneLife = lifeOf(one, [aVerdict("detected")]);
const twoLife = lifeOf(two, [aVerdict("logged")]);
// Interleaved, as two targets would write it.
const entries = [
  started([one, two]),
  ...oneLife.flatMap((entry, index) => [entry, twoLife[index] as JournalEntry]),
  completed,
];
const events = numbered(entries);

test("every prefix of a run folds to valid results that claim no more than the prefix proves", () => {
  for (let length = 0; length <= events.length; length += 1) {
    const prefix = events.slice(0, length);
    const state = foldRun(prefix);
    const results = toResults(state);
    expect(resultsSchema.parse(results)).toEqual(results);
    expect(state.events).toBe(length);
    for (const record of state.trials) {
      const has = (type: string) =>
        prefix.some((event) => event.type === type && "trial" in event && event.trial === record.trial.id);
      const result = results.trials.find(({ id }) => id === record.trial.id);
      const status = has("trial-checked") ? "ran" : has("trial-armed") ? "indeterminate" : "not-run";
      expect(result?.execution.status).toBe(status);
      expect(result?.cleanup.status).toBe(
        has("trial-cleaned") || !has("trial-armed") ? "clean" : "unverified",
      );
      expect(result?.verdicts).toHaveLength(has("trial-verified") ? 1 : 0);
    }
    // The last verdict is the event before run-ended: until then the status is failed or undecided, never that of a verdict.
    const undone = length < events.length - 1;
    expect([3, 4].includes(exitStatus(results, { strict: false }))).toBe(undone);
  }
  expect(toResults(foldRun(events)).summary).toEqual({
    byOutcome: { detected: 1, logged: 1 },
    met: 1,
    notMet: 1,
  });
});

test("folding does not change the state that it starts from", () => {
  const before = foldRun(events.slice(0, 5));
  const copy = structuredClone(before);
  for (const event of events.slice(5)) nextRun(before, event);
  expect(before).toEqual(copy);
});

test("what was armed and never seen again is indeterminate, what was only prepared did not run", () => {
  const state = foldRun(
    numbered([
      started([one, two]),
      ...oneLife.slice(0, 2),
      ...twoLife.slice(0, 1),
      { type: "run-ended", reason: "recovered" },
    ]),
  );
  const [first, second] = toResults(state).trials;
  expect(first?.execution).toMatchObject({
    status: "indeterminate",
    reason: { code: "interrupted-after-arming" },
  });
  expect(second?.execution).toMatchObject({ status: "not-run", reason: { code: REASON.notReached } });
  expect([first?.cleanup.status, second?.cleanup.status]).toEqual(["unverified", "clean"]);
});

test("an execution whose proof was never examined is not said to have run", () => {
  const state = foldRun(numbered([started([one]), ...oneLife.slice(0, 3)]));
  expect(state.trials[0]?.execution?.status).toBe("ran");
  expect(state.trials.map((record) => executionOf(record))).toMatchObject([
    { status: "indeterminate", exitCode: 0, reason: { code: REASON.interruptedBeforeCheck } },
  ]);
  const refused = anExecution({
    status: "prevented",
    proof: null,
    reason: { code: "refused", message: "EACCES" },
  });
  const prevented = foldRun(
    numbered([started([one]), { type: "trial-executed", trial: one.id, execution: refused }]),
  );
  expect(prevented.trials.map((record) => executionOf(record))).toEqual([refused]);
});

test("a later verdict replaces that of the same analytic only, and the earlier one is kept", () => {
  const other = aVerdict("blind", { analytic: "other" });
  const pending = aVerdict("pending");
  const later = aVerdict("detected", { revision: 2 });
  const state = foldRun(
    numbered([
      started([one]),
      ...lifeOf(one, [pending, other]),
      completed,
      { type: "trial-verified", trial: one.id, verdicts: [later] },
    ]),
  );
  expect(state.trials[0]?.verdicts).toEqual([later, other]);
  expect(state.trials[0]?.earlierVerdicts).toEqual([pending]);
  expect(toResults(state).summary).toEqual({ byOutcome: { detected: 1, blind: 1 }, met: 1, notMet: 1 });
});

test("a cleanup that is repeated after the verdict updates the cleanup and does not take the verdict back", () => {
  const dirty: JournalEntry[] = lifeOf(one, [aVerdict("detected")]).map((entry) =>
    entry.type === "trial-cleaned"
      ? { ...entry, cleanup: { status: "dirty", detail: "a file is left", attempts: 3 } }
      : entry,
  );
  const before = foldRun(numbered([started([one]), ...dirty, completed]));
  expect(exitStatus(toResults(before), { strict: false })).toBe(3);
  const after = foldRun(
    numbered([
      started([one]),
      ...dirty,
      completed,
      { type: "trial-cleaned", trial: one.id, cleanup: { status: "clean", detail: "", attempts: 1 } },
    ]),
  );
  expect(after.trials[0]?.state).toBe("verified");
  expect(exitStatus(toResults(after), { strict: false })).toBe(0);
});

test("an event of a trial that the plan does not have changes no trial", () => {
  const state = foldRun(numbered([started([one]), { type: "trial-armed", trial: "unknown" }]));
  expect(state.trials.map((record) => record.state)).toEqual(["planned"]);
});
