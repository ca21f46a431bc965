import {
  absentRule,
  type AlertsWanted,
  type Connector,
  type FoundAlert,
  type FoundRule,
  type NativeQuery,
  type RuleDefinition,
  type SearchSpan,
  type SiemDocument,
} from "../connector/connector.js";
import { severityOf, techniqueIds } from "../connector/severity.js";
import type { SiemHttp } from "../http/client.js";
import { type Found, found, foundTogether } from "../http/pages.js";
import { IndexedDocuments, luceneQuery } from "../search-api/documents.js";
import { getDocuments, idOf, nodeClock } from "../search-api/search.js";
import type { HostSpan, TrialOnHost } from "../siem.js";
import { RulePusher } from "../push/rule-pusher.js";
import { OpenSearchRules } from "./push.js";
import { allDetectors } from "./detectors.js";
import { definitionOf } from "./definition.js";
import { alertsOf, type DetectorAlert, type Finding, findingsOf, momentOf } from "./findings.js";
import { findByPpl } from "./ppl.js";
import type { OpenSearchSettings } from "./settings.js";

/** OpenSearch: documents from its indexes, alerts from Security Analytics. */
export class OpenSearchConnector implements Connector {
  readonly languages = ["lucene", "ppl"] as const;
  readonly #http: SiemHttp;
  readonly #settings: OpenSearchSettings;
  readonly #documents: IndexedDocuments;

  constructor(http: SiemHttp, settings: OpenSearchSettings) {
    this.#http = http;
    this.#settings = settings;
    this.#documents = new IndexedDocuments(http, settings.telemetry);
  }

  clock(signal: AbortSignal): Promise<{ now: number; errorMs: number }> {
    return nodeClock(this.#http, signal);
  }

  sentinels(asked: readonly TrialOnHost[], signal: AbortSignal): Promise<Found<SiemDocument>> {
    return this.#documents.sentinels(asked, signal);
  }

  documents({ host, from, to }: HostSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    return this.#documents.find("the events of a host", [], { hosts: [host], from, to }, signal);
  }

  /** A finding is a signal: it becomes an alert when a trigger of its detector says so. */
  async alerts(wanted: AlertsWanted, signal: AbortSignal): Promise<Found<FoundAlert>> {
    const detectors = await allDetectors(this.#http, signal);
    const parts = await Promise.all(
      detectors.rows.map(async (detector) => {
        const [findings, alerts] = await Promise.all([
          findingsOf(this.#http, detector, wanted, signal),
          alertsOf(this.#http, detector, wanted, signal),
        ]);
        const lacks = foundTogether<unknown>([findings, alerts]).lacks;
        return found(await this.#alertsOf(findings.rows, alerts.rows, wanted, signal), lacks);
      }),
    );
    return foundTogether([found<FoundAlert>([], detectors.lacks), ...parts]);
  }

  async rule(name: string, _since: number, signal: AbortSignal): Promise<FoundRule> {
    const { rows, lacks } = await allDetectors(this.#http, signal);
    const detectors = rows.filter(({ rules }) => rules.has(name));
    if (detectors.length === 0) return { ...absentRule, lacks };
    return {
      present: true,
      enabled: detectors.some(({ enabled }) => enabled),
      // A detector looks at every document once, at the next turn of its schedule after it was stored.
      schedule: { type: "streaming" },
      throttles: [],
      stateful: false,
      lacks,
    };
  }

  definition(name: string, signal: AbortSignal): Promise<RuleDefinition | null> {
    return definitionOf(this.#http, name, signal);
  }

  async search(query: NativeQuery, span: SearchSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    if (query.language !== "ppl")
      return await this.#documents.find("a query", [luceneQuery(query.text)], span, signal);
    const places = await findByPpl(this.#http, query.text, span, this.#settings.telemetry, signal);
    return await this.#documents.at(places, signal);
  }

  /** When a detector last ran is told nowhere: two turns of the slowest, because one may just have begun or be skipped. */
  async slowestAlertMs(signal: AbortSignal): Promise<number> {
    const { rows } = await allDetectors(this.#http, signal);
    const bound = new Set(Object.values(this.#settings.rules));
    const concerned = rows.filter(
      ({ enabled, rules }) => enabled && [...rules].some((rule) => bound.has(rule)),
    );
    return 2 * Math.max(0, ...concerned.map(({ intervalMs }) => intervalMs));
  }

  pusher(): RulePusher {
    return new RulePusher(this.#http.siem, new OpenSearchRules(this.#http, this.#settings.telemetry));
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #alertsOf(
    findings: readonly Finding[],
    alerts: readonly DetectorAlert[],
    { rules, hosts }: AlertsWanted,
    signal: AbortSignal,
  ): Promise<FoundAlert[]> {
    const places = findings.flatMap(({ index, related_doc_ids }) =>
      related_doc_ids.map((id) => placeOf(id, index)),
    );
    const unique = [...new Map(places.map((place) => [idOf(place), place])).values()];
    const documents = new Map(
      (await getDocuments(this.#http, unique, signal)).map((hit) => [
        idOf(hit),
        this.#documents.documentOf(hit),
      ]),
    );
    return findings.flatMap((finding) =>
      finding.queries.flatMap(({ id: rule, name, tags }) => {
        const ids = finding.related_doc_ids.map((id) => idOf(placeOf(id, finding.index)));
        const known = ids.flatMap((id) => documents.get(id) ?? []);
        const on = [...new Set(known.map(({ host }) => host))];
        if (!rules.includes(rule) && !on.some((host) => hosts.includes(host))) return [];
        const createdAt = momentOf(finding.timestamp);
        const signalAlert: FoundAlert = {
          id: `finding:${finding.id}:${rule}`,
          rule,
          title: name ?? rule,
          tier: "signal",
          host: on.length === 1 ? (on[0] ?? null) : null,
          createdAt,
          updatedAt: createdAt,
          evaluatedAt: null,
          sources: { documents: known, missing: ids.filter((id) => !documents.has(id)) },
          sourcesWhole: true,
          foldedInto: null,
          ...(tags === undefined ? {} : qualityOf(tags)),
        };
        const raised = alerts.filter(({ finding_ids }) => finding_ids.includes(finding.id));
        return [signalAlert, ...raised.map((alert) => raisedAlert(signalAlert, alert))];
      }),
    );
  }
}

/** A finding has its rule's level and ATT&CK tags among its tags ("Get findings"). */
function qualityOf(tags: readonly string[]): Pick<FoundAlert, "severity" | "techniques"> {
  const severities = tags.map((tag) => severityOf(tag)).filter((one) => one?.levels.length === 1);
  return { severity: severities[0] ?? null, techniques: techniqueIds(tags) };
}

/** A document's id in a finding may carry its index: `id|index`. */
function placeOf(id: string, index: string): { _index: string; _id: string } {
  const bar = id.lastIndexOf("|");
  return bar === -1 ? { _index: index, _id: id } : { _index: id.slice(bar + 1), _id: id.slice(0, bar) };
}

function raisedAlert(
  finding: FoundAlert,
  { id, trigger_name, start_time, last_notification_time }: DetectorAlert,
): FoundAlert {
  const createdAt = momentOf(start_time);
  return {
    ...finding,
    id: `alert:${id}:${finding.rule}:${finding.id}`,
    title: `${finding.title} (${trigger_name})`,
    tier: "alert",
    createdAt,
    updatedAt: Math.max(createdAt, momentOf(last_notification_time ?? start_time)),
  };
}
