import type { CompiledRule } from "../../detection/rule.js";
import { evaluateSpl, type ResultRow } from "../../detection/spl/evaluate.js";
import { readLookups } from "../../detection/spl/lookups/files.js";
import { parseSpl } from "../../detection/spl/parse.js";
import { compileSpl } from "../../detection/spl/rule/compile.js";
import { type Diagnostic, TyrianError } from "../../errors.js";
import type { NearestEvent } from "../../model/verdict.js";
import { readLookupsBeside } from "../../plan/lookup-files.js";
import { asRuleEvents, asSplEvent, type HuntedEvent } from "./hunted-event.js";
import { collect } from "./limits.js";
import { nearer } from "../../detection/nearest.js";

/** What a query's diagnostics call it. */
const QUERY = "query";

export interface SplSearchOptions {
  /** See `ParseSplOptions.mode`. */
  readonly mode: "strict" | "lenient";
  readonly explain: boolean;
  /** The time as of which the query is evaluated, milliseconds since 1970. */
  readonly now: number;
}

export interface SplSearch {
  readonly rows: readonly ResultRow[];
  readonly events: number;
  /** Of a query without rows, the event that came nearest; null where it was not asked for or there is none. */
  readonly nearest: NearestEvent | null;
  readonly warnings: readonly Diagnostic[];
}

/**
 * Evaluates a query over events. The tables that it looks up stand in `lookups` of the folder that it is run in.
 * @throws TyrianError `analytic-invalid` with every problem and its position in the query; `usage` for too many events.
 */
export async function searchSpl(
  query: string,
  events: AsyncIterable<HuntedEvent>,
  { mode, explain, now }: SplSearchOptions,
): Promise<SplSearch> {
  // Before any event is read.
  const parsed = parseSpl(query, QUERY, { mode });
  if (parsed.query === null) throw refused(parsed.diagnostics, parsed.corrected);
  const lookups = readLookupsBeside(QUERY, query, mode);
  const { tables, diagnostics: ofTables } = readLookups(lookups.files);
  const problems = [...lookups.diagnostics, ...ofTables];
  if (problems.length > 0) throw refused(problems, parsed.corrected);
  const run = { mode, now, tables };
  const { rule, diagnostics: ofRule } = compileSpl(query, QUERY, run);
  if (rule === null) throw refused(ofRule, parsed.corrected);
  const held = await collect(events);
  const { rows, diagnostics } = evaluateSpl(query, QUERY, held.map(asSplEvent), run);
  if (rows === null) throw refused(diagnostics, parsed.corrected);
  const nearest = explain && rows.length === 0 ? nearestOf(rule, held) : null;
  return { rows, events: held.length, nearest, warnings: diagnostics };
}

function refused(diagnostics: readonly Diagnostic[], corrected: string | null): TyrianError {
  return new TyrianError("analytic-invalid", "the query cannot be evaluated; nothing was searched", {
    diagnostics,
    ...(corrected === null
      ? {}
      : {
          hint: `It was evidently meant as (--lenient evaluates it so): ${corrected.replaceAll("\n", " ")}`,
        }),
  });
}

function nearestOf(rule: CompiledRule, events: readonly HuntedEvent[]): NearestEvent | null {
  let best: NearestEvent | null = null;
  for (const event of events.flatMap(asRuleEvents)) best = nearer(best, rule.explain(event));
  return best;
}
