import { integerOf, textOf } from "./json.js";
import type { WindowsEvent } from "./windows-event.js";

/** An event that is one of several parts of a script block. */
export interface ScriptPart<Event> {
  readonly number: number;
  readonly text: string;
  readonly event: Event;
}

/** A script block of PowerShell (event 4104), which Windows cuts into several events when it is long. */
export interface ScriptBlock<Event> {
  readonly id: string;
  readonly total: number;
  /** The whole script; null when parts are missing. Parts are never joined over a gap. */
  readonly text: string | null;
  /** Numbers of parts that never came, from 1; empty when the block is whole. At most the first 100. */
  readonly missing: readonly number[];
  /** What came of it, in order; of a block that is not whole also parts that came with another text for one number. */
  readonly parts: readonly ScriptPart<Event>[];
}

interface Waiting<Event> {
  readonly id: string;
  readonly total: number;
  readonly begunAt: number;
  readonly parts: Map<number, ScriptPart<Event>>;
  /** Second texts that came for a number: neither is the part for certain. */
  readonly disputed: ScriptPart<Event>[];
  letters: number;
}

/** Of an event of Windows: what tells whose part it is, and which. */
export type ScriptEvent = Pick<
  WindowsEvent,
  "eventId" | "host" | "channel" | "process" | "logsources" | "fields"
>;

/** Whether an event is a part of a script block that has more of them. */
export function isPart(event: ScriptEvent): boolean {
  return partOf(event) !== null;
}

function partOf(
  event: ScriptEvent,
): { key: string; id: string; text: string; number: number; total: number } | null {
  if (event.eventId !== 4104 || !event.logsources.some(({ category }) => category === "ps_script"))
    return null;
  const { fields } = event;
  const id = textOf(fields["ScriptBlockId"]);
  const text = textOf(fields["ScriptBlockText"]);
  const number = integerOf(fields["MessageNumber"]);
  const total = integerOf(fields["MessageTotal"]);
  if (id === null || text === null || number === null || total === null) return null;
  if (number < 1 || number > total || total < 2 || total > MOST_PARTS) return null;
  const key = JSON.stringify([event.host, event.channel, event.process?.pid, id.toUpperCase(), total]);
  return { key, id, text, number, total };
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
 * Puts script blocks together from their parts, which may come in any order and more than once; what is whole in one event is none of
 * its business. Keeps so many blocks and so many letters; beyond that the oldest is given up, with what is missing of it.
 */
export class ScriptBlocks<Event extends ScriptEvent> {
  readonly #limits: ScriptBlockLimits;
  /** Oldest first. */
  readonly #waiting = new Map<string, Waiting<Event>>();
  /** The last that were whole: shippers send again what they do not know to have arrived. */
  readonly #whole = new Set<string>();
  #letters = 0;
  #repeated = 0;

  constructor(limits: ScriptBlockLimits = { blocks: 1000, letters: 32 * 1024 * 1024 }) {
    this.#limits = limits;
  }

  /** Blocks that wait for parts. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Parts that were left out, because their block had been whole before. */
  get repeated(): number {
    return this.#repeated;
  }

  /** When the oldest of them was begun, by the times given to `push`; null when none waits. */
  get waitingSince(): number | null {
    const [oldest] = this.#waiting.values();
    return oldest?.begunAt ?? null;
  }

  /**
   * Takes a part.
   * @param now milliseconds since 1970, for who gives blocks up by their age
   * @returns blocks that it completes, and those that are given up for want of room; none for a part of a block that was whole before;
   * null when the event is no part, and so its sender's own
   */
  push(event: Event, now = 0): ScriptBlock<Event>[] | null {
    const part = partOf(event);
    if (part === null) return null;
    const { key, id, text, number, total } = part;
    if (this.#whole.has(key)) {
      this.#repeated += 1;
      return [];
    }
    const waiting: Waiting<Event> = this.#waiting.get(key) ?? {
      ...{ id, total, begunAt: now, letters: 0 },
      parts: new Map(),
      disputed: [],
    };
    this.#waiting.set(key, waiting);
    this.#add(waiting, { number, text, event });
    const done: ScriptBlock<Event>[] = [];
    if (waiting.parts.size === total && waiting.disputed.length === 0) {
      done.push(this.#release(key, waiting));
      this.#remember(key);
    }
    for (const [oldest, block] of this.#waiting) {
      if (this.#waiting.size <= this.#limits.blocks && this.#letters <= this.#limits.letters) break;
      done.push(this.#release(oldest, block));
    }
    return done;
  }

  /** Gives up every block that still waits and was begun before a moment: nothing comes any more. */
  flush(before = Infinity): ScriptBlock<Event>[] {
    return [...this.#waiting]
      .filter(([, { begunAt }]) => begunAt < before)
      .map(([key, waiting]) => this.#release(key, waiting));
  }

  #add(waiting: Waiting<Event>, part: ScriptPart<Event>): void {
    const known = [waiting.parts.get(part.number), ...waiting.disputed].filter(
      (one) => one?.number === part.number,
    );
    if (known.some((one) => one?.text === part.text)) return;
    if (known.length === 0) waiting.parts.set(part.number, part);
    else waiting.disputed.push(part);
    waiting.letters += part.text.length;
    this.#letters += part.text.length;
  }

  #remember(key: string): void {
    this.#whole.add(key);
    for (const oldest of this.#whole) {
      if (this.#whole.size <= this.#limits.blocks) break;
      this.#whole.delete(oldest);
    }
  }

  #release(key: string, { id, total, parts, disputed, letters }: Waiting<Event>): ScriptBlock<Event> {
    this.#waiting.delete(key);
    this.#letters -= letters;
    const unclear = new Set(disputed.map(({ number }) => number));
    const missing: number[] = [];
    for (let number = 1; number <= total && missing.length < MOST_NAMED; number++) {
      if (!parts.has(number) || unclear.has(number)) missing.push(number);
    }
    const inOrder = [...parts.values(), ...disputed].sort((one, other) => one.number - other.number);
    const text = missing.length === 0 ? inOrder.map((part) => part.text).join("") : null;
    return { id, total, text, missing, parts: inOrder };
  }
}
