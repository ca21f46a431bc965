import { z } from "zod";
import type { AlertsWanted, FoundAlert, SiemDocument } from "../connector/connector.js";
import { severityOf, techniqueIds, textsOf } from "../connector/severity.js";
import { fieldAt, textAt, timeAt, wholeAt } from "../connector/values.js";
import type { SiemHttp } from "../http/client.js";
import { type Found, found } from "../http/pages.js";
import { anyOf, type IndexedDocuments } from "../search-api/documents.js";
import { getDocuments, type Hit, idOf, type Query, searchIndex } from "../search-api/search.js";

const RULE = "kibana.alert.rule.rule_id";

/**
 * Alerts from the detection engine's index (Elastic Security, "Alert schema"): of rules on any host, and of any rule on hosts.
 * `@timestamp` is when an alert was made or last changed: one that has grown since the span ended is found too, and is told from
 * others by whoever asks.
 */
export function alertsIn(
  http: SiemHttp,
  space: string,
  hostField: string,
  wanted: AlertsWanted,
  signal: AbortSignal,
): Promise<Found<Hit>> {
  const named: Query[] = [{ terms: { [RULE]: wanted.rules } }, { terms: { [hostField]: wanted.hosts } }];
  return searchIndex(http, {
    what: "the alerts",
    index: `.alerts-security.alerts-${space}`,
    filter: [anyOf(named)],
    timeField: "@timestamp",
    from: wanted.from,
    to: Math.max(wanted.to, Date.now() + LATER_MS),
    signal,
  });
}

/** Milliseconds past now in which alerts may be stamped, by another clock. */
const LATER_MS = 3_600_000;

const ancestorsSchema = z.array(
  z.object({ id: z.string(), type: z.string(), index: z.string(), depth: z.int() }),
);

/** Alerts with the documents that they stand for. */
export async function withSources(
  http: SiemHttp,
  documents: IndexedDocuments,
  hits: readonly Hit[],
  hostField: string,
  signal: AbortSignal,
): Promise<FoundAlert[]> {
  const sources = new Map(hits.map((hit) => [hit, sourcesOf(hit)]));
  const places = [...sources.values()].flatMap((found) => found ?? []);
  const unique = [...new Map(places.map((place) => [idOf(place), place])).values()];
  const known = new Map(
    (await getDocuments(http, unique, signal)).map((hit) => [idOf(hit), documents.documentOf(hit)]),
  );
  return hits.map((hit) => alertOf(hit, sources.get(hit) ?? null, known, hostField));
}

interface Place {
  readonly _index: string;
  readonly _id: string;
}

/** The source events that an alert names; null where it names none that exist: a threshold's alert is made of a count. */
function sourcesOf({ _source }: Hit): Place[] | null {
  if (fieldAt(_source, "kibana.alert.threshold_result") !== undefined) return null;
  const value = fieldAt(_source, "kibana.alert.ancestors");
  const parsed = ancestorsSchema.safeParse(Array.isArray(value) ? value : [value]);
  if (!parsed.success) return null;
  const events = parsed.data.filter(({ type, index }) => type === "event" && index !== "");
  return events.length === 0 ? null : events.map(({ id, index }) => ({ _index: index, _id: id }));
}

function alertOf(
  hit: Hit,
  places: readonly Place[] | null,
  known: ReadonlyMap<string, SiemDocument>,
  hostField: string,
): FoundAlert {
  const { _id, _source: fields } = hit;
  const updatedAt = timeAt(fields, "@timestamp") ?? 0;
  const startedAt = timeAt(fields, "kibana.alert.start") ?? updatedAt;
  const suppressed = wholeAt(fields, "kibana.alert.suppression.docs_count") ?? 0;
  const ids = places?.map(idOf) ?? [];
  return {
    id: _id,
    rule: textAt(fields, RULE) ?? "",
    title: textAt(fields, "kibana.alert.rule.name") ?? "",
    tier: fieldAt(fields, "kibana.alert.building_block_type") === undefined ? "alert" : "signal",
    host: textAt(fields, hostField) ?? null,
    createdAt: Math.min(startedAt, updatedAt),
    updatedAt,
    evaluatedAt: timeAt(fields, "kibana.alert.rule.execution.timestamp") ?? null,
    sources:
      places === null
        ? null
        : {
            documents: ids.flatMap((id) => known.get(id) ?? []),
            missing: ids.filter((id) => !known.has(id)),
          },
    // A suppressed event is counted, and not named.
    sourcesWhole: places !== null && suppressed === 0,
    foldedInto: null,
    severity: severityOf(textAt(fields, "kibana.alert.severity"), severities),
    entities: {
      hosts: textsOf(fieldAt(fields, hostField)),
      users: textsOf(fieldAt(fields, "user.name")),
    },
    techniques: techniquesOf(fieldAt(fields, "kibana.alert.rule.threat")),
  };
}

/** Elastic has nothing below `low`. */
const severities = {
  low: ["informational", "low"],
  medium: ["medium"],
  high: ["high"],
  critical: ["critical"],
} as const;

const threatsSchema = z.array(
  z.object({
    technique: z
      .array(z.object({ id: z.string(), subtechnique: z.array(z.object({ id: z.string() })).default([]) }))
      .default([]),
  }),
);

/** Of a rule's `threat`: the techniques and sub-techniques; none where it has none. */
function techniquesOf(threat: unknown): string[] {
  const parsed = threatsSchema.safeParse(
    threat === undefined || Array.isArray(threat) ? (threat ?? []) : [threat],
  );
  const ids = parsed.data?.flatMap(({ technique }) =>
    technique.flatMap(({ id, subtechnique }) => [id, ...subtechnique.map((sub) => sub.id)]),
  );
  return techniqueIds(ids ?? []);
}

/** Those that lie in the span asked about. */
export function within(alerts: Found<FoundAlert>, { from, to }: AlertsWanted): Found<FoundAlert> {
  const rows = alerts.rows.filter(({ createdAt, updatedAt }) => updatedAt >= from && createdAt <= to);
  return found(rows, alerts.lacks);
}
