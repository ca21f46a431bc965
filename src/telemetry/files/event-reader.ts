import type { EventFormat, EventSink } from "./event-source.js";
import { JsonEvents } from "./json-events.js";
import { beginsRendered, RenderedEvents } from "./rendered-events.js";
import { XmlEvents } from "./xml-events.js";

const nothing = Buffer.alloc(0);

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

/** Finds the events in a stream of bytes, whose format (JSON, XML or rendered text) it tells by how they begin. Keeps no more than one event's bytes. */
export class EventReader {
  readonly #sink: EventSink;
  #format: EventFormat | null = null;
  #rest: Buffer = nothing;
  #begun: boolean;
  #refused = false;

  /** @param atStart the first byte is the file's; false for a later piece of a file that is read in pieces */
  constructor(sink: EventSink, atStart = true) {
    this.#sink = sink;
    this.#begun = !atStart;
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
    if (!this.#begun) {
      if (bytes.length < 64 && !last) {
        this.#rest = Buffer.from(bytes);
        return;
      }
      this.#begun = true;
      if (this.#refuse(bytes)) return;
      if (bytes.length >= 3 && bytes.toString("latin1", 0, 3) === "\u00ef\u00bb\u00bf")
        bytes = bytes.subarray(3);
    }
    const format = (this.#format ??= formatOf(bytes));
    const taken = format.take(bytes, last, this.#sink);
    // Copied: the chunk's memory may be used again.
    this.#rest = taken === bytes.length ? nothing : Buffer.from(bytes.subarray(taken));
  }

  #refuse(bytes: Buffer): boolean {
    const begin = bytes.toString("latin1", 0, 16);
    const found = foreign.find(([pattern]) => pattern.test(begin));
    if (found === undefined) return false;
    const [, message, hint] = found;
    this.#sink.problem({ line: 1, column: 1, code: "events-format", message, hint });
    this.#refused = true;
    this.#rest = nothing;
    return true;
  }
}

/** By the first byte that is no white space. A file of blanks has no events in any format. */
function formatOf(bytes: Buffer): EventFormat {
  const begin = bytes.toString("latin1", 0, 4096).trimStart();
  if (beginsRendered(begin)) return new RenderedEvents();
  return begin.startsWith("<") || /^Record \d+\s*</.test(begin) ? new XmlEvents() : new JsonEvents();
}
