import { pause } from "../abort.js";
import type { RunningCommand } from "./command.js";
import type { EndingHost } from "./ending-host.js";
import { HELPER_COMMAND, ProcessHelper, type ChannelProcess } from "./helper.js";

/** Milliseconds between TERM and KILL. */
const GRACE = 500;
/** Milliseconds that a killed group has to disappear. */
const DISAPPEARANCE = 2_000;
const POLL = 20;
/** How often the processes are listed until the list agrees with what is known to run. */
const ATTEMPTS = 15;

/*
 * How the process group of a command is ended, and why so.
 *
 * SSH has a `signal` request for it, but OpenSSH refuses it in sessions of root, cannot deliver it any more when the
 * group's leader has gone while others live, and never confirms it. So a helper, a shell on a second channel of the same
 * connection, comes first. It has to know the group, and the command must not be wrapped to tell it: a wrapper
 * would show in the telemetry of what runs. The processes of all channels are children of the one server process that
 * serves the connection, each leading its session, and so is the helper: its siblings, in the order of their start, are the
 * commands in the order in which the server has confirmed them. That is taken as proved only when no command starts or
 * exits while they are listed and the numbers agree; nothing is signalled on a guess. Where there is no proof (no
 * Linux, another login shell, no free channel) the `signal` request with KILL remains.
 */

/** Ends the commands' process groups; those of which it is proved that no member lives. */
export async function endProcessGroups(
  host: EndingHost,
  commands: readonly RunningCommand[],
): Promise<ReadonlySet<RunningCommand>> {
  const gone = new Set<RunningCommand>();
  const release = await host.holdStarts();
  let helper: ProcessHelper | null = null;
  try {
    helper = await host.openHelper(HELPER_COMMAND, (channel) => new ProcessHelper(channel));
    const groups = helper === null ? null : await identify(host, helper);
    release();
    if (helper !== null && groups !== null) await endGroups(helper, groups, commands, gone);
  } finally {
    release();
    helper?.close();
  }
  for (const command of commands) {
    if (!gone.has(command) && !command.exited.isOpen) host.signal(command, "KILL");
  }
  return gone;
}

async function identify(
  host: EndingHost,
  helper: ProcessHelper,
): Promise<Map<RunningCommand, ChannelProcess> | null> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const before = host.running();
    const listed = await helper.list();
    if (listed === null) return null;
    const after = host.running();
    const same = before.length === after.length && before.every((command, index) => command === after[index]);
    if (same && listed.length === before.length && host.settled()) {
      return new Map(before.map((command, index) => [command, listed[index] as ChannelProcess]));
    }
    await pause(POLL);
  }
  return null;
}

async function endGroups(
  helper: ProcessHelper,
  groups: ReadonlyMap<RunningCommand, ChannelProcess>,
  commands: readonly RunningCommand[],
  gone: Set<RunningCommand>,
): Promise<void> {
  const left = new Map(
    commands.flatMap((command) => {
      const group = groups.get(command);
      return group === undefined ? [] : [[command, group] as const];
    }),
  );
  for (const group of left.values()) await helper.terminate(group);
  await untilGone(helper, left, gone, GRACE);
  for (const group of left.values()) await helper.kill(group);
  await untilGone(helper, left, gone, DISAPPEARANCE);
}

async function untilGone(
  helper: ProcessHelper,
  left: Map<RunningCommand, ChannelProcess>,
  gone: Set<RunningCommand>,
  milliseconds: number,
): Promise<void> {
  const until = performance.now() + milliseconds;
  for (;;) {
    for (const [command, group] of left) {
      const answer = await helper.isGone(group);
      if (answer === null) return;
      if (!answer) continue;
      gone.add(command);
      left.delete(command);
    }
    if (left.size === 0 || performance.now() >= until) return;
    await pause(POLL);
  }
}
