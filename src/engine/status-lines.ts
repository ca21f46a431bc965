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
  readonly #decoder = new TextDecoder();
  #carry = "";

  constructor(nonce: string) {
    this.#nonce = nonce;
  }

  push(chunk: Uint8Array): void {
    const { text, statuses } = splitStatus(
      this.#carry + this.#decoder.decode(chunk, { stream: true }),
      this.#nonce,
    );
    this.statuses.push(...statuses);
    // A report that was cut is at the end; no report is longer than this.
    this.#carry = text.slice(-LONGEST_REPORT);
  }
}

const LONGEST_REPORT = 256;
