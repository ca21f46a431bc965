import type { AlertsWanted, FoundAlert } from "../connector/connector.js";
import { techniqueIds } from "../connector/severity.js";
import { fieldAt, textAt } from "../connector/values.js";
import type { SiemHttp } from "../http/client.js";
import { type Found, found, foundTogether } from "../http/pages.js";
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
    entities: { hosts: [...new Set(hosts)] },
    techniques: techniqueIds(tags.map((tag) => tag.replace(/^technique:/, ""))),
  };
}
