import type { HostEvent } from "../../model/event.js";

/** Events kept in memory over all hosts, and about how many characters of their records. */
const MAXIMUM_EVENTS = 20_000;
const MAXIMUM_CHARACTERS = 64_000_000;

/** Milliseconds of the events' own time that are kept together, so that a window is found without looking at all. */
const BUCKET_MS = 1_000;

interface HostWindow {
  /** By bucket of their time, then by id. */
  readonly buckets: Map<number, Map<string, HostEvent>>;
  /** Time of the youngest event that was dropped. */
  droppedUntil: number;
}

/** The latest events in memory, so that a question about a running trial is not one to the database. Oldest arrivals go first. */
export class RecentEvents {
  readonly #hosts = new Map<string, HostWindow>();
  /** In order of arrival; `#first` is where the kept ones begin. */
  #arrivals: HostEvent[] = [];
  #first = 0;
  #characters = 0;
  readonly #maximumEvents: number;

  constructor(maximumEvents = MAXIMUM_EVENTS) {
    this.#maximumEvents = maximumEvents;
  }

  /** @returns false when the event is known already */
  add(event: HostEvent): boolean {
    const window = this.#hosts.get(event.host) ?? {
      buckets: new Map<number, Map<string, HostEvent>>(),
      droppedUntil: -Infinity,
    };
    this.#hosts.set(event.host, window);
    const bucket = window.buckets.get(bucketOf(event.time)) ?? new Map<string, HostEvent>();
    window.buckets.set(bucketOf(event.time), bucket);
    if (bucket.has(event.id)) return false;
    bucket.set(event.id, event);
    this.#arrivals.push(event);
    this.#characters += sizeOf(event);
    while (
      this.#arrivals.length - this.#first > this.#maximumEvents ||
      this.#characters > MAXIMUM_CHARACTERS
    ) {
      this.#drop();
    }
    return true;
  }

  /** Events of a host between two of their own times, inclusive, in order of sequence; null when some of them were dropped. */
  window(host: string, from: number, to: number): HostEvent[] | null {
    const window = this.#hosts.get(host);
    if (window === undefined) return [];
    if (from <= window.droppedUntil) return null;
    const events: HostEvent[] = [];
    for (const bucket of bucketsBetween(window.buckets, bucketOf(from), bucketOf(to))) {
      for (const event of bucket.values()) if (event.time >= from && event.time <= to) events.push(event);
    }
    return events.toSorted((one, other) => one.sequence - other.sequence);
  }

  /** Every event that was ever added, in order of arrival; null when some were dropped. */
  all(): HostEvent[] | null {
    for (const { droppedUntil } of this.#hosts.values()) if (droppedUntil !== -Infinity) return null;
    return this.#arrivals.slice(this.#first);
  }

  #drop(): void {
    const event = this.#arrivals[this.#first] as HostEvent;
    this.#first += 1;
    this.#characters -= sizeOf(event);
    const window = this.#hosts.get(event.host) as HostWindow;
    const bucket = window.buckets.get(bucketOf(event.time));
    bucket?.delete(event.id);
    if (bucket?.size === 0) window.buckets.delete(bucketOf(event.time));
    window.droppedUntil = Math.max(window.droppedUntil, event.time);
    if (this.#first < 10_000 || this.#first * 2 < this.#arrivals.length) return;
    this.#arrivals = this.#arrivals.slice(this.#first);
    this.#first = 0;
  }
}

function bucketOf(time: number): number {
  return Math.floor(time / BUCKET_MS);
}

function bucketsBetween<T>(buckets: ReadonlyMap<number, T>, first: number, last: number): T[] {
  // A window may be longer than all that is kept: then it is cheaper to look at what there is.
  if (last - first >= buckets.size)
    return [...buckets].flatMap(([at, bucket]) => (at >= first && at <= last ? [bucket] : []));
  const found: T[] = [];
  for (let at = first; at <= last; at += 1) {
    const bucket = buckets.get(at);
    if (bucket !== undefined) found.push(bucket);
  }
  return found;
}

/** A rough measure: arguments appear in `argv`, in a field and, in hexadecimal, in the sensor's record. */
function sizeOf(event: HostEvent): number {
  const { argv, fields } = event;
  return 1000 + 16 * argv.length + 4 * String(fields["CommandLine"] ?? "").length;
}
