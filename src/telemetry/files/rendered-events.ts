import { LARGEST_EVENT, type EventFormat, type EventSink } from "./event-source.js";

const LINE_FEED = 0x0a;
const second = Buffer.from("\nLogName=");
const timeLine = /^\d{1,2}\/\d{1,2}\/\d{4} \d{1,2}:\d\d:\d\d(?:\.\d+)?(?: [AP]M)?\r?$/;
/** No line with a time is longer. */
const MOST_TIME = 40;

/** Whether a file that begins so holds events as the text of Splunk's source type WinEventLog. */
export function beginsRendered(text: string): boolean {
  const feed = text.indexOf("\n");
  return feed > 0 && timeLine.test(text.slice(0, feed)) && text.startsWith("LogName=", feed + 1);
}

/**
 * Events as the text that Windows renders, one after the other: each begins with a line of its time and one with its log,
 * and ends where the next begins. Nothing else parts them, so a text that holds such lines itself is cut there; what stands
 * before the cut is then not whole, and is refused.
 */
export class RenderedEvents implements EventFormat {
  line = 1;
  /** Where an event ends is only known when the next begins. */
  readonly idle = false;
  /** Bytes of the event at hand in which no end was found. */
  #searched = 0;
  /** The event at hand is too large, and was reported. */
  #skipping = false;

  take(bytes: Buffer, last: boolean, sink: EventSink): number {
    let at = 0;
    for (;;) {
      const end = nextEvent(bytes, at + Math.max(this.#searched, 1));
      if (end === -1 && !last) {
        if (bytes.length - at > LARGEST_EVENT) {
          this.#refuse(sink);
          // The line that may begin the next event comes again.
          const kept = Math.max(at, bytes.length - MOST_TIME - second.length);
          this.#advance(bytes, at, kept);
          this.#searched = 0;
          return kept;
        }
        this.#searched = Math.max(0, bytes.length - at - MOST_TIME - second.length);
        return at;
      }
      const to = end === -1 ? bytes.length : end;
      if (to - at > LARGEST_EVENT) this.#refuse(sink);
      else if (!this.#skipping && to > at) this.#give(bytes.toString("utf8", at, to), sink);
      this.#advance(bytes, at, to);
      this.#searched = 0;
      this.#skipping = false;
      at = to;
      if (end === -1) return at;
    }
  }

  #give(text: string, sink: EventSink): void {
    if (text.trim() === "") return;
    // As Splunk keeps it.
    sink.event({
      line: this.line,
      column: 1,
      shaped: true,
      text: null,
      complete: false,
      document: () => ({ _raw: text }),
    });
  }

  #refuse(sink: EventSink): void {
    if (this.#skipping) return;
    this.#skipping = true;
    const message = `the event has more than ${LARGEST_EVENT / 1024 / 1024} MiB`;
    const hint = "the next line with a time, before one with LogName=, is where reading goes on";
    sink.problem({ line: this.line, column: 1, code: "event-too-large", message, hint });
  }

  #advance(bytes: Buffer, from: number, to: number): void {
    for (
      let feed = bytes.indexOf(LINE_FEED, from);
      feed !== -1 && feed < to;
      feed = bytes.indexOf(LINE_FEED, feed + 1)
    )
      this.line++;
  }
}

/** Where the next event begins, at a place or after it; -1 when that is not known. */
function nextEvent(bytes: Buffer, from: number): number {
  for (let found = bytes.indexOf(second, from); found !== -1; found = bytes.indexOf(second, found + 1)) {
    const begin = bytes.lastIndexOf(LINE_FEED, found - 1) + 1;
    if (begin < from || found - begin > MOST_TIME) continue;
    if (timeLine.test(bytes.toString("latin1", begin, found))) return begin;
  }
  return -1;
}
