import { createReadStream } from "node:fs";
import { join } from "node:path";
import { messageOf, TyrianError } from "../errors.js";
import { type JournalEvent, journalEventSchema } from "../model/journal-event.js";

/** The journal's name in a run folder. */
export const JOURNAL_FILE = "journal.ndjson";

/**
 * What recovery writes after a line that a crash left incomplete, before the newline. A prefix of a JSON object is never
 * whole JSON and never ends like this, so the reader can tell such a line from damage.
 */
export const TORN_MARK = " #torn";

/** The first place where a journal cannot be trusted. Lines count from 1. */
export interface JournalDamage {
  readonly line: number;
  readonly reason: string;
}

export interface JournalContent {
  /** All events before the damage. */
  readonly events: JournalEvent[];
  readonly damage: JournalDamage | null;
  /**
   * How the file ends: `whole` with a newline · `unended` with an event that lacks its newline · `torn` in the middle of
   * a line, which was never acknowledged to its writer and is left out of the events.
   */
  readonly end: "whole" | "unended" | "torn";
}

export interface ReadOptions {
  /**
   * Leave out the observations, by far the largest events, without reading what they say. For listings: it is several
   * times as fast, and damage inside an observation stays unseen.
   */
  readonly skipObservations?: boolean;
}

/**
 * Reads and validates a run's journal. Also reads a journal that is being written.
 * @throws TyrianError `run-unknown` when the folder has no journal, `file-unreadable`.
 */
export async function readJournal(folder: string, options: ReadOptions = {}): Promise<JournalContent> {
  const events: JournalEvent[] = [];
  let previous: EventNumber | null = null;
  let line = 0;
  try {
    for await (const { bytes, ended } of linesOf(join(folder, JOURNAL_FILE))) {
      line += 1;
      const skipped = options.skipObservations === true && ended ? observationNumber(bytes) : null;
      const result = skipped ?? readLine(bytes);
      if (result === TORN) continue;
      const reason = typeof result === "string" ? result : outOfOrder(result, previous);
      if (typeof result !== "string" && reason === null) {
        previous = result;
        if (isEvent(result)) events.push(result);
        if (!ended) return { events, damage: null, end: "unended" };
        continue;
      }
      // Only the writer's last line may be cut short; it never told anyone that the line was there.
      if (!ended && isCutShort(bytes)) return { events, damage: null, end: "torn" };
      return { events, damage: { line, reason: reason ?? "" }, end: "whole" };
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      throw new TyrianError("run-unknown", `${folder} has no ${JOURNAL_FILE}`);
    }
    throw new TyrianError("file-unreadable", `${join(folder, JOURNAL_FILE)}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return { events, damage: null, end: "whole" };
}

/** The first event of a journal, without reading the rest; null when there is none that can be read. */
export async function readFirstEvent(folder: string): Promise<JournalEvent | null> {
  try {
    for await (const { bytes } of linesOf(join(folder, JOURNAL_FILE))) {
      const result = readLine(bytes);
      return typeof result === "string" ? null : result;
    }
  } catch {
    return null;
  }
  return null;
}

/** The damage as an error with the journal's position. */
export function damageError(folder: string, damage: JournalDamage): TyrianError {
  const file = join(folder, JOURNAL_FILE);
  return new TyrianError("journal-invalid", `line ${damage.line} of ${file}: ${damage.reason}`, {
    diagnostics: [
      {
        file,
        line: damage.line,
        column: 1,
        severity: "error",
        code: "journal-invalid",
        message: damage.reason,
        hint: "",
      },
    ],
  });
}

type EventNumber = Pick<JournalEvent, "seq" | "run">;

const TORN = "torn";

function isEvent(line: EventNumber | JournalEvent): line is JournalEvent {
  return "type" in line;
}

/** An event, `torn` for a line that recovery closed, or the reason why the line is damaged. */
function readLine(bytes: Buffer): JournalEvent | string {
  if (bytes.subarray(-TORN_MARK.length).toString("latin1") === TORN_MARK) return TORN;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return "the line is not JSON text";
  }
  const parsed = journalEventSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return `the line is not a journal event: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`;
}

function outOfOrder(event: EventNumber, previous: EventNumber | null): string | null {
  const wanted = (previous?.seq ?? 0) + 1;
  if (event.seq !== wanted) return `event ${wanted} was expected and ${event.seq} found: events are missing`;
  if (previous !== null && event.run !== previous.run) return `the event is of another run, ${event.run}`;
  return null;
}

/** The number of an observation, from the beginning of its line as the journal writes it; null for any other line. */
function observationNumber(bytes: Buffer): EventNumber | null {
  const head = bytes.subarray(0, 400).toString("latin1");
  const match =
    /^\{"seq":(\d+),"at":"[^"]*","run":"([^"\\]*)",(?:"trial":"[^"]*",)?"type":"trial-observed"/.exec(head);
  return match === null ? null : { seq: Number(match[1]), run: match[2] ?? "" };
}

/** A line cut short by a crash: it begins like an event, or (blocks never written, after a power failure) with zeros. */
function isCutShort(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString("utf8"));
    return false;
  } catch {
    return bytes[0] === 0x7b || bytes[0] === 0;
  }
}

async function* linesOf(file: string): AsyncGenerator<{ bytes: Buffer; ended: boolean }> {
  let pieces: Buffer[] = [];
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      pieces.push(chunk.subarray(start, end));
      yield { bytes: Buffer.concat(pieces), ended: true };
      pieces = [];
      start = end + 1;
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start));
  }
  if (pieces.length > 0) yield { bytes: Buffer.concat(pieces), ended: false };
}
