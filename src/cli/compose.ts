import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stateFolder } from "../config.js";
import type { CompiledRule } from "../detection/rule.js";
import { messageOf } from "../errors.js";
import { type QueueServer, openQueueServer } from "../dispatch/redis.js";
import { atOwnPrompt, deviceOf } from "../engine/device/prompt.js";
import { lookingOf } from "../engine/looking.js";
import type { EnginePorts } from "../engine/ports.js";
import { WithheldTargets } from "../engine/withheld.js";
import type { Journal } from "../journal/journal.js";
import { askAuditOn } from "../lab/audit-on-target.js";
import {
  assertInScope,
  checkToken,
  deviceTokenOutput,
  tokenCommand,
  windowsTokenCommand,
  windowsTokenOutput,
} from "../lab/scope.js";
import { SENTINEL_WORD } from "../model/event.js";
import type { Inventory } from "../model/inventory.js";
import type { Target } from "../model/target.js";
import type { PlanAnalytic } from "../model/trial.js";
import { resolveSecret } from "../secrets.js";
import { ruleFingerprint } from "../siem/embedded-remote/rule-text.js";
import { openEmbeddedSiem } from "../siem/embedded/index.js";
import { shareQuestions } from "../siem/shared.js";
import type { Siem } from "../siem/siem.js";
import { readHostLog } from "../telemetry/host-log.js";
import { createCliTransport } from "../transport/cli.js";
import { createLocalTransport } from "../transport/local.js";
import { NamespaceSockets } from "../transport/namespace-socket.js";
import { SessionPool } from "../transport/pool.js";
import { createPowerShellTransport } from "../transport/powershell.js";
import { createSshTransport } from "../transport/ssh.js";
import type { ConnectOptions, Session } from "../transport/transport.js";
import { createWinrmTransport } from "../transport/winrm.js";
import type { HostLog } from "../verify/host-log.js";
import type { ChosenLab, SensorProbe } from "./lab-choice.js";
import { onDemandQueries } from "./on-demand.js";
import type { ChosenSiem } from "./siem-choice.js";

/** The one place where adapters are chosen: transports, SIEM, queue. Everything opened here is closed here. */

const TOKEN_DEADLINE_MS = 10_000;
/** Milliseconds for the connection over which a host's log is read. */
const READER_DEADLINE_MS = 15_000;

/** For cmd.exe and PowerShell alike. */
const WINDOWS_SESSION_SENTINEL = `cmd.exe /d /c rem ${SENTINEL_WORD} begin session`;

/** How old, in milliseconds, the count of lost records before an act may be: an older one only takes more losses for the act's. */
const LOST_BEFORE_MS = 3_000;

/** Sessions to the lab's targets. A connection is handed out only after its host has answered with the lab token. */
export interface Targets {
  acquire(target: Target, options: { signal?: AbortSignal; deadlineMs: number }): Promise<Session>;
  /** Ends the session to a target; the next one is a login session of its own. */
  renew(target: Target): Promise<void>;
  byName(name: string): Target;
  /** The sensors' own logs on the targets, read over connections in which nothing acts. */
  readonly hostLog: HostLog;
  /** Tells of the sensors by the names of their hosts in the telemetry: as the lab does, else each target is asked itself. */
  readonly sensor: SensorProbe;
  close(): Promise<void>;
}

/**
 * @param onWarning for what is doubtful but not wrong, such as a key file that others can read.
 * @param keepAliveMs how often a quiet connection is asked for a sign of life, in milliseconds; the transport's own pace otherwise.
 */
export function openTargets(
  lab: ChosenLab,
  onWarning: (message: string) => void,
  keepAliveMs?: number,
): Targets {
  const sockets = new NamespaceSockets();
  const ssh = createSshTransport({
    resolveSecret,
    openSocket: (target, options) => sockets.open(target, options),
    onWarning,
    ...(keepAliveMs === undefined ? {} : { keepAliveMs }),
  });
  const winrm = createWinrmTransport({
    resolveSecret,
    openSocket: (target, options) => sockets.open(target, options),
    onWarning,
  });
  const transports = {
    ...{ ssh, winrm, local: createLocalTransport() },
    powershell: createPowerShellTransport(),
    cli: createCliTransport({
      resolveSecret,
      openSocket: (target, options) => sockets.open(target, options),
      onWarning,
    }),
  };
  const openPool = (): SessionPool =>
    new SessionPool((target) => transports[target.transport.type], {
      onConnect: (session, target) => proveLab(session, target, lab),
    });
  const [pool, readers] = [openPool(), openPool()];
  const acquireFrom = async (
    from: SessionPool,
    target: Target,
    options: ConnectOptions,
  ): Promise<Session> => {
    const scoped = await assertInScope(lab.inventory, target.name);
    return await from.acquire(scoped.target, options);
  };
  const byName = (name: string): Target => targetOf(lab.inventory, name);
  const askTarget: SensorProbe = async (host) => {
    const target = lab.inventory.targets.find(({ name, sensor }) => (sensor.host ?? name) === host);
    if (target?.platform !== "linux")
      return { lost: null, running: null, detail: "the sensor of this host cannot be asked" };
    const session = await acquireFrom(readers, target, { deadlineMs: READER_DEADLINE_MS });
    return await askAuditOn(session, target.sensor);
  };
  return {
    sensor: lab.probe ?? askTarget,
    acquire: (target, options) => acquireFrom(pool, target, options),
    renew: (target) => pool.renew(target),
    byName,
    hostLog: {
      recordsOf: async (trial) => {
        try {
          const target = byName(trial.target);
          if (target.platform !== "linux") {
            const detail = `the log of a sensor on ${target.platform} is not read on the host`;
            return { state: "unreachable", detail, value: [] };
          }
          const session = await acquireFrom(readers, target, { deadlineMs: READER_DEADLINE_MS });
          return await readHostLog(session, target.sensor, trial.id, trial.telemetryHost);
        } catch (error) {
          return { state: "unreachable", detail: messageOf(error), value: [] };
        }
      },
    },
    close: async () => {
      await Promise.all([pool.close(), readers.close()]);
      await sockets.close();
    },
  };
}

/**
 * The host must show the token that was planted when the lab was built. Nothing skips this. The sentinel marks the session
 * as ours, so that nothing done in it ever counts as background.
 */
async function proveLab(session: Session, target: Target, lab: ChosenLab): Promise<void> {
  if (target.platform === "windows") {
    const line = windowsTokenCommand(lab.inventory);
    const { stdout } = await session.exec(line, { deadlineMs: TOKEN_DEADLINE_MS });
    await checkToken(lab.inventory, windowsTokenOutput(stdout));
    await session.exec(WINDOWS_SESSION_SENTINEL, { deadlineMs: TOKEN_DEADLINE_MS });
    return;
  }
  if (target.platform === "network") {
    return await checkToken(lab.inventory, deviceTokenOutput(await shownToken(session)));
  }
  const stdin = `${lookingOf(target).sentinelProgram} ${SENTINEL_WORD} begin session\n${tokenCommand(lab.inventory)}\n`;
  const result = await session.exec("/bin/sh", { stdin, deadlineMs: TOKEN_DEADLINE_MS });
  await checkToken(lab.inventory, result.stdout);
}

/** What a network device shows where its token stands; at a prompt that is marked as ours. */
async function shownToken(session: Session): Promise<string> {
  const device = deviceOf(session);
  return await atOwnPrompt(device, async (dialog) => {
    const reply = await dialog.type(device.profile.tokenCommand, { deadlineMs: TOKEN_DEADLINE_MS });
    return reply.ending === "answered" && reply.errors.length === 0 ? reply.output : "";
  });
}

function targetOf(inventory: Inventory, name: string): Target {
  const target = inventory.targets.find((candidate) => candidate.name === name);
  if (target === undefined) throw new Error(`the plan names the target ${name}, which the inventory lacks`);
  return target;
}

/**
 * @param probe tells of the sensors of the lab's hosts
 * @throws TyrianError `siem-...` when a SIEM of the configuration does not answer: nothing was done on a host yet.
 */
export async function openSiem(
  chosen: ChosenSiem,
  lab: ChosenLab,
  probe: SensorProbe | undefined,
  analytics: readonly PlanAnalytic[],
  rules: ReadonlyMap<string, CompiledRule>,
  runFolder: string,
): Promise<Siem> {
  if (chosen.settings !== null) return await connectChosen(chosen, analytics, rules, probe);
  return await openEmbeddedSiem({
    sources: lab.inventory.telemetry,
    rules: [...rules.values()],
    storeFile: join(runFolder, "events.duckdb"),
    ...(probe === undefined ? {} : { probe }),
  });
}

/**
 * A SIEM of the configuration.
 * @param probe tells of the lab's sensors, where there is a lab
 * @throws TyrianError `siem-...`, `secret-unresolved`
 */
export async function connectChosen(
  chosen: ChosenSiem,
  analytics: readonly PlanAnalytic[],
  rules: ReadonlyMap<string, CompiledRule>,
  probe?: SensorProbe,
): Promise<Siem> {
  const { name, settings } = chosen;
  if (settings === null) throw new Error(`${name} is not a SIEM of the configuration`);
  const { connectSiem } = await import("../siem/connect.js");
  const queries = await onDemandQueries(chosen, analytics, rules);
  const fingerprints = new Map(analytics.map(({ id, text }) => [id, ruleFingerprint(text, id)]));
  const siem = await connectSiem(name, settings, queries, probe, fingerprints);
  // The verifications of a run ask as one where a SIEM bounds how often it may be asked.
  return siem.questionsPerMinute === null ? siem : shareQuestions(siem, { now: Date.now, sleep });
}

export async function openQueue(): Promise<QueueServer> {
  return await openQueueServer(stateFolder());
}

export function withheldTargets(lab: ChosenLab): WithheldTargets {
  return new WithheldTargets(join(stateFolder(), "withheld"), lab.identity);
}

/** The engine's view of the rest of the house, for one run. */
export function enginePorts(parts: {
  journal: Journal;
  targets: Targets;
  siem: Siem | null;
  withheld: WithheldTargets;
  runFolder: string;
}): EnginePorts {
  return {
    journal: (entry, options) => parts.journal.append(entry, options),
    acquire: (target, options) => parts.targets.acquire(target, options),
    renew: (target) => parts.targets.renew(target),
    lostRecords: async (host) => {
      if (parts.siem === null) return null;
      const answer = await parts.siem.sensor(host, Date.now() - LOST_BEFORE_MS);
      return answer.state === "complete" ? answer.value.lost : null;
    },
    withheld: parts.withheld,
    runFolder: parts.runFolder,
  };
}
