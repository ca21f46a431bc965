import { integerOf, textOf } from "./json.js";
import type { WindowsEvent } from "./windows-event.js";

/** A script block of PowerShell (event 4104), which Windows cuts into several events when it is long. */
export interface ScriptBlock {
  /** The first part that came; the others have the same host, process, ScriptBlockId and Path. */
  readonly event: WindowsEvent;
  readonly id: string;
  readonly total: number;
  /** The whole script; null when parts are missing. Parts are never joined over a gap. */
  readonly text: string | null;
  /** Numbers of parts that never came, from 1; empty when the block is whole. At most the first 100. */
  readonly missing: readonly number[];
  /** What there is of it, in order. */
  readonly parts: readonly { readonly number: number; readonly text: string }[];
}

interface Waiting {
  readonly event: WindowsEvent;
  readonly id: string;
  readonly total: number;
  readonly parts: Map<number, string>;
  /** Two texts came for one number: neither is the part for certain. */
  readonly disputed: Set<number>;
  letters: number;
}

const MOST_NAMED = 100;
/** Larger numbers of parts are no script's: a part has some 16 thousand letters. */
const MOST_PARTS = 100_000;

export interface ScriptBlockLimits {
  /** Blocks that wait for parts at once. */
  readonly blocks: number;
  /** Letters of all of their parts. */
  readonly letters: number;
}

/**
 * Puts script blocks together from their parts, which may come in any order and more than once. Keeps so many blocks and so
 * many letters; beyond that the oldest is given up, with what is missing of it.
 */
export class ScriptBlocks {
  readonly #limits: ScriptBlockLimits;
  /** Oldest first. */
  readonly #waiting = new Map<string, Waiting>();
  /** The last that were whole: shippers send again what they do not know to have arrived. */
  readonly #whole = new Set<string>();
  #letters = 0;

  constructor(limits: ScriptBlockLimits = { blocks: 1000, letters: 32 * 1024 * 1024 }) {
    this.#limits = limits;
  }

  /** Blocks that wait for parts. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Takes an event. @returns blocks that it completes, and those that are given up for want of room; none for other events */
  push(event: WindowsEvent): ScriptBlock[] {
    if (event.eventId !== 4104 || !event.logsources.some(({ category }) => category === "ps_script"))
      return [];
    const { fields } = event;
    const id = textOf(fields["ScriptBlockId"]);
    const text = textOf(fields["ScriptBlockText"]);
    const number = integerOf(fields["MessageNumber"]);
    const total = integerOf(fields["MessageTotal"]);
    if (id === null || text === null || number === null || total === null) return [];
    if (number < 1 || number > total || total > MOST_PARTS) return [];
    const key = JSON.stringify([event.host, event.channel, event.process?.pid, id.toUpperCase(), total]);
    if (this.#whole.has(key)) return [];
    const waiting: Waiting = this.#waiting.get(key) ?? {
      ...{ event, id, total, letters: 0 },
      parts: new Map(),
      disputed: new Set(),
    };
    this.#waiting.set(key, waiting);
    this.#add(waiting, number, text);
    const done: ScriptBlock[] = [];
    if (waiting.parts.size === total && waiting.disputed.size === 0) {
      done.push(this.#release(key, waiting));
      this.#remember(key);
    }
    for (const [oldest, block] of this.#waiting) {
      if (this.#waiting.size <= this.#limits.blocks && this.#letters <= this.#limits.letters) break;
      done.push(this.#release(oldest, block));
    }
    return done;
  }

  /** Gives up every block that still waits: nothing comes any more. */
  flush(): ScriptBlock[] {
    return [...this.#waiting].map(([key, waiting]) => this.#release(key, waiting));
  }

  #add(waiting: Waiting, number: number, text: string): void {
    const known = waiting.parts.get(number);
    if (known === undefined) {
      waiting.parts.set(number, text);
      waiting.letters += text.length;
      this.#letters += text.length;
    } else if (known !== text) waiting.disputed.add(number);
  }

  #remember(key: string): void {
    this.#whole.add(key);
    for (const oldest of this.#whole) {
      if (this.#whole.size <= this.#limits.blocks) break;
      this.#whole.delete(oldest);
    }
  }

  #release(key: string, { event, id, total, parts, disputed, letters }: Waiting): ScriptBlock {
    this.#waiting.delete(key);
    this.#letters -= letters;
    for (const number of disputed) parts.delete(number);
    const missing: number[] = [];
    for (let number = 1; number <= total && missing.length < MOST_NAMED; number++) {
      if (!parts.has(number)) missing.push(number);
    }
    const inOrder = [...parts]
      .sort(([one], [other]) => one - other)
      .map(([number, text]) => ({ number, text }));
    const text = missing.length === 0 ? inOrder.map((part) => part.text).join("") : null;
    return { event, id, total, text, missing, parts: inOrder };
  }
}
