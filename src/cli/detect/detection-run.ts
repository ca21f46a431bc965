import type { CompiledRule } from "../../detection/rule.js";
import type { Diagnostic } from "../../errors.js";
import type { Logsource } from "../../telemetry/files/event-shape.js";
import type { EventProblem } from "../../telemetry/files/event-source.js";
import type { Beginning } from "../../telemetry/files/event-reader.js";
import { bytesOf } from "./byte-source.js";
import { type Correlated, Correlator } from "./correlated.js";
import { ScannedRules } from "./counting.js";
import { EventScan, MOST_PROBLEMS, type ScanResult } from "./event-scan.js";
import { UnreadableEvents } from "./file-chunks.js";
import { matcherOf, type LoadedRules } from "./loaded-rules.js";
import { scanHere, scanOnThreads, type PlacedResult } from "./scan-file.js";
import { Threads } from "./threads.js";

/** An event that a rule matched. */
export interface Match {
  readonly rule: string;
  readonly title: string;
  readonly file: string;
  readonly line: number;
}

export interface DetectionOptions {
  readonly files: readonly string[];
  /** Of every event; null: told by its shape. */
  readonly logsource: Logsource | null;
  /** Threads that scan, this one among them. */
  readonly workers: number;
  /** Called with the matches of a piece of a file, in order; the next piece waits for it. */
  readonly onMatches: (matches: readonly Match[]) => Promise<void>;
  readonly onProblem: (problem: Diagnostic) => void;
}

/** What was found in all files. */
export interface Totals {
  readonly events: number;
  /** Matches by rule id, of the rules that have any, in the order of the rules. */
  readonly matches: Readonly<Record<string, number>>;
  /** Places at which something was no event and was left out. */
  readonly skipped: number;
  /** Events that were not matched because their shape does not tell their log source. */
  readonly unknown: number;
  /** Files that could not be read to their end. */
  readonly unreadable: number;
  /** Pairs of a query and an event over which its evaluation ended: neither a match nor none. */
  readonly undecided: number;
}

/** What was found, by rules over single events and by correlations. */
export interface Detected {
  readonly totals: Totals;
  readonly correlated: Correlated;
}

/** Matches the events of files against rules and correlations. */
export async function detect(loaded: LoadedRules, options: DetectionOptions): Promise<Detected> {
  const { rules, correlations } = loaded;
  const { logsource, workers } = options;
  const counts = new Tally(rules);
  const scanned = new ScannedRules(rules, correlations);
  const correlator = new Correlator(scanned.all, correlations);
  const matcher = matcherOf(scanned.all, logsource);
  const newScan = (begin: Beginning): EventScan => new EventScan(scanned, matcher, logsource, begin);
  const take = (result: ScanResult, file: string, linesBefore: number): void => {
    counts.add(result);
    correlator.add(result.counted, file, linesBefore);
  };
  const ended = (): Detected => ({ totals: counts.totals(), correlated: correlator.finish() });
  if (workers < 2) {
    counts.unreadable = await scanFiles(options, rules, take, (file) =>
      scanHere(bytesOf(file), newScan("file")),
    );
    return ended();
  }
  const { files, pipelines, queries } = loaded;
  const threads = new Threads(workers, newScan, { rules: { files, pipelines, queries }, logsource });
  try {
    counts.unreadable = await scanFiles(options, rules, take, (file) =>
      scanOnThreads(bytesOf(file), threads),
    );
  } finally {
    await threads.stop();
  }
  return ended();
}

/** How many of the files could not be read to their end. */
async function scanFiles(
  { files, onMatches, onProblem }: DetectionOptions,
  rules: readonly CompiledRule[],
  take: (result: ScanResult, file: string, linesBefore: number) => void,
  scan: (file: string) => AsyncIterable<PlacedResult>,
): Promise<number> {
  let unreadable = 0;
  for (const file of files) {
    let shown = 0;
    let hidden = 0;
    try {
      for await (const { result, linesBefore } of scan(file)) {
        take(result, file, linesBefore);
        const matches = matchesOf(result.matches, rules, file, linesBefore);
        if (matches.length > 0) await onMatches(matches);
        for (const problem of result.problems.slice(0, MOST_PROBLEMS - shown)) {
          onProblem(diagnosticOf(problem, file, linesBefore));
          shown++;
        }
        hidden += result.problemCount;
      }
    } catch (thrown) {
      if (!(thrown instanceof UnreadableEvents)) throw thrown;
      unreadable++;
      const { code, message, hint } = thrown;
      onProblem({ file, line: 1, column: 1, severity: "error", code, message, hint });
    }
    if (hidden > shown) {
      const message = `${hidden - shown} more places of ${file} were left out`;
      const hint = `the first ${shown} are listed`;
      onProblem({ file, line: 1, column: 1, severity: "error", code: "events-skipped", message, hint });
    }
  }
  return unreadable;
}

function matchesOf(
  pairs: readonly number[],
  rules: readonly CompiledRule[],
  file: string,
  linesBefore: number,
): Match[] {
  const matches: Match[] = [];
  for (let index = 0; index + 1 < pairs.length; index += 2) {
    const { id, title } = rules[pairs[index] as number] as CompiledRule;
    matches.push({ rule: id, title, file, line: (pairs[index + 1] as number) + linesBefore });
  }
  return matches;
}

function diagnosticOf({ line, ...rest }: EventProblem, file: string, linesBefore: number): Diagnostic {
  return { file, line: line + linesBefore, severity: "error", ...rest };
}

/** Counts of all files. */
class Tally {
  unreadable = 0;
  readonly #rules: readonly CompiledRule[];
  readonly #matches: Float64Array;
  #events = 0;
  #skipped = 0;
  #unknown = 0;
  #undecided = 0;

  constructor(rules: readonly CompiledRule[]) {
    this.#rules = rules;
    this.#matches = new Float64Array(rules.length);
  }

  add({ events, matches, problemCount, unknown, undecided }: ScanResult): void {
    this.#events += events;
    this.#skipped += problemCount - undecided;
    this.#undecided += undecided;
    this.#unknown += unknown;
    for (let index = 0; index < matches.length; index += 2)
      (this.#matches[matches[index] as number] as number)++;
  }

  totals(): Totals {
    const matched = this.#rules.flatMap(({ id }, rule): [string, number][] => {
      const count = this.#matches[rule] as number;
      return count === 0 ? [] : [[id, count]];
    });
    return {
      events: this.#events,
      matches: Object.fromEntries(matched),
      skipped: this.#skipped,
      unknown: this.#unknown,
      unreadable: this.unreadable,
      undecided: this.#undecided,
    };
  }
}
