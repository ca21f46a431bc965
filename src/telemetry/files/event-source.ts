import type { FoldedText } from "../../detection/match/folded-text.js";

/** Why something of an event file was left out. Lines and columns count from 1; columns count bytes. */
export interface EventProblem {
  readonly line: number;
  readonly column: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** An event that was found in a file and not yet read. */
export interface FoundEvent {
  /** Where it starts; columns count bytes. */
  readonly line: number;
  readonly column: number;
  /** False when its shape surely tells no log source (see event-shape.ts). */
  readonly shaped: boolean;
  /** Its values, folded for the prefilter; null when that takes reading it. Valid until the next event is found. */
  readonly text: FoldedText | null;
  /** Whether its fields surely have no values besides these. */
  readonly complete: boolean;
  /** The document as JSON has it. Only while the event is handled. */
  document(): unknown;
}

/** Takes what is found, in the order of the file. */
export interface EventSink {
  event(found: FoundEvent): void;
  problem(problem: EventProblem): void;
}

/** Finds events in the bytes of a file of one format, which come in pieces. */
export interface EventFormat {
  /**
   * Takes what can be taken and says how many bytes that was: the rest must come again, with more behind it.
   * @param last nothing comes after these bytes
   */
  take(bytes: Buffer, last: boolean, sink: EventSink): number;
  /** Whether the next byte is as good a place to begin as the file's first. */
  readonly idle: boolean;
  /** Lines begun, up to the next byte. */
  readonly line: number;
}

/** Larger events are refused: a Windows event has at most 64 KiB, a script block of PowerShell less. */
export const LARGEST_EVENT = 16 * 1024 * 1024;
