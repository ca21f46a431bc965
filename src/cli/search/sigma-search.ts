import { readFile } from "node:fs/promises";
import type { CompiledRule, RuleEvent } from "../../detection/rule.js";
import {
  explainCorrelation,
  type CorrelationExplanation,
} from "../../detection/sigma/correlation/explain.js";
import type { CorrelationRule } from "../../detection/sigma/correlation/rule.js";
import { type Diagnostic, messageOf, TyrianError } from "../../errors.js";
import type { NearestEvent } from "../../model/verdict.js";
import type { RulePipelines } from "../../detection/pipelines/index.js";
import { asRuleEvents, type HuntedEvent } from "./hunted-event.js";
import { hold } from "./limits.js";
import { nearer } from "../../detection/nearest.js";

/** An event, or for a correlation a set of events, that a rule matched. */
export interface SigmaHit {
  readonly rule: string;
  readonly title: string;
  readonly events: readonly string[];
  /** Of the event; of a correlation its group. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** How near the events came to a rule that none matched. */
export interface SigmaMiss {
  readonly rule: string;
  readonly title: string;
  /** Events of the rule's log source. */
  readonly read: number;
  /** Null when there was no event of its log source. */
  readonly nearest: NearestEvent | null;
  /** Of a correlation. */
  readonly correlation: CorrelationExplanation | null;
  /** The rules over events that a correlation reads and no event matched, each with the event that came nearest. */
  readonly unmatched: readonly { readonly title: string; readonly nearest: NearestEvent | null }[];
}

export interface SigmaSearch {
  readonly hits: readonly SigmaHit[];
  readonly misses: readonly SigmaMiss[];
  readonly events: number;
  /** Events whose log source is not known: no rule reads them. */
  readonly unknown: number;
}

/** The rules of a file that alert, ready to be searched for. */
export interface SearchedRules {
  readonly rules: readonly CompiledRule[];
  readonly correlations: readonly CorrelationRule[];
  readonly warnings: readonly Diagnostic[];
}

/** @throws TyrianError `analytic-invalid` with every problem and its position; `file-unreadable`. */
export async function readSearchedRules(file: string, pipelines: RulePipelines): Promise<SearchedRules> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new TyrianError("file-unreadable", `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const collection = pipelines.compile([pipelines.parse(text, file)], () => text);
  const { diagnostics } = collection;
  if (collection.refused.length > 0) {
    throw new TyrianError("analytic-invalid", `${file}: nothing was searched`, { diagnostics });
  }
  return {
    rules: collection.rules.flatMap(({ rule, alone }) => (alone ? [rule] : [])),
    correlations: collection.correlations.flatMap(({ rule, alone }) => (alone ? [rule] : [])),
    warnings: [...pipelines.warnings, ...diagnostics],
  };
}

/**
 * Looks for rules in events.
 * @param explain whether to say how near the events came to the rules that none matched
 * @throws TyrianError `usage` when a correlation is asked for over more events than are held at once.
 */
export async function searchSigma(
  searched: SearchedRules,
  events: AsyncIterable<HuntedEvent>,
  explain: boolean,
): Promise<SigmaSearch> {
  const hits: SigmaHit[] = [];
  const counts = { events: 0, unknown: 0 };
  const nearest = new Map<CompiledRule, { read: number; matched: boolean; best: NearestEvent | null }>(
    searched.rules.map((rule) => [rule, { read: 0, matched: false, best: null }]),
  );
  // Only what is over several events needs them all at once.
  const held: HuntedEvent[] = [];
  for await (const event of events) {
    counts.events += 1;
    if (event.logsources.length === 0) counts.unknown += 1;
    if (searched.correlations.length > 0) hold(held, event);
    const forms = asRuleEvents(event);
    for (const [rule, state] of nearest) {
      const form = forms.find((each) => rule.reads(each));
      if (form === undefined) continue;
      state.read += 1;
      if (rule.matches(form)) {
        state.matched = true;
        hits.push({ rule: rule.id, title: rule.title, events: [event.id], fields: event.fields });
      } else if (explain && !state.matched) state.best = nearer(state.best, rule.explain(form));
    }
  }
  const misses = [...nearest].flatMap(([{ id, title }, { read, matched, best }]): SigmaMiss[] =>
    matched ? [] : [{ rule: id, title, read, nearest: best, correlation: null, unmatched: [] }],
  );
  for (const rule of searched.correlations) {
    // Each event once: in the form that the correlation's rules read.
    const forms = held.flatMap((event): RuleEvent[] => {
      const own = asRuleEvents(event);
      const form = own.find((each) => rule.reads(each)) ?? own[0];
      return form === undefined ? [] : [form];
    });
    const matches = rule.matchesAmong(forms).filter(({ repeats }) => !repeats);
    for (const { sources, group } of matches)
      hits.push({ rule: rule.id, title: rule.title, events: sources, fields: group });
    if (matches.length > 0) continue;
    const correlation = explain ? explainCorrelation(rule.correlation, forms) : null;
    const read = forms.filter((event) => rule.reads(event)).length;
    const unmatched = explain ? unmatchedAmong(rule, forms) : [];
    misses.push({ rule: rule.id, title: rule.title, read, nearest: null, correlation, unmatched });
  }
  return { hits, misses: explain ? misses : [], ...counts };
}

function unmatchedAmong(
  { baseRules }: CorrelationRule,
  events: readonly RuleEvent[],
): SigmaMiss["unmatched"] {
  return baseRules
    .filter((rule) => !events.some((event) => rule.matches(event)))
    .map((rule) => {
      let nearest: NearestEvent | null = null;
      for (const event of events) if (rule.reads(event)) nearest = nearer(nearest, rule.explain(event));
      return { title: rule.title, nearest };
    });
}
