/** Records that are remembered, at least. */
const REMEMBERED = 200_000;

/**
 * Which records came already, by what makes them one: senders repeat what was not acknowledged in time. The latest few
 * hundred thousand are remembered, which is more than any shipper has under way.
 */
export class SeenRecords {
  #young = new Set<string>();
  #old = new Set<string>();
  readonly #remembered: number;

  constructor(remembered = REMEMBERED) {
    this.#remembered = remembered;
  }

  /** @returns whether it is new; from then on it is known */
  isNew(host: string, identity: string): boolean {
    const key = `${identity} ${host}`;
    if (this.#young.has(key) || this.#old.has(key)) return false;
    this.#young.add(key);
    if (this.#young.size >= this.#remembered) [this.#old, this.#young] = [this.#young, new Set()];
    return true;
  }
}
