import { auditBytes } from "./auditd-record.js";

/** An argument vector as the EXECVE records of one event give it. */
export interface AuditArguments {
  readonly argv: string[];
  /** Indexes of arguments that are not UTF-8; their bad bytes became U+FFFD, the record keeps them in hexadecimal. */
  readonly invalidUtf8: number[];
}

interface Argument {
  whole: Buffer | null;
  pieces: Buffer[];
  /** Characters of the pieces as written, to compare with the length that the kernel announced. */
  written: number;
  announced: number | null;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Joins the EXECVE records of one event. Arguments of up to about 7.5 kB are `aN=value`; a longer one (or one that no
 * longer fits in its record) is announced by `aN_len=L` and written in pieces `aN[0]=`, `aN[1]=`, ... over several records;
 * L counts the characters of all pieces without quotes (kernel/auditsc.c, audit_log_execve_info). Pieces may end in the
 * middle of a multi-byte character, so bytes are joined before they are decoded.
 * @returns null while anything is missing or contradictory
 */
export function joinAuditArguments(bodies: readonly string[]): AuditArguments | null {
  const found = new Map<number, Argument>();
  let count: number | null = null;
  for (const body of bodies) {
    for (const [, name, value] of body.matchAll(/(?:^|\s)(argc|a\d+(?:_len|\[\d+\])?)=("[^"]*"|\S*)/g)) {
      if (name === "argc") count = /^\d{1,8}$/.test(value as string) ? Number(value) : null;
      else if (!take(found, name as string, value as string)) return null;
    }
  }
  if (count === null || found.size !== count) return null;
  const argv: string[] = [];
  const invalidUtf8: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const argument = found.get(index);
    const bytes = argument === undefined ? null : bytesOf(argument);
    if (bytes === null) return null;
    try {
      argv.push(decoder.decode(bytes));
    } catch {
      argv.push(bytes.toString("utf8"));
      invalidUtf8.push(index);
    }
  }
  return { argv, invalidUtf8 };
}

function take(found: Map<number, Argument>, name: string, value: string): boolean {
  const match = /^a(\d+)(_len)?(?:\[(\d+)\])?$/.exec(name);
  if (match === null) return false;
  const index = Number(match[1]);
  const argument = found.get(index) ?? { whole: null, pieces: [], written: 0, announced: null };
  found.set(index, argument);
  if (match[2] !== undefined) {
    argument.announced = /^\d{1,9}$/.test(value) ? Number(value) : null;
    return argument.announced !== null;
  }
  const bytes = auditBytes(value);
  if (bytes === null) return false;
  if (match[3] === undefined) {
    argument.whole = bytes;
    return true;
  }
  argument.pieces[Number(match[3])] = bytes;
  argument.written += value.startsWith('"') ? value.length - 2 : value.length;
  return true;
}

function bytesOf(argument: Argument): Buffer | null {
  if (argument.whole !== null) return argument.whole;
  const { pieces } = argument;
  if (pieces.length === 0 || argument.announced !== argument.written) return null;
  // a hole in the list of pieces cannot have the right length, but a repeated piece can hide one
  for (let index = 0; index < pieces.length; index += 1) if (pieces[index] === undefined) return null;
  return Buffer.concat(pieces);
}
