/** Channels that are remembered, and ids of each that nobody has asked about. The oldest go first. */
const MOST_CHANNELS = 1_000;
const MOST_IDS = 10_000;

interface Channel {
  next: number;
  readonly open: Set<number>;
}

/**
 * Acknowledgement ids by channel. An id is given when the request's events are stored; it is true until it has been asked
 * about once, after which Splunk forgets it too.
 */
export class HecChannels {
  readonly #channels = new Map<string, Channel>();

  issue(name: string): number {
    const channel = this.#channels.get(name) ?? { next: 0, open: new Set() };
    // Set again, so that the map's order is that of the latest use.
    this.#channels.delete(name);
    this.#channels.set(name, channel);
    const id = channel.next;
    channel.next += 1;
    channel.open.add(id);
    if (channel.open.size > MOST_IDS) channel.open.delete(channel.open.values().next().value as number);
    if (this.#channels.size > MOST_CHANNELS)
      this.#channels.delete(this.#channels.keys().next().value as string);
    return id;
  }

  take(name: string, ids: readonly number[]): Record<string, boolean> {
    const open = this.#channels.get(name)?.open;
    return Object.fromEntries(ids.map((id) => [String(id), open?.delete(id) === true]));
  }
}
