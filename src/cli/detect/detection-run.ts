import type { CompiledRule } from "../../detection/rule.js";
import type { Diagnostic } from "../../errors.js";
import type { Logsource } from "../../telemetry/files/event-shape.js";
import type { EventProblem } from "../../telemetry/files/event-source.js";
import type { Beginning } from "../../telemetry/files/event-reader.js";
import { type BlockResult, BlockScan } from "./block-scan.js";
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
  /** Script blocks in several parts: those that became whole and were matched so, and those of which parts never came. */
  readonly scriptBlocks: {
    readonly whole: number;
    readonly incomplete: number;
    readonly repeatedParts: number;
  };
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
  const blocks = new BlockScan(scanned, matcher, logsource);
  const newScan = (begin: Beginning): EventScan => new EventScan(scanned, matcher, logsource, begin);
  const take = (result: ScanResult, file: string, linesBefore: number): void => {
    counts.add(result);
    correlator.add(result.counted, file, linesBefore);
  };
  const ended = (): Detected => ({ totals: counts.totals(blocks), correlated: correlator.finish() });
  if (workers < 2) {
    counts.unreadable = await scanFiles(options, rules, { take, blocks }, (file) =>
      scanHere(bytesOf(file), newScan("file")),
    );
    return ended();
  }
  const { files, pipelines, queries } = loaded;
  const threads = new Threads(workers, newScan, { rules: { files, pipelines, queries }, logsource });
  try {
    counts.unreadable = await scanFiles(options, rules, { take, blocks }, (file) =>
      scanOnThreads(bytesOf(file), threads),
    );
  } finally {
    await threads.stop();
  }
  return ended();
}

/** Where what was found goes. */
interface Taking {
  readonly take: (result: ScanResult, file: string, linesBefore: number) => void;
  readonly blocks: BlockScan;
}

/** How many of the files could not be read to their end. */
async function scanFiles(
  { files, onMatches, onProblem }: DetectionOptions,
  rules: readonly CompiledRule[],
  { take, blocks }: Taking,
  scan: (file: string) => AsyncIterable<PlacedResult>,
): Promise<number> {
  let unreadable = 0;
  /** What was found in whole blocks, each before the event at which it became whole. */
  const tellBlocks = (found: readonly FoundBlock[]): Placed[] =>
    found.flatMap(({ before, found: { place, result } }) => {
      take(result, place.file, 0);
      for (const problem of result.problems) onProblem(diagnosticOf(problem, place.file, 0));
      return matchesOf(result.matches, rules, place.file, 0).map((match) => ({ before, match }));
    });
  for (const file of files) {
    let shown = 0;
    let hidden = 0;
    try {
      for await (const { result, linesBefore } of scan(file)) {
        take(result, file, linesBefore);
        const matches = matchesOf(result.matches, rules, file, linesBefore);
        const whole = result.parts.flatMap(({ read, line }) => {
          const at = { file, line: line + linesBefore };
          return blocks.push(read, at).map((found) => ({ before: at.line, found }));
        });
        const all = inOrder(matches, tellBlocks(whole));
        if (all.length > 0) await onMatches(all);
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
  const rest = tellBlocks(blocks.flush().map((found) => ({ before: Infinity, found })));
  if (rest.length > 0) await onMatches(rest.map(({ match }) => match));
  return unreadable;
}

interface FoundBlock {
  /** The line of the part that came last. */
  readonly before: number;
  readonly found: BlockResult;
}

interface Placed {
  readonly before: number;
  readonly match: Match;
}

/** The matches of events with those of blocks among them, in one order however many threads there are. */
function inOrder(matches: readonly Match[], ofBlocks: readonly Placed[]): Match[] {
  if (ofBlocks.length === 0) return [...matches];
  return [...ofBlocks, ...matches.map((match) => ({ before: match.line, match }))]
    .sort((one, other) => one.before - other.before)
    .map(({ match }) => match);
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

  totals({ counts }: BlockScan): Totals {
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
      scriptBlocks: counts,
    };
  }
}
