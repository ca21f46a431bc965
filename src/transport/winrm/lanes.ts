import { TyrianError } from "../../errors.js";
import type { Lane } from "./lane.js";

/**
 * The lanes of one session. A Receive that waits holds its lane, so each command receives on one, and what is sent to it
 * goes on another; a lane that is free again serves the next.
 */
export class Lanes {
  readonly #make: () => Lane;
  readonly #free: Lane[] = [];
  readonly #all = new Set<Lane>();
  #ended = false;

  constructor(make: () => Lane) {
    this.#make = make;
  }

  /** Lends a lane, for exchanges one after the other. */
  async use<T>(work: (lane: Lane) => Promise<T>): Promise<T> {
    if (this.#ended) throw new TyrianError("disconnected", "The session was closed.");
    // The one that was used last: its connection is the most likely to be open still.
    const lane = this.#free.pop() ?? this.#make();
    this.#all.add(lane);
    try {
      return await work(lane);
    } finally {
      this.#free.push(lane);
    }
  }

  /** Closes all connections; what is under way on them fails. A later exchange opens a new one. */
  close(): void {
    for (const lane of this.#all) lane.close();
  }

  /** Closes all connections and opens no others. */
  end(): void {
    this.#ended = true;
    this.close();
  }
}
