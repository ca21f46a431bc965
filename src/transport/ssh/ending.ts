import { pause } from "../abort.js";
import type { RunningCommand } from "./command.js";
import type { ChannelProcess, ProcessHelper } from "./helper.js";

/** Milliseconds between TERM and KILL. */
const GRACE = 500;
/** Milliseconds that a killed group has to disappear. */
const DISAPPEARANCE = 2_000;
const POLL = 20;
/** How often the processes are listed until the list agrees with what is known to run. */
const ATTEMPTS = 15;

/** What ending needs of the session. */
export interface EndingHost {
  /**
   * The commands whose end is not known, in the order in which the server has started them; also those that were given
   * up, since their processes may live.
   */
  running(): readonly RunningCommand[];
  /** Whether no command is being started. */
  settled(): boolean;
  /** Opens the helper's channel; null when the server refuses. */
  openHelper(): Promise<ProcessHelper | null>;
  /** Lets no command start until the returned function was called; resolves when none is being started. */
  holdStarts(): Promise<() => void>;
  /** The channel's own `signal` request. */
  signal(command: RunningCommand, signal: "KILL"): void;
}

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

/** Ends process groups; those that are to be ended at the same time are ended together. */
export class GroupEnder {
  readonly #host: EndingHost;
  #waiting: { readonly command: RunningCommand; readonly done: (gone: boolean) => void }[] = [];
  #working = false;

  constructor(host: EndingHost) {
    this.#host = host;
  }

  /** Ends the command's process group; whether it is proved that no member of it lives. Never rejects. */
  end(command: RunningCommand): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.push({ command, done: resolve });
      if (!this.#working) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#working = true;
    // Others that are aborted by the same signal come in the same turn.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      const gone = await this.#endAll(batch.map(({ command }) => command)).catch(
        () => new Set<RunningCommand>(),
      );
      for (const { command, done } of batch) done(gone.has(command));
    }
    this.#working = false;
  }

  async #endAll(commands: readonly RunningCommand[]): Promise<ReadonlySet<RunningCommand>> {
    const gone = new Set<RunningCommand>();
    const release = await this.#host.holdStarts();
    let helper: ProcessHelper | null = null;
    try {
      helper = await this.#host.openHelper();
      const groups = helper === null ? null : await this.#identify(helper);
      release();
      if (helper !== null && groups !== null) await endGroups(helper, groups, commands, gone);
    } finally {
      release();
      helper?.close();
    }
    for (const command of commands) {
      if (!gone.has(command) && !command.exited.isOpen) this.#host.signal(command, "KILL");
    }
    return gone;
  }

  async #identify(helper: ProcessHelper): Promise<Map<RunningCommand, ChannelProcess> | null> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const before = this.#host.running();
      const listed = await helper.list();
      if (listed === null) return null;
      const after = this.#host.running();
      const same =
        before.length === after.length && before.every((command, index) => command === after[index]);
      if (same && listed.length === before.length && this.#host.settled()) {
        return new Map(before.map((command, index) => [command, listed[index] as ChannelProcess]));
      }
      await pause(POLL);
    }
    return null;
  }
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
