import type { StatusWord } from "./script.js";

export interface Status {
  readonly word: StatusWord;
  readonly rest: string;
}

/**
 * Splits a script's standard error into what the procedure wrote and what the script reported. A report is one line led
 * by the nonce, with a line feed before it that is the script's own; the nonce is fresh for each script, so a procedure
 * cannot forge one.
 */
export function splitStatus(stderr: string, nonce: string): { text: string; statuses: Status[] } {
  const statuses: Status[] = [];
  const text = stderr.replaceAll(
    new RegExp(`\n${nonce} ([a-z-]+)(?: ([^\n]*))?\n`, "g"),
    (_line, word: string, rest?: string) => {
      statuses.push({ word: word as StatusWord, rest: rest ?? "" });
      return "";
    },
  );
  return { text, statuses };
}

/** The last report with this word, or null. */
export function statusOf(statuses: readonly Status[], word: StatusWord): Status | null {
  return statuses.findLast((status) => status.word === word) ?? null;
}

/**
 * Reads the reports out of a script's standard error as it arrives: the result keeps only its first bytes, and the last
 * report comes last. Give `push` every chunk; `statuses` holds the reports so far.
 */
export class StatusReader {
  readonly statuses: Status[] = [];
  readonly #nonce: string;
  #carry = "";

  constructor(nonce: string) {
    this.#nonce = nonce;
  }

  push(chunk: Uint8Array): void {
    // Byte by byte: reports are ASCII, and a character that two chunks share is none of theirs.
    const arrived = Buffer.from(chunk).toString("latin1");
    const { text, statuses } = splitStatus(this.#carry + arrived, this.#nonce);
    this.statuses.push(...statuses);
    // A report that is not whole yet is the last thing that has come. It may be long: it may name many processes.
    const lead = `\n${this.#nonce}`;
    const begun = text.lastIndexOf(lead);
    this.#carry = text.slice(begun === -1 ? -lead.length : begun);
  }
}
