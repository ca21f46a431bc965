import { EventDefect } from "../windows/event-defect.js";
import { xmlDocument } from "../windows/xml-document.js";
import { LARGEST_EVENT, type EventFormat, type EventSink } from "./event-source.js";
import { shown } from "./json-bytes.js";

const LESS = 0x3c;
const LINE_FEED = 0x0a;
const opening = "<Event";
const closing = "</Event>";
const goesOn = "the next <Event> is where reading goes on";

/** What may stand between events, by how it begins and ends. */
const between: readonly (readonly [string, string])[] = [
  ["<?", "?>"],
  ["<!--", "-->"],
  ["<Events", ">"],
  ["</Events", ">"],
];

/** Events as XML, one after the other or inside of `<Events>`: what wevtutil and evtx_dump write. */
export class XmlEvents implements EventFormat {
  line = 1;
  #before = 0;
  /** The text that is no event was reported; it goes on to the next event. */
  #skipping = false;
  /** Bytes that an unfinished event must have before it is looked at again. */
  #unfinished = 0;

  get idle(): boolean {
    return !this.#skipping && this.#before === 0;
  }

  take(bytes: Buffer, last: boolean, sink: EventSink): number {
    let at = 0;
    let lineStart = -this.#before;
    const advance = (to: number): void => {
      for (
        let feed = bytes.indexOf(LINE_FEED, at);
        feed !== -1 && feed < to;
        feed = bytes.indexOf(LINE_FEED, feed + 1)
      ) {
        this.line++;
        lineStart = feed + 1;
      }
      at = to;
    };
    const report = (code: string, message: string, hint = goesOn): void =>
      sink.problem({ line: this.line, column: at - lineStart + 1, code, message, hint });
    while (at < bytes.length) {
      if (this.#skipping) {
        const next = nextEvent(bytes, at);
        // What is too short for a tag comes again.
        advance(next === -1 ? (last ? bytes.length : Math.max(at, bytes.length - opening.length)) : next);
        if (next === -1) break;
        this.#skipping = false;
      }
      const byte = bytes[at] as number;
      if (byte === LINE_FEED) {
        this.line++;
        lineStart = ++at;
        continue;
      }
      if (byte === 0x20 || byte === 0x09 || byte === 0x0d) {
        at++;
        continue;
      }
      // The longest of what may come is told apart by so much.
      if (!last && bytes.length - at < 64) break;
      if (byte === LESS && startsEvent(bytes, at)) {
        // An unfinished event is looked at again when there is much more of it, so that time stays in proportion.
        if (!last && bytes.length - at < this.#unfinished) break;
        this.#unfinished = 0;
        const extent = extentOf(bytes, at);
        const size = (extent === null ? bytes.length : extent.end) - at;
        if (size > LARGEST_EVENT) {
          report("event-too-large", `the event has more than ${LARGEST_EVENT / 1024 / 1024} MiB`);
        } else if (extent === null) {
          if (!last) {
            this.#unfinished = size < 262_144 ? 0 : size * 2;
            break;
          }
          report("events-unfinished", "the file ends inside an event");
        } else if (extent.closed) {
          const document = this.#read(bytes.toString("utf8", at, extent.end), report);
          if (document !== undefined) {
            const column = at - lineStart + 1;
            sink.event({
              line: this.line,
              column,
              shaped: true,
              text: null,
              complete: false,
              document: () => document,
            });
          }
          advance(extent.end);
          continue;
        } else report("event-not-xml", "the event does not end before the next begins");
        advance(at + opening.length);
        this.#skipping = true;
        continue;
      }
      const end = this.#between(bytes, at);
      if (end === null) {
        const doctype = bytes.toString("latin1", at, at + 9).toUpperCase() === "<!DOCTYPE";
        if (doctype)
          report("event-xml-declares", "the file has a document type, whose entities are not read");
        else report("event-not-xml", `expected <Event>, found ${shown(bytes, at)}`);
        this.#skipping = true;
        advance(at + 1);
      } else if (end === -1 && !last) break;
      else advance(end === -1 ? bytes.length : end);
    }
    this.#before = at - lineStart;
    return at;
  }

  /** The event as a document; undefined, with a report, when it is none. */
  #read(text: string, report: (code: string, message: string, hint?: string) => void): unknown {
    try {
      return xmlDocument(text);
    } catch (thrown) {
      if (!(thrown instanceof EventDefect)) throw thrown;
      report(thrown.code, thrown.message, thrown.hint === "" ? goesOn : thrown.hint);
      return undefined;
    }
  }

  /** The end of what may stand between events; -1 when it does not end yet, null when it is something else. */
  #between(bytes: Buffer, at: number): number | null {
    const known = between.find(([begin]) => bytes.toString("latin1", at, at + begin.length) === begin);
    if (known !== undefined) {
      const end = bytes.indexOf(known[1], at);
      return end === -1 ? -1 : end + known[1].length;
    }
    const feed = bytes.indexOf(LINE_FEED, at);
    const line = bytes.toString("latin1", at, Math.min(at + 40, feed === -1 ? bytes.length : feed));
    return feed !== -1 && /^Record \d+\s*$/.test(line) ? feed : null;
  }
}

/** Whether `<Event` stands here as a whole name. */
function startsEvent(bytes: Buffer, at: number): boolean {
  if (bytes.toString("latin1", at, at + opening.length) !== opening) return false;
  return /[\s/>]/.test(String.fromCharCode(bytes[at + opening.length] ?? 0));
}

function nextEvent(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(opening, from); at !== -1; at = bytes.indexOf(opening, at + 1)) {
    if (startsEvent(bytes, at)) return at;
  }
  return -1;
}

/** Where the event ends that starts at a place, or where the next begins if that is sooner; null while there is neither. */
function extentOf(bytes: Buffer, from: number): { end: number; closed: boolean } | null {
  let at = from + opening.length;
  for (;;) {
    const next = bytes.indexOf(LESS, at);
    if (next === -1) return null;
    const head = bytes.toString("latin1", next, next + 9);
    const skipped = head.startsWith("<![CDATA[") ? "]]>" : head.startsWith("<!--") ? "-->" : null;
    if (skipped !== null) {
      const end = bytes.indexOf(skipped, next + 4);
      if (end === -1) return null;
      at = end + skipped.length;
    } else if (head.startsWith(closing)) return { end: next + closing.length, closed: true };
    else if (startsEvent(bytes, next)) return { end: next, closed: false };
    else at = next + 1;
  }
}
