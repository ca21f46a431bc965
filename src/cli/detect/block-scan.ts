import type { StreamingMatcher } from "../../detection/matcher.js";
import type { Logsource, ReadEvent } from "../../telemetry/files/event-shape.js";
import { type PlacedEvent, ScriptParts } from "../../telemetry/files/script-parts.js";
import type { ScannedRules } from "./counting.js";
import { EventScan, type ScanResult } from "./event-scan.js";

/** Where an event starts. */
interface Place {
  readonly file: string;
  readonly line: number;
}

/** What was found in a script block, at the line of its first part. */
export interface BlockResult {
  readonly place: Place;
  readonly result: ScanResult;
}

/** Matches script blocks whose parts lie in pieces of files that any thread has read, and in several files. */
export class BlockScan {
  readonly #parts = new ScriptParts<Place>();
  readonly #scan: EventScan;

  constructor(rules: ScannedRules, matcher: StreamingMatcher, logsource: Logsource | null) {
    this.#scan = new EventScan(rules, matcher, logsource, "file");
  }

  get counts(): ScriptParts<Place>["counts"] {
    return this.#parts.counts;
  }

  /** Takes a part, in the order of the files. @returns what was found in blocks that are whole now, and in parts of those given up */
  push(read: ReadEvent, place: Place): BlockResult[] {
    return this.#matched(this.#parts.push(read, place));
  }

  /** Gives up the blocks that still wait. */
  flush(): BlockResult[] {
    return this.#matched(this.#parts.flush());
  }

  #matched(events: readonly PlacedEvent<Place>[]): BlockResult[] {
    return events.map(({ read, place }) => {
      this.#scan.match(read, place.line);
      return { place, result: this.#scan.take() };
    });
  }
}
