import { TyrianError, messageOf } from "../errors.js";
import type { CleanupResult, Execution } from "../model/execution.js";
import type { Target } from "../model/target.js";
import type { Trial } from "../model/trial.js";
import type { Session } from "../transport/transport.js";
import { checkAct, interruption, neverStarted, runAct } from "./act.js";
import { cleanUp } from "./cleanup.js";
import type { EnginePorts } from "./ports.js";
import type { Mark } from "./withheld.js";

const CONNECT_DEADLINE_MS = 20_000;

/** A trial that no longer holds its target. */
export interface ActedTrial {
  readonly trial: Trial;
  readonly execution: Execution;
  readonly cleanup: CleanupResult;
  /** Records that the sensor had lost before the act; null when not known. */
  readonly lostBefore: number | null;
}

/**
 * One trial's life up to the end of its lease: prepared -> armed -> executed -> checked -> cleaned, journalled in this
 * order. `armed` is on disk before anything happens on the target; from then on the cleanup is owed, and
 * done whatever happens. The verdict is another job: it holds no target. The caller holds the target's lease.
 *
 * @param signal ends the act, not the cleanup.
 */
export async function actOnTarget(
  trial: Trial,
  target: Target,
  ports: EnginePorts,
  signal: AbortSignal,
): Promise<ActedTrial> {
  await ports.journal({ type: "trial-prepared", trial: trial.id }, { barrier: false });
  const nothing: CleanupResult = { status: "clean", detail: "nothing was started", attempts: 0 };
  const without = async (execution: Execution): Promise<ActedTrial> => {
    await ports.journal({ type: "trial-checked", trial: trial.id, execution }, { barrier: false });
    await ports.journal({ type: "trial-cleaned", trial: trial.id, cleanup: nothing }, { barrier: true });
    return { trial, execution, cleanup: nothing, lostBefore: null };
  };
  const notBegun = (): Execution =>
    neverStarted("interrupted", `the trial did not begin: ${interruption(signal)}`);
  if (signal.aborted) return await without(notBegun());

  let mark: Mark | null;
  try {
    mark = await ports.withheld.markOf(target.name);
  } catch (error) {
    return await without(neverStarted("target-dirty", messageOf(error)));
  }
  if (mark !== null) {
    const message = `the target is withheld: trial ${mark.trial} is not proved clean (tyrian cleanup ${mark.run})`;
    return await without(neverStarted("target-dirty", message));
  }
  let session: Session;
  try {
    session = await ports.acquire(target, { signal, deadlineMs: CONNECT_DEADLINE_MS });
  } catch (error) {
    if (signal.aborted) return await without(notBegun());
    return await without(
      neverStarted(error instanceof TyrianError ? error.code : "connect-failed", messageOf(error)),
    );
  }
  const lostBefore = await ports.lostRecords(trial.telemetryHost).catch(() => null);

  // The mark first: killed between the two, this process leaves the target withheld, never an armed trial that nobody
  // knows of. Both are on disk before the act; its shell is started meanwhile.
  await ports.withheld.mark(target.name, {
    trial: trial.id,
    run: trial.run,
    folder: ports.runFolder,
    armedAt: new Date().toISOString(),
  });
  const armed = Promise.all([
    ports.withheld.persist(target.name),
    ports.journal({ type: "trial-armed", trial: trial.id }, { barrier: true }),
  ]);
  const acted = await runAct(session, trial, ports.runFolder, signal, armed);
  await armed;
  const executed = ports.journal(
    { type: "trial-executed", trial: trial.id, execution: acted.execution },
    { barrier: true },
  );
  // The cleanup waits for no disk, and is done also when the journal fails: that is thrown below.
  executed.catch(() => undefined);
  const execution = await checkAct(acted.connected ? session : null, trial, acted.execution);
  const checked = ports.journal({ type: "trial-checked", trial: trial.id, execution }, { barrier: false });
  checked.catch(() => undefined);
  const cleanup = await cleanUp(
    (deadlineMs) => ports.acquire(target, { deadlineMs }),
    trial,
    execution.strays,
  );
  // Whatever of it may still be there stays in its own login session, where nothing it does is taken for a later act's.
  if (execution.outlived === true) await ports.renew(target);
  await Promise.all([
    executed,
    checked,
    // Written, not forced to disk: should the machine lose it, the cleanup is owed again and does no harm a second time.
    ports.journal({ type: "trial-cleaned", trial: trial.id, cleanup }, { barrier: false }),
  ]);
  // Only after the journal: when this process dies in between, the target is withheld, never the other way round.
  if (cleanup.status === "clean") await ports.withheld.clear(target.name);
  return { trial, execution, cleanup, lostBefore };
}
