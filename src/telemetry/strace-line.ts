/** A string as strace prints it. */
export interface StraceString {
  readonly bytes: Buffer;
  /** strace cut it (`"..."...`, option -s): the rest is not in the log. */
  readonly truncated: boolean;
}

/** The arguments of an execve or execveat. */
export interface StraceExec {
  /** Null when strace could not read it. */
  readonly path: StraceString | null;
  /** Null when the vector, or one of its strings, could not be read. */
  readonly argv: readonly StraceString[] | null;
  /** strace left out the end of the vector. */
  readonly vectorTruncated: boolean;
}

/** One line of `strace -f -ttt -o FILE`. */
export type StraceLine = { readonly pid: number; readonly time: number; readonly stamp: string } & (
  | {
      readonly kind: "call";
      readonly name: string;
      readonly text: string;
      readonly result: StraceResult | null;
    }
  | {
      readonly kind: "resumed";
      readonly name: string;
      readonly text: string;
      readonly result: StraceResult | null;
    }
  | { readonly kind: "ended" }
  /** A thread replaced the whole process: `pid` goes on as what thread `by` was doing. */
  | { readonly kind: "superseded"; readonly by: number }
  | { readonly kind: "other" }
);

/** What a call returned; `value` is null for `?` (the process did not come back from it). */
export interface StraceResult {
  readonly value: number | null;
  /** Such as EACCES; null when it succeeded. */
  readonly error: string | null;
}

const frame = /^(\d{1,10}) +(\d{1,12})\.(\d{6}) /;
/** How a line ends whose call has not returned; the second form is a thread's exec that takes its process's id. */
const unfinished = / <(?:unfinished|pid changed to \d+) \.\.\.>$/;

/** Reads the frame of a line; null when it is none of strace's. */
export function parseStraceLine(line: string): StraceLine | null {
  const match = frame.exec(line);
  if (match === null) return null;
  const pid = Number(match[1]);
  const stamp = `${match[2]}.${match[3]}`;
  const common = { pid, stamp, time: Number(match[2]) * 1000 + Number(match[3]) / 1000 };
  const rest = line.slice(match[0].length);
  if (rest.startsWith("+++ ")) {
    const superseded = /^\+\+\+ superseded by execve in pid (\d+) \+\+\+$/.exec(rest);
    if (superseded !== null) return { ...common, kind: "superseded", by: Number(superseded[1]) };
    return /^\+\+\+ (exited with|killed by) .*\+\+\+$/.test(rest) ? { ...common, kind: "ended" } : null;
  }
  if (rest.startsWith("--- ")) return { ...common, kind: "other" };
  const resumed = /^<\.\.\. (\w+) resumed>/.exec(rest);
  if (resumed !== null) {
    const text = rest.slice(resumed[0].length);
    return { ...common, kind: "resumed", name: resumed[1] as string, text, result: resultOf(text) };
  }
  const call = /^(\w+)\(/.exec(rest);
  if (call === null) return null;
  const name = call[1] as string;
  const text = rest.slice(call[0].length);
  const cut = unfinished.exec(text.slice(-40));
  if (cut !== null) {
    return { ...common, kind: "call", name, text: text.slice(0, -cut[0].length), result: null };
  }
  const result = resultOf(text);
  return result === null ? null : { ...common, kind: "call", name, text, result };
}

/** The result stands at the end of the line, after the arguments, whatever these contain. */
function resultOf(text: string): StraceResult | null {
  const match = /\) += (?:(-?\d+)|\?)(?: ([A-Z][A-Z0-9_]+)(?: \([^()"]*\))?)?$/.exec(text.slice(-200));
  if (match === null) return null;
  return { value: match[1] === undefined ? null : Number(match[1]), error: match[2] ?? null };
}

/** Reads `"path", ["argument", ...], ...` of execve, or the same after a directory of execveat; null when it is neither. */
export function parseStraceExec(name: string, text: string): StraceExec | null {
  const cursor = { text, at: 0 };
  if (name === "execveat") {
    const directory = /^(?:AT_FDCWD|-?\d+)(?:<[^"]*>)?, /.exec(text);
    if (directory === null) return null;
    cursor.at = directory[0].length;
    const path = readString(cursor);
    // a path beside an open directory is not a path from the root; an empty one names the descriptor itself
    const known = path !== null && (path.bytes[0] === 0x2f || directory[0].startsWith("AT_FDCWD"));
    return readVector(cursor, known && path.bytes.length > 0 ? path : null);
  }
  return readVector(cursor, readString(cursor));
}

interface Cursor {
  readonly text: string;
  at: number;
}

function readVector(cursor: Cursor, path: StraceString | null): StraceExec | null {
  if (path === null) skip(cursor, /(?:""|0x[0-9a-f]+|NULL)/y);
  if (!skip(cursor, /, /y)) return null;
  if (skip(cursor, /NULL/y)) return { path, argv: [], vectorTruncated: false };
  if (skip(cursor, /0x[0-9a-f]+/y)) return { path, argv: null, vectorTruncated: false };
  if (!skip(cursor, /\[/y)) return null;
  const argv: StraceString[] = [];
  let readable = true;
  let vectorTruncated = false;
  while (!skip(cursor, /\]/y)) {
    const argument = readString(cursor);
    if (argument !== null) argv.push(argument);
    else if (skip(cursor, /\.\.\./y)) vectorTruncated = true;
    else if (skip(cursor, /\?\?\?|(?:\.\.\. \/\* )?0x[0-9a-f]+(?: \*\/)?/y)) readable = false;
    else return null;
    skip(cursor, /, /y);
  }
  return { path, argv: readable ? argv : null, vectorTruncated };
}

function skip(cursor: Cursor, what: RegExp): boolean {
  what.lastIndex = cursor.at;
  if (!what.test(cursor.text)) return false;
  cursor.at = what.lastIndex;
  return true;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", v: "\v", f: "\f" };

/** Reads one C string at the cursor; null, with the cursor unmoved, when there is none. */
function readString(cursor: Cursor): StraceString | null {
  const quoted = /"((?:[^"\\]|\\.)*)"(\.\.\.)?/y;
  quoted.lastIndex = cursor.at;
  const match = quoted.exec(cursor.text);
  if (match === null) return null;
  cursor.at = quoted.lastIndex;
  const plain = (match[1] as string).replaceAll(
    /\\(?:([0-7]{1,3})|x([0-9a-f]{2})|(.))/g,
    (_whole, octal: string | undefined, hexadecimal: string | undefined, letter: string | undefined) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
      if (hexadecimal !== undefined) return String.fromCharCode(Number.parseInt(hexadecimal, 16));
      return escapes[letter ?? ""] ?? letter ?? "";
    },
  );
  return { bytes: Buffer.from(plain, "latin1"), truncated: match[2] !== undefined };
}
