import type { ClientChannel } from "ssh2";
import type { RunningCommand } from "./command.js";

/** What ending needs of the session. */
export interface EndingHost {
  /**
   * The commands whose end is not known, in the order in which the server has started them; also those that were given
   * up, since their processes may live.
   */
  running(): readonly RunningCommand[];
  /** Whether no command is being started. */
  settled(): boolean;
  /** Runs a command of ours on a channel that no place is kept for; null when the server refuses it. */
  openHelper<T extends { close(): void }>(
    command: string,
    accept: (channel: ClientChannel) => T,
  ): Promise<T | null>;
  /** Lets no command start until the returned function was called; resolves when none is being started. */
  holdStarts(): Promise<() => void>;
  /** The channel's own `signal` request. */
  signal(command: RunningCommand, signal: "KILL" | "TERM"): void;
}
