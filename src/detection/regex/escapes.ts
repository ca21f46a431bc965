import * as sets from "./character-set.js";
import type { CharacterSet } from "./character-set.js";
import type { Expression } from "./syntax.js";

/** Escapes for one character. */
export const controls: Readonly<Record<string, number>> = { t: 9, n: 10, f: 12, r: 13, e: 27, a: 7, "0": 0 };
/** Escapes for a set of characters. */
export const classes: Readonly<Record<string, CharacterSet>> = {
  d: sets.digits,
  w: sets.wordCharacters,
  s: sets.spaces,
  h: sets.horizontalSpaces,
  v: sets.verticalSpaces,
  D: sets.invert(sets.digits),
  W: sets.invert(sets.wordCharacters),
  S: sets.invert(sets.spaces),
  H: sets.invert(sets.horizontalSpaces),
  V: sets.invert(sets.verticalSpaces),
  N: sets.invert(sets.newline),
};
/** Escapes for a place. */
export const assertions: Readonly<Record<string, Expression>> = {
  b: { type: "assertion", assertion: "word-edge" },
  B: { type: "assertion", assertion: "no-word-edge" },
  A: { type: "assertion", assertion: "start" },
  z: { type: "assertion", assertion: "end" },
  Z: { type: "assertion", assertion: "text-end" },
};
