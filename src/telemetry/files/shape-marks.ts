import { MAKING_KEYS, MAKING_VALUES, SHAPE_KEYS } from "./event-shape.js";
import { same } from "./json-bytes.js";

/** What in a document tells its shape, or that fields of the event are made (see event-shape.ts): found in bytes, event by event. */

/** A key by which the shape of a document may be told. */
export interface ShapeKey {
  readonly bytes: Buffer;
  /** Whether it says that fields are made. */
  readonly making: boolean;
}

/** Most keys are told from these by their length. */
const keysByLength: ShapeKey[][] = [];
for (const key of SHAPE_KEYS) {
  const bytes = Buffer.from(key);
  const making = (MAKING_KEYS as readonly string[]).includes(key);
  (keysByLength[bytes.length] ??= []).push({ bytes, making });
}

const makingTexts = MAKING_VALUES.map((value) => Buffer.from(value));
/** By length of a text: 1 when a text that says that fields are made is as long. */
const makingLengths = new Uint8Array(256);
for (const { length } of makingTexts) makingLengths[length] = 1;
const makingNumbers: ReadonlySet<string> = new Set(MAKING_VALUES);

/** The key that stands in these bytes; null when it tells nothing of a shape. */
export function shapeKeyIn(bytes: Buffer, from: number, to: number): ShapeKey | null {
  const keys = keysByLength[to - from];
  if (keys === undefined) return null;
  for (const key of keys) if (same(bytes, from, key.bytes)) return key;
  return null;
}

/** Whether a folded text of this size may say that fields are made: most are told by that. */
export function mayBeMakingText(size: number): boolean {
  return size < 256 && makingLengths[size] === 1;
}

/** Whether a folded text says that fields are made. */
export function isMakingText(folded: Uint8Array, start: number, size: number): boolean {
  return makingTexts.some((wanted) => wanted.length === size && same(folded, start, wanted));
}

/** Whether a number, in the spelling of numbers, says that fields are made. */
export function isMakingNumber(text: string): boolean {
  return makingNumbers.has(text);
}
