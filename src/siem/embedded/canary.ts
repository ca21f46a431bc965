import { sentinelOf } from "../../model/event.js";
import type { HostEvent } from "../../model/event.js";

/** Sentinels kept; a run has two a trial. */
const MAXIMUM = 200_000;

/** The sentinels of one trial on one host. */
export interface TrialSentinels {
  readonly begin: HostEvent | null;
  readonly end: HostEvent | null;
  /** More than one begin or end was seen: somebody else says the same words, and the bracket proves nothing. */
  readonly repeated: boolean;
}

/** All sentinels that arrived, by host and trial. */
export class SentinelBook {
  readonly #found = new Map<string, TrialSentinels>();

  /** @returns whether the event is a sentinel; such an event is never shown to a rule */
  observe(event: HostEvent): boolean {
    const sentinel = sentinelOf(event);
    if (sentinel === null) return false;
    // Those of an API's log are told there (verify/api-bracket.ts); here a trial has one pair.
    if (event.kind === "api") return true;
    const key = keyOf(event.host, sentinel.trial);
    const found = this.#found.get(key) ?? { begin: null, end: null, repeated: false };
    const known = found[sentinel.edge];
    this.#found.set(key, {
      ...found,
      [sentinel.edge]: known ?? event,
      repeated: found.repeated || (known !== null && known.id !== event.id),
    });
    if (this.#found.size > MAXIMUM) this.#found.delete(this.#found.keys().next().value as string);
    return true;
  }

  of(host: string, trial: string): TrialSentinels {
    return this.#found.get(keyOf(host, trial)) ?? { begin: null, end: null, repeated: false };
  }
}

function keyOf(host: string, trial: string): string {
  return `${host}\n${trial}`;
}
