/** Words that the scripts of a host report on standard error, each line led by the nonce. */
export type StatusWord =
  | "work-folder-failed"
  | "requirement-missing"
  | "processes-unknown"
  | "sentinel-refused"
  | "started"
  | "ended"
  | "left-behind"
  | "looked"
  | "cleanup"
  | "probe"
  | "work-folder"
  | "swept"
  | "remaining"
  | "script-ended";

export interface Status {
  readonly word: StatusWord;
  readonly rest: string;
}

/** What stands before and behind a report, beside the report itself, and is the script's own. */
export interface ReportForm {
  readonly before: "\n" | "";
  readonly behind: "\n" | "\r\n";
}

/** A line of its own, also behind output that did not end one: sh writes it at once. */
export const posixReports: ReportForm = { before: "\n", behind: "\n" };

/** cmd.exe writes what stands before a line apart from it, so that another's output can come between: nothing is there. */
export const windowsReports: ReportForm = { before: "", behind: "\r\n" };

/**
 * Splits a script's standard error into what the procedure wrote and what the script reported. A report is led by the nonce,
 * which is fresh for each script, so a procedure cannot forge one.
 */
export function splitStatus(
  stderr: string,
  nonce: string,
  { before, behind }: ReportForm = posixReports,
): { text: string; statuses: Status[] } {
  const statuses: Status[] = [];
  const text = stderr.replaceAll(
    new RegExp(`${before}${nonce} ([a-z-]+)(?: ([^\r\n]*))?${behind}`, "g"),
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
  readonly #form: ReportForm;
  #carry = "";

  constructor(nonce: string, form: ReportForm = posixReports) {
    this.#nonce = nonce;
    this.#form = form;
  }

  push(chunk: Uint8Array): void {
    // Byte by byte: reports are ASCII, and a character that two chunks share is none of theirs.
    const arrived = Buffer.from(chunk).toString("latin1");
    const { text, statuses } = splitStatus(this.#carry + arrived, this.#nonce, this.#form);
    this.statuses.push(...statuses);
    // A report that is not whole yet is the last thing that has come. It may be long: it may name many processes.
    const lead = `${this.#form.before}${this.#nonce}`;
    const begun = text.lastIndexOf(lead);
    this.#carry = text.slice(begun === -1 ? -lead.length : begun);
  }
}
