import { TyrianError } from "../../errors.js";
import type { Lane } from "./lane.js";

/**
 * The lanes of one session. A Receive that waits holds its lane, so each command receives on one, and what is sent to it
 * goes on another; a lane that is free again serves the next.
 */
export class Lanes {
  readonly #make: () => Lane;
  readonly #free: Lane[] = [];
  readonly #busy = new Set<Lane>();
  #ended = false;

  constructor(make: () => Lane) {
    this.#make = make;
  }

  /** Lends a lane, for exchanges one after the other. */
  async use<T>(work: (lane: Lane) => Promise<T>): Promise<T> {
    if (this.#ended) throw new TyrianError("disconnected", "The session was closed.");
    // The one that was used last: its connection is the most likely to be open still.
    const lane = this.#free.pop() ?? this.#make();
    this.#busy.add(lane);
    try {
      return await work(lane);
    } finally {
      this.#busy.delete(lane);
      this.#free.push(lane);
    }
  }

  /** Ends what is under way; a later exchange works. */
  interrupt(): void {
    for (const lane of this.#busy) lane.close();
  }

  /** Closes all connections and opens no others. */
  end(): void {
    this.#ended = true;
    for (const lane of [...this.#busy, ...this.#free]) lane.close();
  }
}
