import { foldEvent } from "../../../src/detection/match/event-text.js";
import { FoldedText } from "../../../src/detection/match/folded-text.js";
import { EventReader } from "../../../src/telemetry/files/event-reader.js";
import type { EventProblem } from "../../../src/telemetry/files/event-source.js";

/** What a reader found: events as their line and document, problems as they are. */
export interface Found {
  readonly events: { readonly line: number; readonly document: unknown }[];
  readonly problems: EventProblem[];
  /** In the order of the file. */
  readonly order: ("event" | "problem")[];
  /** By event: its folded values; null where it must be read. */
  readonly texts: (string | null)[];
  readonly reader: EventReader;
}

export function shownText(text: FoldedText): string {
  return Buffer.from(text.bytes.subarray(0, text.length)).toString("latin1");
}

/** Reads bytes in pieces that end at the given places. */
export function read(input: string | Buffer, cuts: readonly number[] = []): Found {
  const bytes = Buffer.from(input);
  const events: Found["events"] = [];
  const problems: EventProblem[] = [];
  const order: Found["order"] = [];
  const texts: Found["texts"] = [];
  const reader = new EventReader({
    event: ({ line, text, complete, document }) => {
      events.push({ line, document: document() });
      texts.push(text === null || !complete ? null : shownText(text));
      order.push("event");
    },
    problem: (problem) => {
      problems.push(problem);
      order.push("problem");
    },
  });
  let from = 0;
  for (const cut of cuts.toSorted((left, right) => left - right)) {
    // Memory of a piece is used again, as that of a file stream may be.
    const piece = Buffer.from(bytes.subarray(from, cut));
    reader.push(piece, false);
    piece.fill(0);
    from = cut;
  }
  reader.push(bytes.subarray(from), true);
  return { events, problems, order, texts, reader };
}

/** What the prefilter sees of a document whose values are fields. */
export function foldedDocument(document: Record<string, unknown>): string {
  const text = new FoldedText();
  foldEvent({ id: "", logsource: { product: "" }, fields: document }, text);
  // The product, which is empty, comes first.
  return shownText(text).slice(1);
}
