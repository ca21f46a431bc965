import { access, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf, TyrianError } from "../errors.js";
import { makeFolder } from "../folders.js";
import { type JournalEntry, type JournalEvent, journalEventSchema } from "../model/journal-event.js";
import { LineWriter } from "./line-writer.js";
import { type Ownership, takeOwnership } from "./owner.js";
import { damageError, JOURNAL_FILE, readJournal, TORN_MARK } from "./read.js";

export type JournalListener = (event: JournalEvent) => void;

/**
 * The append-only record of one run: `journal.ndjson` in the run's folder, one event a line, one writing process at a
 * time. Events are numbered and dated in the order of the calls to `append`.
 */
export class Journal {
  /** The run's id. */
  readonly run: string;
  readonly folder: string;
  /** The events that were there when the journal was opened; empty for a new one. */
  readonly earlier: readonly JournalEvent[];
  readonly #writer: LineWriter;
  readonly #ownership: Ownership;
  readonly #listeners = new Set<JournalListener>();
  #sequence: number;

  private constructor(parts: {
    run: string;
    folder: string;
    earlier: readonly JournalEvent[];
    writer: LineWriter;
    ownership: Ownership;
  }) {
    this.run = parts.run;
    this.folder = parts.folder;
    this.earlier = parts.earlier;
    this.#writer = parts.writer;
    this.#ownership = parts.ownership;
    this.#sequence = parts.earlier.length;
  }

  /**
   * Starts the journal of a new run; makes the folder and puts its entry on disk.
   * @throws TyrianError `usage` when the folder has a journal already, `run-owned`, `journal-write-failed`.
   */
  static async create(folder: string, run: string): Promise<Journal> {
    return onDisk(
      folder,
      "Make room on that disk, or name another folder with --out. Nothing was run.",
      async () => {
        // What hosts printed stands in a run: it is for the one who ran it only.
        makeFolder(folder);
        const ownership = await takeOwnership(folder);
        try {
          const file = await open(join(folder, JOURNAL_FILE), "ax", 0o600);
          await syncFolder(folder);
          await syncFolder(dirname(folder));
          return new Journal({ run, folder, earlier: [], writer: new LineWriter(file), ownership });
        } catch (error) {
          await ownership.release();
          if ((error as NodeJS.ErrnoException).code === "EEXIST") {
            throw new TyrianError("usage", `${folder} has a journal already`);
          }
          throw error;
        }
      },
    );
  }

  /**
   * Goes on with a run whose writer has ended, in whatever way. A last line that a crash cut short is marked and stays
   * in the file; nothing is ever removed.
   * @throws TyrianError `run-owned`, `run-unknown`, `journal-invalid` with the line, `journal-write-failed`.
   */
  static async open(folder: string): Promise<Journal> {
    return onDisk(folder, null, async () => {
      // Before anything is taken: a folder without a journal stays as it is.
      await access(join(folder, JOURNAL_FILE)).catch((error: unknown) => {
        throw new TyrianError("run-unknown", `${folder} has no readable ${JOURNAL_FILE}`, { cause: error });
      });
      const ownership = await takeOwnership(folder);
      try {
        const { events, damage, end } = await readJournal(folder);
        if (damage !== null) throw damageError(folder, damage);
        const first = events[0];
        if (first === undefined) {
          throw damageError(folder, { line: 1, reason: "the run ended before its first event was written" });
        }
        const file = await open(join(folder, JOURNAL_FILE), "a");
        try {
          if (end !== "whole") await file.appendFile(end === "torn" ? `${TORN_MARK}\n` : "\n");
          await file.sync();
        } catch (error) {
          await file.close();
          throw error;
        }
        return new Journal({
          run: first.run,
          folder,
          earlier: events,
          writer: new LineWriter(file),
          ownership,
        });
      } catch (error) {
        await ownership.release();
        throw error;
      }
    });
  }

  /**
   * Appends one event. Resolves when it is written; with `barrier`, when it is on disk, so that what follows may be done
   * in the world. Events are written in the order of the calls.
   * @throws TyrianError `journal-write-failed`, for this and every later append; `internal` for an entry that is not
   * valid, which is not written and harms no other.
   */
  async append(entry: JournalEntry, options: { readonly barrier: boolean }): Promise<JournalEvent> {
    const event = { seq: this.#sequence + 1, at: new Date().toISOString(), run: this.run, ...entry };
    const line = validLine(event);
    this.#sequence = event.seq;
    await this.#writer.write(line, options.barrier, () => this.#tell(event));
    return event;
  }

  /** Calls the listener with every event after it is written, in order. Returns the function that ends it. */
  subscribe(listener: JournalListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Puts everything on disk, closes the file and gives up the ownership.
   * @throws TyrianError `journal-write-failed` when any event could not be written.
   */
  async close(): Promise<void> {
    try {
      await this.#writer.close();
    } finally {
      this.#listeners.clear();
      await this.#ownership.release();
    }
  }

  #tell(event: JournalEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        // A picture of the run must never harm its record.
        this.#listeners.delete(listener);
        process.emitWarning(`a listener of the journal failed and is no longer called: ${messageOf(error)}`);
      }
    }
  }
}

/** The line, if a reader would accept it and read the same. */
function validLine(event: JournalEvent): string {
  let line: string;
  try {
    line = JSON.stringify(event, refuseUnwritable);
  } catch (error) {
    throw new TyrianError("internal", `a ${event.type} event cannot be written: ${messageOf(error)}`);
  }
  const parsed = journalEventSchema.safeParse(JSON.parse(line));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new TyrianError(
      "internal",
      `a ${event.type} event is not valid: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
    );
  }
  return `${line}\n`;
}

/** JSON would write NaN and the infinities as null, which may mean something else to the reader. */
function refuseUnwritable(key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`${key} is ${value}`);
  return value;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @param hint what to do when it is the disk that fails; null for the error's own. */
async function onDisk<T>(folder: string, hint: string | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TyrianError) throw error;
    throw new TyrianError("journal-write-failed", `${folder}: ${messageOf(error)}`, {
      cause: error,
      ...(hint === null ? {} : { hint }),
    });
  }
}
