import type { HostEvent } from "../../src/model/event.js";
import type { SiemClock } from "./model.js";
import type { Random } from "./random.js";
import type { Settings } from "./settings.js";

/** How much slower the second channel of a host is. */
const SECOND_CHANNEL_FACTOR = 4;

/** The way of one host's records to the SIEM: late, lost, repeated, out of order, held back. */
export class Pipe {
  readonly #random: Random;
  readonly #settings: Settings;
  readonly #lossRate: number;
  readonly #outage: { readonly from: number; readonly until: number } | null;
  readonly #cut: { readonly from: number; readonly until: number } | null;
  /** A shipper sends in batches: what is under way together is late together. */
  #batchUntil = -Infinity;
  #batchDelay = 0;
  #losing = false;

  constructor(random: Random, settings: Settings, lossRate: number, start: number, lastMs: number) {
    this.#random = random;
    this.#settings = settings;
    this.#lossRate = lossRate;
    const from = start + random.between(0, lastMs);
    const cutAt = start + random.between(0, lastMs);
    const cut = { from: cutAt, until: cutAt + random.between(60_000, 900_000) };
    this.#cut = random.chance(settings.cut) ? cut : null;
    this.#outage = settings.shipperOutage > 0 ? { from, until: from + settings.shipperOutage } : null;
  }

  /**
   * When the copies of a record arrive, the first first; none when it is lost. Records are given in the order in which they were made.
   * @param slowBy how much later than its batch it comes at least
   */
  arrivals(at: number, secondChannel: boolean, slowBy: number): number[] {
    const lost = this.#isLost();
    const delay = this.#delay(at, secondChannel);
    if (lost || (this.#cut !== null && this.#cut.from <= at && at < this.#cut.until)) return [];
    const { delay: bounds, duplicates } = this.#settings;
    const first = this.#through(at, Math.min(Math.max(delay, slowBy), bounds.most));
    if (!this.#random.chance(duplicates)) return [first];
    const again = this.#through(
      at,
      Math.min(first - at + this.#random.lognormal(bounds.median, bounds.p99), bounds.most),
    );
    return [first, Math.max(first, again)];
  }

  #delay(at: number, secondChannel: boolean): number {
    const { median, p99, most } = this.#settings.delay;
    if (at >= this.#batchUntil) {
      this.#batchUntil = at + this.#random.between(500, 5_000);
      this.#batchDelay = this.#random.lognormal(median, p99);
    }
    // Each record has a little way of its own: so they overtake one another.
    const own = this.#batchDelay * this.#random.between(0.7, 1.3) + this.#random.pareto(20, 1.5);
    return Math.min(own * (secondChannel ? SECOND_CHANNEL_FACTOR : 1), most);
  }

  /** During an outage nothing leaves; then all of it does. */
  #through(at: number, delay: number): number {
    const arrival = at + delay;
    if (this.#outage === null || arrival < this.#outage.from || at >= this.#outage.until) return arrival;
    return Math.min(
      this.#outage.until + delay,
      at + this.#settings.delay.most + this.#settings.shipperOutage,
    );
  }

  /** Each record by itself, or in rows: a full buffer, a shipper that starts again. */
  #isLost(): boolean {
    if (this.#lossRate === 0) return false;
    if (this.#settings.loss.inRow === 1) return this.#random.chance(this.#lossRate);
    const stop = 1 / this.#settings.loss.inRow;
    const start = (stop * this.#lossRate) / (1 - this.#lossRate);
    this.#losing = this.#random.chance(this.#losing ? 1 - stop : Math.min(1, start));
    return this.#losing;
  }
}

/** The copies of a record as the SIEM keeps them. */
export function copiesOf(
  record: Omit<HostEvent, "ingestedAt">,
  arrivals: readonly number[],
  clock: SiemClock,
): HostEvent[] {
  return arrivals.map((arrival) => ({ ...record, ingestedAt: clock.of(arrival) }));
}
