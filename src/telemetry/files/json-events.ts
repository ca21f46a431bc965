import { FoldedText } from "../../detection/match/folded-text.js";
import type { ValueKeys } from "../../detection/match/value-keys.js";
import { LARGEST_EVENT, type EventFormat, type EventSink, type FoundEvent } from "./event-source.js";
import { SHOWN, shown } from "./json-bytes.js";
import { JsonScanner } from "./json-scanner.js";

/** Where the next byte stands: outside of any list, at the first or a later element, or behind an element. */
type Place = "outside" | "first" | "element" | "behind";

const BRACE = 0x7b;
const LINE_FEED = 0x0a;
const expected: Readonly<Record<Place, string>> = {
  outside: "an event, which is a JSON object, or a list of them",
  first: "an event, which is a JSON object, or the end of the list",
  element: "an event, which is a JSON object",
  behind: 'a "," or the end of the list',
};
/** Where the byte after a mark stands. */
const places: Readonly<Record<Place, Readonly<Record<string, Place>>>> = {
  outside: { "[": "first" },
  first: { "]": "outside" },
  element: {},
  behind: { ",": "element", "]": "outside" },
};
const recordNumber = /^Record \d+\s*$/;
const goesOn = "the next line that starts with an event is where reading goes on";

/**
 * Events as JSON: an object a line, objects one after the other over any number of lines, and lists of objects, also
 * mixed. Where something else stands, the next line that starts with a brace, no further in than the event before, is
 * where it goes on.
 */
export class JsonEvents implements EventFormat {
  line = 1;
  #place: Place = "outside";
  /** How far in the next event may start, while what is no event is skipped; -1 otherwise. */
  #skipping = -1;
  /** Bytes of the first line that came before those at hand. */
  #before = 0;
  readonly #scanner: JsonScanner;
  readonly #text = new FoldedText();
  /** Bytes that an unfinished event must have before it is looked at again. */
  #unfinished = 0;

  /** @param keys by which the values of events are told apart for the prefilter */
  constructor(keys: ValueKeys | null) {
    this.#scanner = new JsonScanner(keys);
  }

  get idle(): boolean {
    return this.#place === "outside" && this.#skipping === -1 && this.#before === 0;
  }

  take(bytes: Buffer, last: boolean, sink: EventSink): number {
    let at = 0;
    let lineStart = -this.#before;
    const report = (code: string, message: string): void =>
      sink.problem({ line: this.line, column: at - lineStart + 1, code, message, hint: goesOn });
    for (;;) {
      if (this.#skipping >= 0) {
        const next = this.#skip(bytes, at, lineStart, last);
        ({ at, lineStart } = next);
        if (!next.found) break;
      }
      const byte = bytes[at];
      if (byte === undefined) {
        if (last && this.#place !== "outside") {
          this.#place = "outside";
          report("events-unfinished", "the file ends inside a list");
        }
        break;
      }
      if (byte === LINE_FEED) {
        this.line++;
        lineStart = ++at;
      } else if (byte === 0x20 || byte === 0x09 || byte === 0x0d) at++;
      else if (byte === BRACE && this.#place !== "behind") {
        // An unfinished event is looked at again when there is much more of it, so that time stays in proportion.
        if (!last && bytes.length - at < this.#unfinished) break;
        const outcome = this.#scanner.scan(bytes, at, bytes.length, this.#text);
        if (!last && this.#needsMore(outcome, at, bytes.length)) break;
        this.#unfinished = 0;
        if (outcome === "complete" && this.#scanner.end - at <= LARGEST_EVENT) {
          sink.event(this.#found(bytes, at, at - lineStart + 1));
          this.line += this.#scanner.lines;
          if (this.#scanner.lines > 0) lineStart = this.#scanner.lineStart;
          at = this.#scanner.end;
          if (this.#place !== "outside") this.#place = "behind";
          continue;
        }
        this.#refuse(sink, bytes.length, at, lineStart, report);
        this.#skipping = at - lineStart;
      } else if (this.#punctuation(byte)) at++;
      else {
        const feed = bytes.indexOf(LINE_FEED, at);
        const end = feed === -1 ? bytes.length : feed;
        if (feed === -1 && !last && end - at < 1024) break;
        // evtx_dump numbers its records.
        if (
          this.#place === "outside" &&
          end - at < 40 &&
          recordNumber.test(bytes.toString("latin1", at, end))
        ) {
          at = end;
          continue;
        }
        const code = byte === BRACE || this.#place === "behind" ? "event-not-json" : "event-not-object";
        report(code, `expected ${expected[this.#place]}, found ${shown(bytes, at, end)}`);
        this.#skipping = at - lineStart;
      }
    }
    this.#before = at - lineStart;
    return at;
  }

  #needsMore(outcome: string, from: number, length: number): boolean {
    if (outcome === "invalid") return (this.#scanner.problem?.at ?? 0) + SHOWN > length;
    const size = length - from;
    if (outcome === "complete" || size > LARGEST_EVENT) return false;
    this.#unfinished = size < 262_144 ? 0 : size * 2;
    return true;
  }

  /** Whether a byte stands where lists begin, end or go on; moves on if it does. */
  #punctuation(byte: number): boolean {
    const next = places[this.#place][String.fromCharCode(byte)];
    if (next === undefined) return false;
    this.#place = next;
    return true;
  }

  #found(bytes: Buffer, from: number, column: number): FoundEvent {
    const { end, exact, making, makingByKey, shaped } = this.#scanner;
    // Fields are made of values under other keys.
    if (making) this.#text.numbering = null;
    return {
      line: this.line,
      column,
      shaped,
      text: exact && !makingByKey ? this.#text : null,
      complete: exact && !making,
      document: () => JSON.parse(bytes.toString("utf8", from, end)) as unknown,
    };
  }

  #refuse(
    sink: EventSink,
    length: number,
    at: number,
    lineStart: number,
    report: (code: string, message: string) => void,
  ): void {
    const { problem, lines, lineStart: inner } = this.#scanner;
    if (problem !== null && problem.at - at <= LARGEST_EVENT) {
      const { code, message } = problem;
      sink.problem({
        line: this.line + lines,
        column: problem.at - (lines > 0 ? inner : lineStart) + 1,
        code,
        message: lines > 0 ? `${message}, in the event of line ${this.line}` : message,
        hint: goesOn,
      });
    } else if (length - at <= LARGEST_EVENT) {
      report("events-unfinished", "the file ends inside an event");
    } else report("event-too-large", `the event has more than ${LARGEST_EVENT / 1024 / 1024} MiB`);
  }

  /** Looks for the line on which the next event starts. */
  #skip(
    bytes: Buffer,
    from: number,
    fromLine: number,
    last: boolean,
  ): { at: number; lineStart: number; found: boolean } {
    let at = from;
    let lineStart = fromLine;
    for (;;) {
      const feed = bytes.indexOf(LINE_FEED, at);
      if (feed === -1) {
        if (last) this.#goOn("outside");
        return { at: bytes.length, lineStart, found: false };
      }
      let start = feed + 1;
      while (start - feed - 1 < this.#skipping && (bytes[start] === 0x20 || bytes[start] === 0x09)) start++;
      // How the line starts is not at hand yet.
      if (start >= bytes.length && !last) return { at: feed, lineStart, found: false };
      this.line++;
      lineStart = feed + 1;
      at = lineStart;
      if (bytes[start] === BRACE) {
        this.#goOn(this.#place === "outside" ? "outside" : "element");
        return { at: start, lineStart, found: true };
      }
    }
  }

  #goOn(place: Place): void {
    this.#skipping = -1;
    this.#place = place;
  }
}
