import { foldEvent } from "../../detection/match/event-text.js";
import { BOUND_TEXT, FoldedText } from "../../detection/match/folded-text.js";
import type { OnUndecided, StreamingMatcher } from "../../detection/matcher.js";
import { type Beginning, EventReader } from "../../telemetry/files/event-reader.js";
import { fieldsFor, type Logsource, type ReadEvent } from "../../telemetry/files/event-shape.js";
import { readFound } from "../../telemetry/files/read-found.js";
import { isScriptPart } from "../../telemetry/files/script-parts.js";
import type { EventProblem, FoundEvent } from "../../telemetry/files/event-source.js";
import { windowsTime } from "../../telemetry/windows/time.js";
import { timeOf } from "../search/event-time.js";
import type { CountedEvent, ScannedRules } from "./counting.js";

/** Problems of one result that are kept; further ones are counted. */
export const MOST_PROBLEMS = 100;

/** What was found in a piece of a file. Lines count from 1 at the first byte of the scan. */
export interface ScanResult {
  readonly events: number;
  /** Number of the rule and line of the event, one after the other, for each match. */
  readonly matches: readonly number[];
  /** Events that correlations count. */
  readonly counted: readonly CountedEvent[];
  /** The first {@link MOST_PROBLEMS}. */
  readonly problems: readonly EventProblem[];
  readonly problemCount: number;
  /** Those of the problems that are no events left out, but queries that could not be evaluated over an event. */
  readonly undecided: number;
  /** Events that were not matched because their shape does not tell their log source. */
  readonly unknown: number;
  /** Parts of script blocks, which were not matched: it takes the whole block. */
  readonly parts: readonly FoundPart[];
  /** Whether a new scan of the next piece would find the same as this one. */
  readonly clean: boolean;
  /** Line feeds that were scanned, since the scan began. */
  readonly lines: number;
}

/** A part of a script block of PowerShell, and its line. */
export interface FoundPart {
  readonly read: ReadEvent;
  readonly line: number;
}

/** The number of the event of a part of a script block, as one of the folded values. */
const PART_NUMBER = Buffer.from(`${BOUND_TEXT}4104${BOUND_TEXT}`);

/** Matches the events of one file, piece by piece. */
export class EventScan {
  readonly #rules: ScannedRules;
  readonly #matcher: StreamingMatcher;
  readonly #logsource: Logsource | null;
  readonly #reader: EventReader;
  readonly #text = new FoldedText();
  #events = 0;
  #matches: number[] = [];
  #counted: CountedEvent[] = [];
  #problems: EventProblem[] = [];
  #problemCount = 0;
  #unknown = 0;
  #undecided = 0;
  #parts: FoundPart[] = [];
  /** Why queries could not be evaluated over the event, by file: an event of several log sources has one say. */
  readonly #reasons = new Map<string, string>();
  readonly #noteUndecided: OnUndecided = ({ file }, reason) => void this.#reasons.set(file, reason);

  /**
   * @param matcher of these rules
   * @param logsource of every event; null: told by its shape
   */
  constructor(rules: ScannedRules, matcher: StreamingMatcher, logsource: Logsource | null, begin: Beginning) {
    this.#rules = rules;
    this.#matcher = matcher;
    this.#logsource = logsource;
    this.#reader = new EventReader(
      {
        event: (found) => this.#event(found),
        problem: (problem) => this.#problem(problem),
      },
      begin,
      matcher.keys,
    );
  }

  /** @param last nothing comes after these bytes */
  push(bytes: Buffer, last: boolean): void {
    this.#reader.push(bytes, last);
  }

  /** What was found since this was last asked. */
  take(): ScanResult {
    const result = {
      events: this.#events,
      matches: this.#matches,
      counted: this.#counted,
      problems: this.#problems,
      problemCount: this.#problemCount,
      unknown: this.#unknown,
      undecided: this.#undecided,
      parts: this.#parts,
      clean: this.#reader.clean,
      lines: this.#reader.line - 1,
    };
    this.#events = 0;
    this.#matches = [];
    this.#counted = [];
    this.#problems = [];
    this.#problemCount = 0;
    this.#unknown = 0;
    this.#undecided = 0;
    this.#parts = [];
    return result;
  }

  /** Matches an event that was put together from others, and is none of the file's own. */
  match(read: ReadEvent, line: number): void {
    const document = (): unknown => read.fields;
    this.#match(read, { line, column: 1, text: null, document }, null);
  }

  #event(found: FoundEvent): void {
    this.#events++;
    if (this.#logsource === null && !found.shaped) {
      this.#unknown++;
      return;
    }
    // What no rule can match by its values is never read.
    const whole = found.complete ? found.text : null;
    const announced = whole === null ? null : this.#matcher.announced(whole);
    const mayBePart = found.text === null || holdsPartNumber(found.text);
    if (whole !== null && announced === null && !mayBePart) return;
    const read = readFound(found, (problem) => this.#problem(problem));
    if (read === null) return;
    if (mayBePart && isScriptPart(read)) this.#parts.push({ read, line: found.line });
    else if (whole === null || announced !== null) this.#match(read, found, announced);
  }

  /** @param announced the rules that the event may satisfy; null when that is not known yet */
  #match(
    read: ReadEvent,
    found: Pick<FoundEvent, "line" | "column" | "text" | "document">,
    announced: number[] | null,
  ): void {
    const logsources = this.#logsource === null ? read.logsources : [this.#logsource];
    if (logsources.length === 0) this.#unknown++;
    announced ??= this.#announced(read, logsources, found.text);
    if (announced === null) return;
    const rules = new Set<number>();
    const time = this.#matcher.hasQueries ? timeOfFound(read, found) : null;
    const forms = logsources.map((each) => ({ id: "", logsource: each, fields: fieldsFor(read, each) }));
    for (const form of forms) {
      const event = { ...form, time: time ?? undefined };
      for (const rule of this.#matcher.satisfied(event, announced, this.#noteUndecided)) rules.add(rule);
    }
    const inOrder = [...rules].sort((left, right) => left - right);
    for (const rule of inOrder) if (this.#rules.alerts(rule)) this.#matches.push(rule, found.line);
    const counted = inOrder.filter((rule) => this.#rules.counts(rule));
    const [form] = forms;
    if (counted.length > 0 && form !== undefined) {
      const fields = this.#rules.fieldsOf(form);
      this.#counted.push({ line: found.line, time: timeOfFound(read, found), rules: counted, fields });
    }
    if (this.#reasons.size > 0) this.#tellUndecided(found);
  }

  #tellUndecided({ line, column }: Pick<FoundEvent, "line" | "column">): void {
    for (const [file, reason] of this.#reasons) {
      this.#undecided++;
      const message = `${file} could not be evaluated over this event: ${reason}`;
      const hint = "it is no match, and no proof of none: correct the query";
      this.#problem({ line, column, code: "query-undecided", message, hint });
    }
    this.#reasons.clear();
  }

  #problem(problem: EventProblem): void {
    this.#problemCount++;
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push(problem);
  }

  /**
   * The rules that an event may satisfy in any of its forms; null when there is none.
   * @param found the values of its document; null when they are not known to be those of its fields
   */
  #announced(read: ReadEvent, logsources: readonly Logsource[], found: FoundEvent["text"]): number[] | null {
    const text = found === null || read.made === undefined ? this.#folded(read, logsources) : found;
    for (const value of read.made ?? []) text.add(value);
    return this.#matcher.announced(text);
  }

  #folded(read: ReadEvent, [first = { product: "" }, ...others]: readonly Logsource[]): FoldedText {
    const text = this.#text;
    foldEvent({ id: "", logsource: first, fields: read.fields }, text);
    for (const logsource of others) {
      for (const name of Object.values(logsource)) if (name !== undefined) text.add(name);
    }
    return text;
  }
}

/** When an event happened, in milliseconds since 1970; null when nothing in it tells. */
function timeOfFound(read: ReadEvent, found: Pick<FoundEvent, "document">): number | null {
  return windowsTime(read.fields) ?? timeOf(found.document());
}

function holdsPartNumber({ bytes, length }: FoldedText): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, length).includes(PART_NUMBER);
}
