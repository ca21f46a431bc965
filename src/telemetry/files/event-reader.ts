import type { ValueKeys } from "../../detection/match/value-keys.js";
import type { EventFormat, EventSink } from "./event-source.js";
import { JsonEvents } from "./json-events.js";
import { beginsRendered, RenderedEvents } from "./rendered-events.js";
import { XmlEvents } from "./xml-events.js";

const nothing = Buffer.alloc(0);
/** In UTF-8, its bytes as characters. */
const byteOrderMark = "\u00ef\u00bb\u00bf";

/** Files that hold events in a form that is not read, by their first bytes. */
const foreign: readonly (readonly [RegExp, string, string])[] = [
  [
    /^ElfFile\0/,
    "the file is EVTX",
    "export it first: evtx_dump -o jsonl FILE, or wevtutil qe FILE /lf:true /f:xml",
  ],
  [/^\x1f\x8b/, "the file is compressed with gzip", "give it a name that ends in .gz"],
  [
    /^(?:\xff\xfe|\xfe\xff|[<{[]\0|\0[<{[])/,
    "the file is UTF-16",
    "convert it first: iconv -f UTF-16 -t UTF-8 FILE",
  ],
];

export type FormatName = "json" | "xml" | "rendered";

/** What a stream of bytes begins with: a file, or a later piece of one, in the format of that file. */
export type Beginning = "file" | FormatName;

/** Bytes by which the format of a file is told. */
export const FIRST_BYTES = 64;

/** Finds the events in a stream of bytes, whose format (JSON, XML or rendered text) it tells by how they begin. Keeps no more than one event's bytes. */
export class EventReader {
  readonly #sink: EventSink;
  readonly #keys: ValueKeys | null;
  #format: EventFormat | null;
  #rest: Buffer = nothing;
  #refused = false;

  /** @param keys by which the values of events are told apart for the prefilter */
  constructor(sink: EventSink, begin: Beginning = "file", keys: ValueKeys | null = null) {
    this.#sink = sink;
    this.#keys = keys;
    this.#format = begin === "file" ? null : eventsOf(begin, keys);
  }

  /** Whether all bytes were taken, and the next could as well be the first of a file. */
  get clean(): boolean {
    return this.#rest.length === 0 && !this.#refused && (this.#format === null || this.#format.idle);
  }

  /** Lines begun so far, up to the next byte. */
  get line(): number {
    return this.#format?.line ?? 1;
  }

  /** @param last nothing comes after these bytes */
  push(chunk: Buffer, last: boolean): void {
    if (this.#refused) return;
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (this.#format === null) {
      if (bytes.length < FIRST_BYTES && !last) {
        this.#rest = Buffer.from(bytes);
        return;
      }
      if (this.#refuse(bytes)) return;
      if (bytes.toString("latin1", 0, 3) === byteOrderMark) bytes = bytes.subarray(3);
      this.#format = eventsOf(formatOf(bytes), this.#keys);
    }
    const taken = this.#format.take(bytes, last, this.#sink);
    // Copied: the chunk's memory may be used again.
    this.#rest = taken === bytes.length ? nothing : Buffer.from(bytes.subarray(taken));
  }

  #refuse(bytes: Buffer): boolean {
    const begin = bytes.toString("latin1", 0, FIRST_BYTES);
    const found = foreign.find(([pattern]) => pattern.test(begin));
    if (found === undefined) return false;
    const [, message, hint] = found;
    this.#sink.problem({ line: 1, column: 1, code: "events-format", message, hint });
    this.#refused = true;
    this.#rest = nothing;
    return true;
  }
}

function eventsOf(format: FormatName, keys: ValueKeys | null): EventFormat {
  if (format === "rendered") return new RenderedEvents();
  return format === "xml" ? new XmlEvents() : new JsonEvents(keys);
}

/** The format of a file by the first byte that is no white space. A file of blanks has no events in any. */
export function formatOf(bytes: Buffer): FormatName {
  const text = bytes.toString("latin1", 0, 4096);
  const begin = (text.startsWith(byteOrderMark) ? text.slice(byteOrderMark.length) : text).trimStart();
  if (beginsRendered(begin)) return "rendered";
  return begin.startsWith("<") || /^Record \d+\s*</.test(begin) ? "xml" : "json";
}
