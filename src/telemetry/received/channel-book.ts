/** What became of the records of a channel. */
export interface ChannelCounts {
  /** Of a log source that rules can ask for. */
  readonly known: number;
  /** Of no known form. They are kept, and no rule reads them. */
  readonly unknown: number;
  /** Of a known form, and not readable. They are kept. */
  readonly damaged: number;
  /** Those that had come before. */
  readonly repeated: number;
}

/** Channels that are counted by themselves: a sender may name any. */
const MOST_CHANNELS = 1_000;
const OTHERS = "(others)";

/** How many records each channel brought. */
export class ChannelBook {
  readonly #channels = new Map<string, Record<keyof ChannelCounts, number>>();

  count(channel: string, kind: keyof ChannelCounts): void {
    const name = this.#channels.has(channel) || this.#channels.size < MOST_CHANNELS ? channel : OTHERS;
    const counts = this.#channels.get(name) ?? { known: 0, unknown: 0, damaged: 0, repeated: 0 };
    counts[kind] += 1;
    this.#channels.set(name, counts);
  }

  list(): Readonly<Record<string, ChannelCounts>> {
    return Object.fromEntries([...this.#channels].map(([name, counts]) => [name, { ...counts }]));
  }
}
