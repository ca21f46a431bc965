import { foldedAscii, OTHER } from "../../detection/match/folded-text.js";

/** What bytes are to the reading of JSON. */

/** By byte inside a string: what it folds to; 0 for what must be looked at (quote, backslash, control, beyond ASCII). */
export const plain: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte === 0x22 || byte === 0x5c || byte >= 0x80 ? 0 : (foldedAscii[byte] as number),
);
/** By letter of an escape: the character; 0 for none. */
export const escapes = new Uint8Array(256);
for (const [letter, character] of Object.entries({
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
})) {
  escapes[letter.charCodeAt(0)] = character.charCodeAt(0);
}
/** By folded byte: 1 when a text that is a number can hold it. OTHER may be white space beyond ASCII. */
export const numeric = new Uint8Array(256);
for (const letter of "\t\n\v\f\r 0123456789+-.e") numeric[letter.charCodeAt(0)] = 1;
numeric[OTHER] = 1;

/** Whether bytes stand at a place. */
export function same(bytes: Uint8Array, from: number, wanted: Buffer): boolean {
  for (let index = 0; index < wanted.length; index++) {
    if (bytes[from + index] !== wanted[index]) return false;
  }
  return true;
}

/** Whether a byte can be part of a number, true, false or null. */
export function isWordByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e
  );
}

/** Four hexadecimal digits as a number; -1 when they are none. */
export function hexAt(bytes: Buffer, at: number): number {
  const digits = bytes.toString("latin1", at, at + 4);
  return /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : -1;
}

/** Bytes that a message shows of what stands at a place. */
export const SHOWN = 12;

/** What stands at a place, for messages. */
export function shown(bytes: Buffer, at: number, end = bytes.length): string {
  return JSON.stringify(bytes.toString("utf8", at, Math.min(end, at + SHOWN)).replace(/\uFFFD+$/, ""));
}
