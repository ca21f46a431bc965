import { z } from "zod";
import { absentRule, type AlertsWanted, type FoundAlert, type FoundRule } from "../connector/connector.js";
import { fieldAt, textAt } from "../connector/values.js";
import type { SiemHttp } from "../http/client.js";
import { type Found, found, foundTogether } from "../http/pages.js";
import { pathOf } from "../http/request.js";
import { anyOf, searchSignals, type Signal } from "./search.js";

/** Signals of rules on any host, and of any rule on hosts (API reference, "Get a list of security signals"). */
export async function signalsOf(
  http: SiemHttp,
  wanted: AlertsWanted,
  eventAttribute: string | undefined,
  signal: AbortSignal,
): Promise<Found<FoundAlert>> {
  const { rules, hosts, from, to } = wanted;
  const about = [
    ...(rules.length === 0 ? [] : [anyOf("@workflow.rule.id", rules)]),
    ...(hosts.length === 0 ? [] : [anyOf("host", hosts)]),
  ];
  if (about.length === 0) return found([]);
  const asked = { what: "the security signals", query: about.join(" OR "), from, to, signal };
  const { rows, lacks } = await searchSignals(http, asked);
  const alerts = rows.map((row) => alertOf(row, eventAttribute));
  const unknown = alerts.filter((alert) => alert === null).length;
  const reason = unknown === 0 ? null : `${unknown} security signals name no rule`;
  return foundTogether([
    found(
      alerts.flatMap((alert) => alert ?? []),
      lacks,
    ),
    found<FoundAlert>([], reason),
  ]);
}

/** A signal does not name its logs. Where its rule groups by the event's id, it has that as an attribute. */
function alertOf(
  { id, attributes: { timestamp, tags, custom, attributes } }: Signal,
  eventAttribute: string | undefined,
): FoundAlert | null {
  const fields = custom ?? attributes ?? {};
  const rule = textAt(fields, "workflow.rule.id");
  if (rule === undefined) return null;
  const hosts = tags.flatMap((tag) => (tag.startsWith("host:") ? [tag.slice("host:".length)] : []));
  const [host = null] = hosts;
  const event = eventAttribute === undefined ? undefined : fieldAt(fields, eventAttribute);
  const isKnown = typeof event === "string" && hosts.length === 1 && host !== null;
  const text = JSON.stringify({ ID: event });
  const at = Date.parse(timestamp);
  return {
    id,
    rule,
    title: textAt(fields, "title") ?? textAt(fields, "workflow.rule.name") ?? rule,
    tier: "alert",
    host: hosts.length === 1 ? host : null,
    createdAt: at,
    updatedAt: at,
    evaluatedAt: null,
    sources: isKnown
      ? { documents: [{ id: `${id}/event`, host, ingestedAt: null, text, fields: {} }], missing: [] }
      : null,
    sourcesWhole: isKnown,
    foldedInto: null,
  };
}

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
  const { value } = await http.request({
    what: `the rule ${name}`,
    method: "GET",
    path: `/api/v2/security_monitoring/rules${pathOf(name)}`,
    accept: [404],
    schema: z.union([ruleSchema, absentSchema]),
    signal,
  });
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
