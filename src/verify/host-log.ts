import type { HostEvent } from "../model/event.js";
import type { Trial } from "../model/trial.js";
import type { Answer } from "../siem/siem.js";

/**
 * The sensor's own log on the target, read over a connection of Tyrian's: it tells what was lost on the way to the SIEM, and
 * what was never recorded.
 */
export interface HostLog {
  /**
   * All records of the host from a trial's begin sentinel to its end sentinel, both included, numbered as in the SIEM; their
   * `ingestedAt` is their own time. Not `complete` when the log cannot be read or lacks a sentinel. Answers within a minute.
   */
  recordsOf(trial: Trial): Promise<Answer<HostEvent[]>>;
}
