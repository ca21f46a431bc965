import type { HostEvent } from "../model/event.js";
import type { Delivery, Observation } from "../model/observation.js";

/** How much longer than the longest lag seen a record may yet take. */
const MARGIN = 1.5;

/**
 * The longest time that a sentinel took to reach the SIEM, over all trials of a run. A SIEM's declared lag is a guess of
 * who set it up; a sentinel that took longer proves it wrong, and then nothing may be taken for lost so early. It is
 * never waited for less than declared: quick sentinels do not prove that none is slow.
 */
export class SentinelLag {
  #longestMs = 0;

  /**
   * @param end the trial's end sentinel
   * @param endedAt when the act had ended, milliseconds since 1970, our clock; the sentinel came just before
   */
  measure(end: HostEvent, endedAt: number, { offsetMs, errorMs }: Observation["clock"]): void {
    const lagMs = end.ingestedAt - offsetMs + errorMs - endedAt;
    if (Number.isFinite(lagMs)) this.#longestMs = Math.max(this.#longestMs, lagMs);
  }

  /** The delivery as it is known by now: declared, and corrected by what was measured. */
  correct(delivery: Delivery): Delivery {
    if (delivery.type === "read") return delivery;
    return { ...delivery, longestLagMs: Math.max(delivery.longestLagMs, this.#longestMs * MARGIN) };
  }
}
