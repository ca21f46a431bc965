import type { HostEvent } from "../model/event.js";
import type { OtherRecord } from "../model/observation.js";

/** An event whose sensor tells which process it was and who started it. */
export type TracedEvent = HostEvent & { readonly pid: number; readonly ppid: number };

/** The name in the sentinel with which a connection begins. */
export const CONNECTION = "session";

/**
 * The events of a trial's act, told apart from everything else on the host.
 *
 * On Linux the act is bracketed by sentinels in one audit session. Credit needs the same host, the same session and a
 * sequence between the sentinels: that survives setsid, a double fork and `cd /`, and excludes prerequisites, proof,
 * cleanup and other connections. Inside the bracket only the wrapper's own housekeeping is left out: what the wrapper
 * itself starts beside the act's first process.
 *
 * Where one sentinel was lost on the way, the act's first process stands in for it: it is the wrapper's child, in the
 * session, with exactly the arguments that the plan gave it. An end sentinel that is known to have been executed is the one
 * number that is missing before the next trial's, if it is the only one.
 *
 * On Windows nothing needs to tell who started a process: see `windowsBracket`.
 */
export type Bracket = KnownBracket | UntoldBracket | MissingBracket;

/** A bracket in which the act's events can be told. */
export interface KnownBracket {
  /** `closed` by both sentinels; `half` has lost one of them, and `act` is what is surely the act's. */
  readonly state: "closed" | "half";
  readonly begin: HostEvent | null;
  readonly end: HostEvent | null;
  /** The act's own events, in order of sequence. */
  readonly act: readonly HostEvent[];
  /** Records that the host numbered between the act's start and its end and that are not here; null when its end is not known. */
  readonly unseen: number | null;
  /** Events between the sentinels of which the sensor does not tell the session: they earn nothing, and may be the act's. */
  readonly unplaced?: readonly HostEvent[];
  readonly detail: string;
}

/** `open`: one sentinel arrived, and nothing tells where the act began. `overlap`: others acted in the bracket. */
export interface UntoldBracket {
  readonly state: "open" | "overlap";
  readonly begin: HostEvent | null;
  readonly end: HostEvent | null;
  readonly detail: string;
}

/** Neither sentinel of the trial arrived. */
export interface MissingBracket {
  readonly state: "missing";
}

/** What is known, by other ways than records, of the time between the sentinels. */
export interface Circumstances {
  /**
   * Programs that the wrapper said it had executed, after its end sentinel; null when it did not say so, or when records may
   * have been lost before they were numbered: then a missing number may be anything.
   */
  readonly housekeeping: number | null;
  /** Nothing else used the login session. */
  readonly alone: boolean;
  /** Records that arrived and are no events: their numbers are not missing. */
  readonly otherRecords?: readonly OtherRecord[];
}
