import type { CompiledRule } from "../../detection/rule.js";
import { CorrelationEvaluator, type CorrelationMatch } from "../../detection/sigma/correlation/evaluator.js";
import type { CorrelationRule } from "../../detection/sigma/correlation/rule.js";
import type { CountedEvent } from "./counting.js";

/** A correlation that matched, at the last of its source events. */
export interface CorrelatedMatch {
  readonly rule: string;
  readonly title: string;
  readonly file: string;
  readonly line: number;
  /** How many source events there are. */
  readonly events: number;
  readonly group: Readonly<Record<string, string>>;
}

export interface Correlated {
  /** By the times of their last events. One alert for each timespan: repetitions are left out. */
  readonly matches: readonly CorrelatedMatch[];
  /** Events of the correlations' rules that did not count, because they have no time. */
  readonly undated: number;
}

/**
 * Evaluates correlations over the events of files, as they are found. Files need not be in the order of time: what counts
 * is held until all is read, so memory grows with the events that match the correlations' rules, not with all of them.
 */
export class Correlator {
  readonly #evaluator: CorrelationEvaluator;

  /** @param rules by the numbers that events have them in */
  constructor(
    private readonly rules: readonly CompiledRule[],
    correlations: readonly CorrelationRule[],
  ) {
    this.#evaluator = new CorrelationEvaluator(
      correlations.map(({ correlation }) => correlation),
      { tolerance: Infinity, mostSources: 1 },
    );
  }

  /** Takes events of a file, in any order. */
  add(events: readonly CountedEvent[], file: string, linesBefore: number): void {
    for (const { line, time, rules, fields } of events) {
      const event = { id: `${file}:${line + linesBefore}`, logsource: { product: "" }, fields };
      const matched = rules.flatMap((rule) => this.rules[rule] ?? []);
      this.#evaluator.add(event, time, matched);
    }
  }

  /** All files are read. */
  finish(): Correlated {
    const found = this.#evaluator.finish().filter(({ repeats }) => !repeats);
    return { matches: found.map(placed), undated: this.#evaluator.uncounted().undated };
  }
}

/** The id of an event of a file is its place. */
function placed({ correlation, sources, sourceCount, group }: CorrelationMatch): CorrelatedMatch {
  const place = sources.at(-1) ?? "";
  const colon = place.lastIndexOf(":");
  const { id, title } = correlation;
  return {
    ...{ rule: id, title, file: place.slice(0, colon), line: Number(place.slice(colon + 1)) },
    ...{ events: sourceCount, group },
  };
}
