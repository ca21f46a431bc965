import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { owedCleanups, recover } from "../../src/engine/recover.js";
import { foldRun, type RunState } from "../../src/journal/fold.js";
import { toResults } from "../../src/journal/results.js";
import type { CleanupResult } from "../../src/model/execution.js";
import type { JournalEntry, JournalEvent } from "../../src/model/journal-event.js";
import type { Target } from "../../src/model/target.js";
import type { Trial } from "../../src/model/trial.js";
import { executionOf } from "../verify/builders.js";
import { here, scripted, shell, shellTrial, tidy, type Workbench, workbench } from "./workbench.js";

/** What is done for a run that ended too early: the cleanups that it owes, and nothing else. */

afterEach(tidy);

/** The run as a journal with these entries tells it. */
function runOf(planned: readonly Trial[], entries: readonly JournalEntry[] = []): RunState {
  const plan = { run: "run", lab: "lab", siem: "embedded", analytics: [], trials: [...planned] };
  const started: JournalEntry = { type: "run-started", version: "0", title: "", pid: 1, plan };
  const numbered = [started, ...entries].map(
    (entry, index) =>
      ({ seq: index + 1, at: new Date(index).toISOString(), run: "run", ...entry }) as JournalEvent,
  );
  return foldRun(numbered);
}

/** As it is recorded before anybody looked at its proof. */
const execution = executionOf({ proof: null });

/** What the journal says of a trial that came this far. */
function lived(trial: Trial, life: "planned" | "prepared" | "armed" | "executed" | CleanupResult["status"]) {
  const { id } = trial;
  const prepared: JournalEntry = { type: "trial-prepared", trial: id };
  const armed: JournalEntry = { type: "trial-armed", trial: id };
  const executed: JournalEntry = { type: "trial-executed", trial: id, execution };
  switch (life) {
    case "planned":
      return [];
    case "prepared":
      return [prepared];
    case "armed":
      return [prepared, armed];
    case "executed":
      return [prepared, armed, executed];
    default: {
      const cleanup: CleanupResult = { status: life, detail: "", attempts: 1 };
      const cleaned: JournalEntry = { type: "trial-cleaned", trial: id, cleanup };
      return [prepared, armed, executed, cleaned];
    }
  }
}

test.each([
  ["planned", false],
  ["prepared", false],
  ["armed", true],
  ["executed", true],
  ["clean", false],
  ["dirty", true],
  ["unverified", true],
] as const)("a trial that is %s owes its cleanup: %s", (life, owes) => {
  const trial = shellTrial("x");
  const owed = owedCleanups(runOf([trial], lived(trial, life)));
  expect(owed.map((record) => record.trial.id)).toEqual(owes ? [trial.id] : []);
});

/** Says by a file how often it was cleaned, and by another whether it ran. */
function witnessed(folder: string, name: string, target = here.name): Trial {
  const probe = `[ -e ${folder}/${name}.cleaned ]`;
  const cleanup = { run: `echo x >> ${folder}/${name}.cleaned`, probe };
  return shellTrial(`touch ${folder}/${name}.ran; echo done`, { cleanup, target });
}

function cleanups(folder: string, name: string): number {
  const file = join(folder, `${name}.cleaned`);
  return existsSync(file) ? readFileSync(file, "utf8").length / 2 : 0;
}

/** A run that ended when trials on the targets `one` and `two` were armed; both are withheld. */
async function armedOnTwoTargets(bench: Workbench): Promise<RunState> {
  const planned = ["one", "two"].map((name) => witnessed(bench.folder, name, name));
  for (const trial of planned) await bench.ports.withheld.mark(trial.target, markOf(trial));
  return runOf(
    planned,
    planned.flatMap((trial) => lived(trial, "armed")),
  );
}

function markOf(trial: Trial) {
  return { trial: trial.id, run: trial.run, folder: "/runs/run", armedAt: "2026-11-24T12:00:00.000Z" };
}

const known = (name: string): Target => ({ ...here, name });

describe("recovery", () => {
  test("does the owed cleanups once, and no act a second time", async () => {
    const bench = workbench();
    const names = ["prepared", "armed", "executed", "clean", "dirty"] as const;
    const planned = names.map((name) => witnessed(bench.folder, name));
    const entries = planned.flatMap((trial, index) => lived(trial, names[index] ?? "planned"));
    const done = await recover(runOf(planned, entries), known, bench.ports);
    expect(done.map(({ trial, cleanup }) => [trial, cleanup.status])).toEqual(
      [1, 2, 4].map((index) => [planned[index]?.id, "clean"]),
    );
    expect(names.map((name) => cleanups(bench.folder, name))).toEqual([0, 1, 1, 0, 1]);
    expect(names.filter((name) => existsSync(join(bench.folder, `${name}.ran`)))).toEqual([]);
    expect(bench.types()).toEqual(["trial-cleaned", "trial-cleaned", "trial-cleaned"]);
    // What nobody saw end stays so, for ever.
    const after = runOf(planned, [...entries, ...bench.entries]);
    expect(owedCleanups(after)).toEqual([]);
    expect(toResults(after).trials.map((trial) => trial.execution.status)).toEqual([
      ...["not-run", "indeterminate", "indeterminate", "indeterminate", "indeterminate"],
    ]);
  });

  test("hands the cleanup the processes that outlived the act", async () => {
    const scripts: string[] = [];
    const session = scripted(({ script, say }) => {
      scripts.push(script);
      for (const word of ["swept 0", "remaining 0", "work-folder gone"]) say(word);
      return {};
    });
    const bench = workbench({ acquire: () => Promise.resolve(session) });
    const trial = shellTrial("x");
    const outlived = { ...execution, outlived: true, strays: ["4711:99"] };
    const entries = [
      ...lived(trial, "armed"),
      { type: "trial-executed", trial: trial.id, execution: outlived } as const,
    ];
    await recover(runOf([trial], entries), known, bench.ports);
    expect(scripts).toEqual([expect.stringContaining("4711:99")]);
  });

  test("leaves a trial owed whose target the inventory no longer has", async () => {
    const bench = workbench();
    const trial = witnessed(bench.folder, "gone");
    await bench.ports.withheld.mark(here.name, markOf(trial));
    const [done] = await recover(runOf([trial], lived(trial, "armed")), () => null, bench.ports);
    expect(done?.cleanup).toEqual({
      status: "unverified",
      detail: "the inventory has no target here",
      attempts: 0,
    });
    expect(bench.types()).toEqual(["trial-cleaned"]);
    expect(await bench.ports.withheld.markOf(here.name)).not.toBeNull();
  });

  test("does the other cleanups when the journal cannot be written, and then says so; the targets stay withheld", async () => {
    const failure = new Error("no space left on device");
    const bench = workbench({}, () => {
      throw failure;
    });
    const run = await armedOnTwoTargets(bench);
    const recovering = recover(run, known, bench.ports);
    await expect(recovering).rejects.toBe(failure);
    expect([cleanups(bench.folder, "one"), cleanups(bench.folder, "two")]).toEqual([1, 1]);
    expect(await bench.ports.withheld.markOf("one")).not.toBeNull();
    expect(await bench.ports.withheld.markOf("two")).not.toBeNull();
  });
});

describe("the mark of a target is lifted", () => {
  async function markAfter(trial: Trial, entries: readonly JournalEntry[], mark = markOf(trial)) {
    const bench = workbench();
    await bench.ports.withheld.mark(trial.target, mark);
    await recover(runOf([trial], entries), known, bench.ports);
    return await bench.ports.withheld.markOf(trial.target);
  }

  test.each([
    ["its owed cleanup was proved just now", "executed"],
    ["its run died between the journal's last line and the mark", "clean"],
    ["its run died between the mark and the arming: nothing had run", "prepared"],
  ] as const)("when %s", async (_why, life) => {
    const trial = shellTrial("x");
    expect(await markAfter(trial, lived(trial, life))).toBeNull();
  });

  test("not when the cleanup is still not proved", async () => {
    const trial = shellTrial("x", { cleanup: { run: "true", probe: "exit 1" } });
    expect(await markAfter(trial, lived(trial, "executed"))).toEqual(markOf(trial));
  });

  test("not when it is the mark of another run's trial", async () => {
    const trial = shellTrial("x");
    const others = { ...markOf(trial), trial: "other-0001", run: "other" };
    expect(await markAfter(trial, lived(trial, "executed"), others)).toEqual(others);
  });

  test("not when it cannot be read, which keeps no other target withheld", async () => {
    const bench = workbench({ acquire: shell });
    const run = await armedOnTwoTargets(bench);
    writeFileSync(join(bench.folder, "withheld", "lab.one.json"), "{");
    const recovering = recover(run, known, bench.ports);
    await expect(recovering).rejects.toMatchObject({ code: "target-dirty" });
    await expect(bench.ports.withheld.markOf("one")).rejects.toMatchObject({ code: "target-dirty" });
    expect(await bench.ports.withheld.markOf("two")).toBeNull();
    expect(bench.types()).toEqual(["trial-cleaned", "trial-cleaned"]);
  });
});
