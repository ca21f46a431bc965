import type { ResultRow } from "../../detection/spl/evaluate.js";
import type { CorrelationExplanation } from "../../detection/sigma/correlation/explain.js";
import { nearestRemarks } from "../../report/explain.js";
import { table } from "../../report/table.js";
import { counted, plain } from "../../report/text.js";
import type { SigmaHit, SigmaMiss } from "./sigma-search.js";

/** Source events of one hit that are named; the rest is counted. */
const SHOWN_EVENTS = 5;
/** What tells most of an event, if it has it. */
const telling = ["CommandLine", "ScriptBlockText", "Image", "TargetFilename", "Message"];

/** Lines for a hit: where, which rule, and what tells most of the event. */
export function hitLines({ title, events, fields }: SigmaHit): string[] {
  const more =
    events.length > SHOWN_EVENTS ? ` and ${counted(events.length - SHOWN_EVENTS, "more event")}` : "";
  const key = telling.find((name) => fields[name] !== undefined);
  const facts = key === undefined ? Object.entries(fields).slice(0, 3) : [[key, fields[key]] as const];
  return [
    `${plain(events.slice(0, SHOWN_EVENTS).join(" "))}${more}  ${plain(title)}`,
    ...facts.map(([name, value]) => `    ${plain(name)}: ${plain(valueText(value))}`),
  ];
}

/**
 * Lines for a rule that nothing matched: the nearest event with each clause that it missed; of a correlation what its nearest
 * window had, and the same of those that it reads.
 */
export function missLines({ title, read, nearest, correlation, unmatched }: SigmaMiss): string[] {
  const head = `no match of ${plain(title)} in ${counted(read, "event")} of its log source`;
  if (correlation === null) return [head, ...nearestLines(nearest)];
  return [
    head,
    ...sentencesOf(correlation).map((sentence) => `    ${plain(sentence)}`),
    ...unmatched.flatMap((rule) => [
      `    no event matched ${plain(rule.title)}`,
      ...nearestLines(rule.nearest).map((line) => `    ${line}`),
    ]),
  ];
}

/** Of the correlation, and of those that it reads and that did not match. */
function sentencesOf({ sentence, inner }: CorrelationExplanation): string[] {
  return [sentence, ...inner.filter(({ matched }) => !matched).flatMap(sentencesOf)];
}

export function nearestLines(nearest: Parameters<typeof nearestRemarks>[0] | null): string[] {
  if (nearest === null) return [];
  return nearestRemarks(nearest).map(({ label, text }) => `    ${label.padEnd(9)} ${text}`);
}

/** The rows of a query as a table; a row's own order of fields, Splunk's inner ones last. */
export function rowLines(rows: readonly ResultRow[], width: number): string[] {
  const names = [...new Set(rows.flatMap(({ fields }) => Object.keys(fields)))];
  const shown = [
    ...names.filter((name) => !name.startsWith("_")),
    ...names.filter((name) => name === "_time"),
  ];
  const columns = shown.map((title) => ({ title: plain(title), shrinks: true }));
  const cells = rows.map(({ fields }) => shown.map((name) => plain(valueText(fields[name]))));
  return table(columns, cells, width);
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.map(valueText).join(" | ") : JSON.stringify(value);
}
