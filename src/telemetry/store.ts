import { chmod } from "node:fs/promises";
import type { DuckDBAppender, DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { messageOf, TyrianError } from "../errors.js";
import type { HostEvent } from "../model/event.js";
import { columns, eventOf, readColumns, rowOf } from "./store-row.js";
import type { Cell } from "./store-row.js";

/** Milliseconds that appended events may wait in memory before they are written. */
const WRITE_AFTER_MS = 1_000;
/** Events that may wait to be written before whoever brings them should wait. */
const MOST_QUEUED = 10_000;
/** Rows that are handed over in one go; a few milliseconds, in which nothing else runs. */
const ROWS_AT_ONCE = 500;
/** Rows of one transaction: its commit, which waits for the disk, runs beside everything else. */
const ROWS_OF_TRANSACTION = 2000;
const SCAN_ROWS = 250;

interface Database {
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
  readonly appender: DuckDBAppender;
}

/**
 * All events of a run, in a DuckDB database: for windows that are too old for memory, and for hunting. `append` only queues;
 * events are written in batches off the caller's path, and every read writes what is queued first, so nothing that was
 * appended is ever missing from an answer. One owner opens and closes a store; DuckDB lets no second process in.
 */
export class EventStore {
  readonly #file: string;
  readonly #spillFolder: string | undefined;
  #opening: Promise<Database> | null = null;
  #queue: HostEvent[] = [];
  #ordinal = 0;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #failure: string | null = null;
  #closed = false;

  /**
   * @param file path of the database, made when absent; `:memory:` keeps it in memory, where it grows without bound
   * @param spillFolder of a database in memory: what does not fit in there goes into files of this folder, and is gone with the process
   */
  constructor(file: string, spillFolder?: string) {
    this.#file = file;
    this.#spillFolder = spillFolder;
  }

  /** Why events could not be written; null while all could. After a failure nothing more is written. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Ordinal of the event appended last; events are counted from 1 in the order of `append`. */
  get lastOrdinal(): number {
    return this.#ordinal + this.#queue.length;
  }

  append(events: readonly HostEvent[]): void {
    if (this.#closed || this.#failure !== null || events.length === 0) return;
    for (const event of events) this.#queue.push(event);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.flush().catch(() => undefined);
    }, WRITE_AFTER_MS);
  }

  /**
   * Writes what is queued.
   * @throws TyrianError `siem-unreachable` when the database cannot be opened or written
   */
  async flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
    if (this.#failure !== null) throw new TyrianError("siem-unreachable", this.#failure);
  }

  /** Resolves when few enough events wait to be written, for who could bring more than can be written. Never rejects. */
  async room(): Promise<void> {
    if (this.#queue.length > MOST_QUEUED) await this.flush().catch(() => undefined);
  }

  /** Takes out the events that came before a moment, milliseconds since 1970. @throws TyrianError `siem-unreachable` */
  async forgetBefore(moment: number): Promise<void> {
    await this.#query("DELETE FROM events WHERE ingested_at < ?", [moment]);
  }

  /** Events of a host between two moments of their own time, inclusive, in order of sequence. */
  window(host: string, from: number, to: number): Promise<HostEvent[]> {
    return this.#select("host = ? AND time BETWEEN ? AND ? ORDER BY sequence, ordinal", [host, from, to]);
  }

  /** Events of a login session, in order of sequence. */
  bySession(host: string, session: string): Promise<HostEvent[]> {
    return this.#select("host = ? AND session = ? ORDER BY sequence, ordinal", [host, session]);
  }

  async byId(id: string): Promise<HostEvent | null> {
    const [event] = await this.#select("id = ? ORDER BY ordinal LIMIT 1", [id]);
    return event ?? null;
  }

  /** Different events, of one host or of all. */
  async count(host?: string): Promise<number> {
    const where = host === undefined ? "" : "WHERE host = ?";
    const rows = await this.#query(
      `SELECT count(DISTINCT id)::DOUBLE FROM events ${where}`,
      host === undefined ? [] : [host],
    );
    return Number(rows[0]?.[0] ?? 0);
  }

  /** All events, or those up to an ordinal, in the order in which they were appended, in batches. */
  async *scan(upTo?: number): AsyncGenerator<HostEvent[]> {
    await this.flush();
    await this.#open();
    const lastOrdinal = upTo ?? this.#ordinal;
    for (let after = 0; after < lastOrdinal; after += SCAN_ROWS) {
      const to = Math.min(after + SCAN_ROWS, lastOrdinal);
      yield await this.#select("ordinal > ? AND ordinal <= ? ORDER BY ordinal", [after, to]);
    }
  }

  /** Writes what is queued and closes the database. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.flush().catch(() => undefined);
    this.#closed = true;
    const database = await this.#opening?.catch(() => null);
    if (database === null || database === undefined) return;
    if (this.#failure === null) database.appender.closeSync();
    database.connection.closeSync();
    database.instance.closeSync();
  }

  async #select(where: string, values: Cell[]): Promise<HostEvent[]> {
    const rows = await this.#query(`SELECT ${readColumns.join(", ")} FROM events WHERE ${where}`, values);
    // the same log read twice (a database that is opened again) gives the same events again
    const events = new Map<string, HostEvent>();
    for (const row of rows) {
      const event = eventOf(row);
      if (!events.has(event.id)) events.set(event.id, event);
    }
    return [...events.values()];
  }

  async #query(sql: string, values: Cell[]): Promise<unknown[][]> {
    await this.flush();
    const { connection } = await this.#open();
    try {
      return (await connection.runAndReadAll(sql, values)).getRows();
    } catch (thrown) {
      throw new TyrianError("siem-unreachable", `${this.#file}: ${messageOf(thrown)}`, { cause: thrown });
    }
  }

  #open(): Promise<Database> {
    if (this.#closed) return Promise.reject(new TyrianError("siem-unreachable", `${this.#file} is closed`));
    this.#opening ??= this.#create();
    return this.#opening;
  }

  async #create(): Promise<Database> {
    const { DuckDBInstance } = await import("@duckdb/node-api");
    const instance = await DuckDBInstance.create(this.#file, {
      threads: "1",
      memory_limit: "512MB",
      // the write-ahead log is merged at close: in between that would stop everything for a second
      checkpoint_threshold: "1GB",
      ...(this.#spillFolder === undefined ? {} : { temp_directory: this.#spillFolder }),
    });
    await this.#keepPrivate(this.#file);
    const connection = await instance.connect();
    const declared = columns.map(([name, type]) => `${name} ${type}`).join(", ");
    await connection.run(`CREATE TABLE IF NOT EXISTS events (${declared})`);
    await this.#keepPrivate(`${this.#file}.wal`);
    const [row] = (await connection.runAndReadAll("SELECT max(ordinal) FROM events")).getRows();
    this.#ordinal += Number(row?.[0] ?? 0);
    return { instance, connection, appender: await connection.createAppender("events") };
  }

  /**
   * Events hold the command lines of hosts, so only their owner may read them. DuckDB makes its files itself, with the
   * mode of the process, and takes no file that is there and empty.
   */
  async #keepPrivate(file: string): Promise<void> {
    if (this.#file === ":memory:") return;
    await chmod(file, 0o600).catch((thrown: unknown) => {
      // There is no log when the table was there already.
      if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
    });
  }

  async #write(): Promise<void> {
    if (this.#queue.length === 0 || this.#failure !== null || this.#closed) return;
    try {
      const { connection, appender } = await this.#open();
      while (this.#queue.length > 0) {
        const batch = this.#queue.slice(0, ROWS_OF_TRANSACTION);
        await connection.run("BEGIN");
        for (const [index, event] of batch.entries()) {
          appendRow(appender, rowOf(event, this.#ordinal + index + 1));
          if (index % ROWS_AT_ONCE !== ROWS_AT_ONCE - 1) continue;
          appender.flushSync();
          await new Promise((resolve) => setImmediate(resolve));
        }
        appender.flushSync();
        await connection.run("COMMIT");
        this.#ordinal += batch.length;
        this.#queue = this.#queue.slice(batch.length);
      }
    } catch (thrown) {
      this.#failure = `events could not be written to ${this.#file}: ${messageOf(thrown)}`;
      this.#queue = [];
    }
  }
}

/** Cells are of their columns' types: see `rowOf`. */
function appendRow(appender: DuckDBAppender, cells: readonly Cell[]): void {
  for (const cell of cells) {
    if (cell === null) appender.appendNull();
    else if (typeof cell === "number") appender.appendDouble(cell);
    else appender.appendVarchar(cell);
  }
  appender.endRow();
}
