import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CompiledRule } from "../detection/rule.js";
import type { QueueServer } from "../dispatch/redis.js";
import { dispatchRun } from "../dispatch/run-queue.js";
import { onKill } from "../dispatch/kill.js";
import { messageOf, TyrianError } from "../errors.js";
import { judge } from "../engine/judge.js";
import { type ActedTrial, actOnTarget } from "../engine/trial.js";
import { type RunState, foldRun, nextRun } from "../journal/fold.js";
import { Journal } from "../journal/journal.js";
import { toResults } from "../journal/results.js";
import type { JournalEvent } from "../model/journal-event.js";
import type { Plan } from "../model/trial.js";
import type { Siem } from "../siem/siem.js";
import { SentinelLag } from "../verify/sentinel-lag.js";
import { VERSION } from "../version.js";
import { type Announcing, RunAnnouncer } from "./announcing.js";
import { type Targets, enginePorts, openQueue, openSiem, openTargets, withheldTargets } from "./compose.js";
import type { ChosenLab } from "./lab-choice.js";
import type { ChosenSiem } from "./siem-choice.js";

export interface RunRequest {
  readonly plan: Plan;
  readonly title: string;
  readonly lab: ChosenLab;
  readonly siem: ChosenSiem;
  /** By analytic id. */
  readonly rules: ReadonlyMap<string, CompiledRule>;
  /** The run's own folder; made here. */
  readonly folder: string;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** Where the SOC is told of the run; nowhere when it is absent. */
  readonly announcing?: Announcing | null;
  /** How often a quiet connection is asked for a sign of life, in milliseconds; every 5 s when it is absent. */
  readonly keepAliveMs?: number;
  /** Told of every journal event and of the run as it then is, for the live view. */
  onEvent(event: JournalEvent, state: RunState): void;
  onWarning(message: string): void;
}

/**
 * Executes a plan from the first journal line to `results.json`. Whatever happens after the journal exists, the cleanups
 * of what was armed are done and the journal is closed.
 */
export async function executeRun(request: RunRequest): Promise<RunState> {
  const { plan, lab } = request;
  const journal = await Journal.create(request.folder, plan.run);
  let state = foldRun([]);
  const unsubscribe = journal.subscribe((event) => {
    state = nextRun(state, event);
    request.onEvent(event, state);
  });
  const { announcing = null, onWarning } = request;
  const announced = {
    plan,
    title: request.title,
    contact: announcing?.settings.contact ?? "",
    startedAt: Date.now(),
  };
  const announcer =
    announcing === null
      ? null
      : new RunAnnouncer(
          announcing.settings,
          announcing.places,
          announced,
          (entry) => journal.append(entry, { barrier: false }),
          onWarning,
        );
  const open: { close(): Promise<unknown> }[] = [];
  const killed = new AbortController();
  try {
    await journal.append(
      { type: "run-started", version: VERSION, title: request.title, pid: process.pid, plan },
      { barrier: true },
    );
    const targets = openTargets(lab, request.onWarning, request.keepAliveMs);
    open.push(targets);
    const [siem, server] = await bothOpen(
      openSiem(request.siem, lab, targets.sensor, plan.analytics, request.rules, request.folder),
      openQueue(),
    );
    open.push(siem, server);
    const kill = new TyrianError("interrupted", "`tyrian kill` ended the run");
    open.push(await onKill(server.client, () => killed.abort(kill)));

    await announcer?.begins();
    await actAndJudge(
      request,
      { journal, targets, siem, server },
      AbortSignal.any([request.signal, killed.signal]),
    );
    const reason = killed.signal.aborted ? "killed" : request.signal.aborted ? "interrupted" : "completed";
    await announcer?.ended(reason);
    await journal.append({ type: "run-ended", reason }, { barrier: true });
    await writeResults(request.folder, state);
    return state;
  } catch (error) {
    await announcer?.ended("failed");
    // The journal may be what failed; the error itself tells more.
    if (state.ended === null)
      await journal.append({ type: "run-ended", reason: "failed" }, { barrier: true }).catch(() => undefined);
    await writeResults(request.folder, state).catch(() => undefined);
    throw error;
  } finally {
    // In the reverse order of opening; one that fails must not keep the others open.
    for (const resource of open.reverse())
      await resource.close().catch((error: unknown) => request.onWarning(String(error)));
    unsubscribe();
    await journal.close();
  }
}

interface Parts {
  readonly journal: Journal;
  readonly targets: Targets;
  readonly siem: Siem;
  readonly server: QueueServer;
}

async function actAndJudge(request: RunRequest, parts: Parts, signal: AbortSignal): Promise<void> {
  const { plan, lab, rules } = request;
  const lag = new SentinelLag();
  const ports = enginePorts({ ...parts, withheld: withheldTargets(lab), runFolder: request.folder });
  await dispatchRun<ActedTrial>(
    {
      server: parts.server,
      plan,
      leaseKey: (target) => `${lab.identity}.${target}`,
      concurrency: request.concurrency,
      signal,
      onLeaseWait: (trial, other) => request.onWarning(`${trial} waits: its target is held by ${other}`),
    },
    {
      act: (trial, trialSignal) => actOnTarget(trial, parts.targets.byName(trial.target), ports, trialSignal),
      judge: async (acted, judgeSignal) => {
        await judge(acted, parts.siem, rules, ports, {
          signal: judgeSignal,
          lag,
          hostLog: parts.targets.hostLog,
        });
      },
    },
  );
}

/** Opens two things at once; when one fails the other is closed again. */
async function bothOpen<A extends { close(): Promise<unknown> }, B extends { close(): Promise<unknown> }>(
  first: Promise<A>,
  second: Promise<B>,
): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === "fulfilled" && b.status === "fulfilled") return [a.value, b.value];
  if (a.status === "fulfilled") await a.value.close();
  if (b.status === "fulfilled") await b.value.close();
  throw a.status === "rejected" ? a.reason : (b as PromiseRejectedResult).reason;
}

/**
 * `results.json`: the contract with scripts, there whole or not at all. For the one who ran it only: it holds what hosts
 * printed.
 * @throws TyrianError `journal-write-failed`; the journal has everything that the file would have had.
 */
export async function writeResults(folder: string, state: RunState): Promise<void> {
  const file = join(folder, "results.json");
  const draft = `${file}.new`;
  try {
    await writeFile(draft, `${JSON.stringify(toResults(state), null, 2)}\n`, { mode: 0o600 });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw new TyrianError("journal-write-failed", `${file}: ${messageOf(error)}`, {
      cause: error,
      hint: "Make room on that disk. The journal is whole: `tyrian report RUN --format json` prints the results.",
    });
  }
}
