import { expect, test } from "vitest";
import { judge } from "../../src/engine/judge.js";
import { openTrials, revise, type RevisedTrial } from "../../src/engine/revise.js";
import { foldRun, type RunState } from "../../src/journal/fold.js";
import type { JournalEntry, JournalEvent } from "../../src/model/journal-event.js";
import type { Siem } from "../../src/siem/siem.js";
import { replay } from "../../src/verify/replay.js";
import { aPlan } from "../journal/run-fixture.js";
import { acted, firing, patience, rules, siemOf } from "./listed-siem.js";

/** A verdict that waited for evidence is asked about again later: what came since appends a revision. */

const { events, alerts } = firing(acted().trial.id);
/** The SIEM before its log could be read, and after. */
const early = siemOf([], [], { canaries: () => Promise.reject(new Error("503 Service Unavailable")) });
const later = siemOf(events, alerts);

/** A run of one trial, as its journal grows. */
class OneTrial {
  readonly journal: JournalEvent[] = [];
  readonly acted = acted();

  constructor() {
    const { trial, execution, cleanup } = this.acted;
    this.append({ type: "run-started", version: "0", title: "", pid: 1, plan: aPlan([trial]) });
    this.append({ type: "trial-armed", trial: trial.id });
    this.append({ type: "trial-checked", trial: trial.id, execution });
    this.append({ type: "trial-cleaned", trial: trial.id, cleanup });
  }

  append(entry: JournalEntry): void {
    const envelope = { seq: this.journal.length + 1, at: new Date().toISOString(), run: "run" };
    this.journal.push({ ...envelope, ...entry });
  }

  get ports(): { journal(entry: JournalEntry): Promise<void> } {
    return { journal: (entry) => Promise.resolve(this.append(entry)) };
  }

  get state(): RunState {
    return foldRun(this.journal);
  }

  async judge(siem: Siem): Promise<this> {
    await judge(this.acted, siem, rules, this.ports, { patience });
    return this;
  }

  async revise(siem: Siem): Promise<RevisedTrial | undefined> {
    const [revised] = await revise(openTrials(this.state), siem, rules, this.ports, { patience });
    return revised;
  }

  outcomes(): (string | number)[][] {
    return this.state.trials.flatMap(({ earlierVerdicts, verdicts }) =>
      [...earlierVerdicts, ...verdicts].map(({ outcome, revision }) => [outcome, revision]),
    );
  }
}

test("what the SIEM shows by now is a second revision, and the first one stays in the journal", async () => {
  const run = await new OneTrial().judge(early);
  expect(run.outcomes()).toEqual([["undecided", 1]]);
  expect(await run.revise(later)).toMatchObject({
    changed: true,
    after: [{ outcome: "detected", revision: 2 }],
  });
  expect(run.outcomes()).toEqual([
    ["undecided", 1],
    ["detected", 2],
  ]);
  expect(replay(run.journal, rules).map(({ same }) => same)).toEqual([true, true]);
});

test("a SIEM that still does not answer changes nothing, and says why", async () => {
  const run = await new OneTrial().judge(early);
  const length = run.journal.length;
  expect(await run.revise(early)).toMatchObject({
    changed: false,
    detail: "503 Service Unavailable",
    after: [{ outcome: "undecided", revision: 1 }],
  });
  expect(run.journal).toHaveLength(length);
});

test("a trial that was never judged, because its run was killed, is judged now", async () => {
  const run = new OneTrial();
  expect(openTrials(run.state)).toHaveLength(1);
  expect(await run.revise(later)).toMatchObject({ changed: true, before: [] });
  expect(run.outcomes()).toEqual([["detected", 1]]);
});

test("a decided verdict is not asked about, nor is a trial that did not run", async () => {
  const decided = await new OneTrial().judge(later);
  expect(openTrials(decided.state)).toEqual([]);
  const idle = new OneTrial();
  const { trial, execution } = idle.acted;
  idle.append({
    type: "trial-checked",
    trial: trial.id,
    execution: { ...execution, status: "not-run", startedAt: null },
  });
  expect(openTrials(idle.state)).toEqual([]);
});

test("nothing new is not worth a line in the journal", async () => {
  const run = await new OneTrial().judge(siemOf([], []));
  expect(run.outcomes()).toEqual([["blind", 1]]);
  const records = run.state.trials;
  const length = run.journal.length;
  const [again] = await revise(records, siemOf([], []), rules, run.ports, { patience });
  expect([again?.changed, run.journal.length]).toEqual([false, length]);
});
