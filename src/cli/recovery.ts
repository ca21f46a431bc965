import { TyrianError } from "../errors.js";
import { owedCleanups, type RecoveredTrial, recover } from "../engine/recover.js";
import { foldRun } from "../journal/fold.js";
import { Journal } from "../journal/journal.js";
import { readJournal } from "../journal/read.js";
import { enginePorts, openTargets, withheldTargets } from "./compose.js";
import type { ChosenLab } from "./lab-choice.js";
import { writeResults } from "./run-session.js";

/**
 * Does the cleanups that a run owes, marks the run as recovered when it had no end, and writes its results anew. Nothing of
 * a procedure runs again.
 * @throws TyrianError `lab-mismatch` when the cleanups are owed to another lab; `run-owned` while the run's own process lives; `journal-invalid`.
 */
export async function recoverRun(
  folder: string,
  lab: ChosenLab,
  onWarning: (message: string) => void,
): Promise<readonly RecoveredTrial[]> {
  const journal = await Journal.open(folder);
  const targets = openTargets(lab, onWarning);
  try {
    const state = foldRun(journal.earlier);
    const owed = owedCleanups(state);
    const own = state.plan?.labIdentity;
    if (owed.length > 0 && own !== undefined && own !== lab.identity) {
      const message = `run ${state.id} owes ${owed.length} cleanups to the lab ${own}; this one is ${lab.identity}`;
      throw new TyrianError("lab-mismatch", message);
    }
    const known = (name: string) => lab.inventory.targets.find((target) => target.name === name) ?? null;
    const ports = enginePorts({
      journal,
      targets,
      siem: null,
      withheld: withheldTargets(lab),
      runFolder: folder,
    });
    const done = await recover(state, known, ports);
    if (state.ended === null && state.plan !== null) {
      await journal.append({ type: "run-ended", reason: "recovered" }, { barrier: true });
    }
    return done;
  } finally {
    await targets.close();
    await journal.close();
    await writeResults(folder, foldRun((await readJournal(folder)).events));
  }
}
