import { quotedText } from "../../detection/convert/quoted-text.js";
import type { Evaluation, RuleStatus } from "../../model/observation.js";
import type { FoundRule } from "../connector/connector.js";
import { textAt, timeAt } from "../connector/values.js";
import { datetimeOfMs, PAGE, type Row, type Workspace } from "./query.js";
import { type AnalyticsRule, durationMs } from "./rules.js";

/** How a kind of rule looks at what it reads. */
interface Reading {
  readonly intervalMs: number;
  readonly lookBackMs: number;
  readonly windowOver: Extract<RuleStatus["schedule"], { type: "scheduled" }>["windowOver"];
  /** Milliseconds after the end of what is read until the rule runs. */
  readonly delayMs: number;
}

/**
 * Scheduled rules read by `TimeGenerated` and run five minutes late ("Scheduled analytics rules in Microsoft Sentinel"); near-real-time
 * rules read a minute by ingestion time and run two minutes late ("Near-real-time analytics rules").
 * @returns a sentence where it is not known
 */
function readingOf({ kind, properties }: AnalyticsRule): Reading | string {
  if (kind === "NRT")
    return { intervalMs: 60_000, lookBackMs: 60_000, windowOver: "ingest-time", delayMs: 120_000 };
  if (kind !== "Scheduled") return `when a rule of the kind ${kind} is evaluated is not known`;
  const { queryFrequency, queryPeriod } = properties;
  const [intervalMs, lookBackMs] = [durationMs(queryFrequency), durationMs(queryPeriod)];
  if (intervalMs === null || lookBackMs === null)
    return `the rule runs every ${queryFrequency ?? "?"} over ${queryPeriod ?? "?"}, which cannot be read`;
  return { intervalMs, lookBackMs, windowOver: "event-time", delayMs: 300_000 };
}

/** What is said of a rule, but for what it withholds. */
export async function stateOfRule(
  workspace: Workspace,
  rule: AnalyticsRule,
  since: number,
  signal: AbortSignal,
): Promise<FoundRule> {
  const { enabled } = rule.properties;
  const base = { present: true, enabled, throttles: [], stateful: false };
  const reading = readingOf(rule);
  if (typeof reading === "string") return { ...base, schedule: { type: "streaming" }, lacks: reading };
  const { intervalMs, lookBackMs, windowOver } = reading;
  const schedule = { type: "scheduled", intervalMs, lookBackMs, windowOver } as const;
  if (!enabled) return { ...base, schedule: { ...schedule, evaluations: [] }, lacks: null };
  const { evaluations, lacks } = await runsOf(workspace, rule, reading, since, signal);
  return { ...base, schedule: { ...schedule, evaluations }, lacks };
}

/** Intervals within which a rule that is enabled must have run. */
const QUIET_INTERVALS = 3;
/** Milliseconds by which what a run read may be longer or shorter than the rule says. */
const TOLERANCE_MS = 1_000;

/** The runs that succeeded, from the table of Sentinel's health monitoring, which a workspace may be without. */
async function runsOf(
  workspace: Workspace,
  { name }: AnalyticsRule,
  reading: Reading,
  since: number,
  signal: AbortSignal,
): Promise<{ evaluations: Evaluation[]; lacks: string | null }> {
  const now = Date.now();
  const from = Math.min(since, now - QUIET_INTERVALS * reading.intervalMs - reading.delayMs);
  const query = [
    "union isfuzzy=true (datatable(TimeGenerated: datetime, OperationName: string, Status: string, ExtendedProperties: dynamic)[]), (SentinelHealth)",
    `where TimeGenerated >= ${datetimeOfMs(from)}`,
    'where OperationName in ("Scheduled analytics rule run", "NRT analytics rule run") and Status == "Success"',
    "extend Properties = todynamic(tostring(ExtendedProperties))",
    `where tostring(Properties.RuleId) =~ ${quotedText(name)}`,
    "project Completed = TimeGenerated, Start = tostring(Properties.QueryStartTimeUTC), End = tostring(Properties.QueryEndTimeUTC)",
    `top ${PAGE} by Completed desc`,
  ].join("\n| ");
  const span = { from, to: now + 3_600_000 };
  const { rows, lacks } = await workspace.run("the runs of a rule", query, span, signal);
  if (rows.length === 0 && lacks === null)
    return {
      evaluations: [],
      lacks: `SentinelHealth tells of no run of the rule ${name}: turn on health monitoring in Sentinel's settings`,
    };
  const runs = rows.map((row) => evaluationOf(row, reading));
  const known = runs.flatMap((run) => run ?? []).filter(({ completedAt }) => completedAt >= since);
  const unknown = runs.includes(null)
    ? `of some runs of the rule ${name} it is not told what they read`
    : null;
  const all = [lacks, unknown].filter((one) => one !== null);
  return { evaluations: known, lacks: all.length === 0 ? null : all.join("; ") };
}

/**
 * One run. Its documentation contradicts itself about what the two times of a run are ("SentinelHealth table reference"): they are taken
 * for the span that was read only where they lie as far apart as the rule's look-back.
 */
function evaluationOf(row: Row, { lookBackMs, delayMs }: Reading): Evaluation | null {
  const completedAt = timeAt(row, "Completed");
  const from = timeAt({ at: zoned(textAt(row, "Start")) }, "at");
  const to = timeAt({ at: zoned(textAt(row, "End")) }, "at");
  if (completedAt === undefined || from === undefined || to === undefined) return null;
  if (Math.abs(to - from - lookBackMs) > TOLERANCE_MS || completedAt < to) return null;
  // A run that was done sooner than the documented delay allows began when its span was over, at the earliest.
  const startedAt = completedAt >= to + delayMs ? to + delayMs : to;
  // The end is not a part of the span.
  return { startedAt, completedAt, from, to: to - 1 };
}

/** Times of these properties are in UTC, with their zone or without: `2022-02-03 14:00:56Z`, `02/03/2022 14:00:56`. */
export function zoned(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  return /(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text.replace(" ", "T") : `${text}Z`;
}
