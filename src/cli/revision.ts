import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { openTrials, type RevisedTrial, revise, wasActed } from "../engine/revise.js";
import { TyrianError } from "../errors.js";
import { foldRun, type RunState, type TrialRecord } from "../journal/fold.js";
import { Journal } from "../journal/journal.js";
import { readJournal } from "../journal/read.js";
import { rulesOfPlan } from "../plan/analytics.js";
import { connectChosen, openSiem } from "./compose.js";
import type { ChosenLab } from "./lab-choice.js";
import { writeResults } from "./run-session.js";
import { chooseSiem } from "./siem-choice.js";

/** Which trials are asked about again: those whose verdict waits for evidence, or all that acted. */
export type RevisionScope = "open" | "all";

export function trialsToRevise(state: RunState, scope: RevisionScope): TrialRecord[] {
  return scope === "open" ? openTrials(state) : state.trials.filter(wasActed);
}

/**
 * Asks the SIEM again about trials of a run that has ended, appends the revisions to its journal and writes its results
 * anew.
 * @param lab null for executions that others made: these are on no lab
 * @param signal ends the waiting for the SIEM
 * @throws TyrianError `lab-mismatch` when the run was on another lab; `run-owned` while the run's own process lives; `journal-invalid`.
 */
export async function reviseRun(
  folder: string,
  lab: ChosenLab | null,
  scope: RevisionScope,
  signal: AbortSignal,
): Promise<{ revised: readonly RevisedTrial[]; state: RunState }> {
  const journal = await Journal.open(folder);
  let revised: readonly RevisedTrial[] = [];
  try {
    const state = foldRun(journal.earlier);
    const { plan } = state;
    if (plan === null) throw new TyrianError("journal-invalid", `${folder}: the journal has no plan`);
    if (lab !== null && plan.labIdentity !== lab.identity) {
      // Another lab's logs lack the run's events: their absence would be taken for proof.
      const own = plan.labIdentity ?? "that its plan does not name";
      const message = `run ${state.id} was on the lab ${own}; this one is ${lab.identity}`;
      throw new TyrianError("lab-mismatch", message);
    }
    const rules = rulesOfPlan(plan);
    // The run's own store keeps what the run saw; the embedded SIEM reads the logs anew.
    const store = await mkdtemp(join(folder, "revision-"));
    try {
      const chosen = await chooseSiem(plan.siem);
      const siem =
        lab === null
          ? await connectChosen(chosen, plan.analytics, rules)
          : await openSiem(chosen, lab, lab.probe, plan.analytics, rules, store);
      try {
        const ports = { journal: journal.append.bind(journal) };
        revised = await revise(trialsToRevise(state, scope), siem, rules, ports, { signal });
      } finally {
        await siem.close();
      }
    } finally {
      await rm(store, { recursive: true, force: true });
    }
  } finally {
    await journal.close();
  }
  const state = foldRun((await readJournal(folder)).events);
  await writeResults(folder, state);
  return { revised, state };
}
