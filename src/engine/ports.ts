import type { JournalEntry } from "../model/journal-event.js";
import type { Target } from "../model/target.js";
import type { Session } from "../transport/transport.js";
import type { WithheldTargets } from "./withheld.js";

/** What the engine needs from the rest of the house. */
export interface EnginePorts {
  /** Appends to the run's journal; with a barrier it is on disk when the promise resolves. */
  journal(entry: JournalEntry, options: { barrier: boolean }): Promise<unknown>;
  /** A session whose host has proved that it belongs to the lab. */
  acquire(target: Target, options: { signal?: AbortSignal; deadlineMs: number }): Promise<Session>;
  /** Ends the session to the target, so that the next one is a login session of its own. */
  renew(target: Target): Promise<void>;
  /** Records that the target's sensor has lost so far; null when that cannot be asked. */
  lostRecords(telemetryHost: string): Promise<number | null>;
  readonly withheld: WithheldTargets;
  readonly runFolder: string;
}
