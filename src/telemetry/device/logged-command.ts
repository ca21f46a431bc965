/** One line that a device says it was given. What its log does not say is absent. */
export interface LoggedCommand {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly command: string;
  readonly user?: string;
  /** The device's own name of the line or terminal, such as `vty3`. */
  readonly terminal?: string;
  /** Where the user came from. */
  readonly address?: string;
  /** What stands in the prompt's parentheses, such as `config-if`. */
  readonly mode?: string;
  /** Which program of the device logged it. */
  readonly daemon?: string;
  /** Whether the device took it, in its own words. */
  readonly result?: string;
  /**
   * Tells the session's commands from those of every other that is open at the same time; null when the log does not tell. A
   * name may come again for a later session: only between two sentinels of it is it one session.
   */
  readonly session: string | null;
}

/** What a line of a device's log is: a command, one that it only repeats (`copy`), or something else; null when it is no line of it. */
export type DeviceLine = LoggedCommand | "copy" | "other" | null;

/** Reads one kind of log, in its order: what stands behind the time of a line, and that time. */
export type DeviceLogReader = (rest: string, time: number) => DeviceLine;
