import { z } from "zod";
import { absentRule, type FoundRule, type RuleDefinition } from "../connector/connector.js";
import type { SiemHttp } from "../http/client.js";
import { pathOf } from "../http/request.js";
import { signalsOf } from "./signals.js";

const ruleSchema = z.object({
  id: z.string(),
  type: z.string().default("log_detection"),
  isEnabled: z.boolean(),
  isDeleted: z.boolean().default(false),
  options: z
    .object({
      detectionMethod: z.string().default("threshold"),
      /** Seconds. */
      maxSignalDuration: z.number().optional(),
    })
    .default({ detectionMethod: "threshold" }),
  /** A rule with them runs by a schedule, and one without on each log as it comes. */
  schedulingOptions: z.unknown().optional(),
});
const absentSchema = z.object({ errors: z.array(z.unknown()) });

/** Methods that compare logs with nothing but each other within one window. */
const REMEMBER_NOTHING = new Set(["threshold", "third_party", "sequence_detection"]);
/** Seconds that a signal stays open where its rule does not say; the most that can be chosen. */
const LONGEST_SIGNAL_S = 86_400;

/** A rule as it is; null when there is none, or no more (API reference, "Get a rule's details"). */
async function ruleOf<T extends z.ZodType>(http: SiemHttp, name: string, schema: T, signal: AbortSignal) {
  const { value } = await http.request({
    what: `the rule ${name}`,
    method: "GET",
    path: `/api/v2/security_monitoring/rules${pathOf(name)}`,
    accept: [404],
    schema: z.union([schema, absentSchema]),
    signal,
  });
  return value;
}

/** What decides what a rule finds and what comes of it; Datadog writes much else into it by itself. */
const CONTENT = [
  ...["type", "queries", "cases", "thirdPartyCases", "filters", "options", "groupSignalsBy", "message"],
  ...["tags", "referenceTables", "calculatedFields", "schedulingOptions"],
];
const writtenSchema = z.looseObject({ name: z.string(), isDeleted: z.boolean().default(false) });

/** A rule of Cloud SIEM as it is written; null when there is none. */
export async function definitionOf(
  http: SiemHttp,
  id: string,
  signal: AbortSignal,
): Promise<RuleDefinition | null> {
  const value = await ruleOf(http, id, writtenSchema, signal);
  if (!("name" in value) || value.isDeleted) return null;
  const content = Object.entries(value).filter(([key]) => CONTENT.includes(key));
  return { title: value.name, content: Object.fromEntries(content) };
}

/**
 * A rule of Cloud SIEM (API reference, "Get a rule's details"). While one of its signals is open, what matches in the same group goes into
 * that and raises no other: its silence proves nothing then.
 */
export async function ruleStateOf(
  http: SiemHttp,
  name: string,
  since: number,
  signal: AbortSignal,
): Promise<FoundRule> {
  const value = await ruleOf(http, name, ruleSchema, signal);
  if (!("id" in value) || value.isDeleted) return absentRule;
  const { type, isEnabled: enabled, options, schedulingOptions } = value;
  const openMs = (options.maxSignalDuration ?? LONGEST_SIGNAL_S) * 1000;
  const wanted = { rules: [name], hosts: [], from: since - openMs, to: Date.now() + 3_600_000 };
  const openers = await signalsOf(http, wanted, undefined, signal);
  const reasons = [
    type === "log_detection" ? null : `when a rule of the type ${type} is evaluated is not known`,
    schedulingOptions === undefined || schedulingOptions === null
      ? null
      : `Datadog does not tell when the scheduled rule ${name} ran`,
    openers.lacks,
  ].filter((reason) => reason !== null);
  return {
    present: true,
    enabled,
    schedule: { type: "streaming" },
    throttles:
      openMs === 0
        ? []
        : openers.rows.map(({ id, createdAt }) => ({
            from: createdAt,
            until: createdAt + openMs,
            openedBy: id,
          })),
    stateful: !REMEMBER_NOTHING.has(options.detectionMethod),
    lacks: reasons.length === 0 ? null : reasons.join("; "),
  };
}
