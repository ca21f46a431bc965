import { StreamingMatcher } from "../../detection/matcher.js";
import type { RuleEvent } from "../../detection/rule.js";
import { baseRulesOf } from "../../detection/sigma/correlation/correlation.js";
import { CorrelationEvaluator, type CorrelationMatch } from "../../detection/sigma/correlation/evaluator.js";
import type { CorrelationRule } from "../../detection/sigma/correlation/rule.js";
import type { Logsource } from "../../telemetry/files/event-shape.js";
import { asRuleEvents, eventsOfFiles } from "../search/hunted-event.js";

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
 * Evaluates correlations over the events of files, in a pass of their own. Files need not be in the order of time: what counts
 * is held until all is read, so memory grows with the events that match the correlations' rules, not with all of them.
 * @param files without standard input, which cannot be read twice
 */
export async function correlateFiles(
  correlations: readonly CorrelationRule[],
  files: readonly string[],
  logsource: Logsource | null,
): Promise<Correlated> {
  // All files would be read again for nothing.
  if (correlations.length === 0) return { matches: [], undated: 0 };
  const rules = [...new Set(correlations.flatMap(({ correlation }) => baseRulesOf(correlation)))];
  const matcher = new StreamingMatcher(rules);
  const evaluator = new CorrelationEvaluator(
    correlations.map(({ correlation }) => correlation),
    { tolerance: Infinity, mostSources: 1 },
  );
  // What is no event was told of in the pass over single events.
  for await (const event of eventsOfFiles(files, logsource, () => undefined)) {
    const matched = new Set<(typeof rules)[number]>();
    const forms = asRuleEvents(event);
    for (const form of forms) for (const rule of matcher.match(form)) matched.add(rule);
    const [form] = forms;
    if (form !== undefined && matched.size > 0) evaluator.add(form, timeOf(form), matched);
  }
  const found = evaluator.finish().filter(({ repeats }) => !repeats);
  return { matches: found.map(placed), undated: evaluator.uncounted().undated };
}

function timeOf({ time }: RuleEvent): number | null {
  return time ?? null;
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
