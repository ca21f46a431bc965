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
import type { SiemHttp } from "../http/client.js";
import { type Found, found } from "../http/pages.js";
import { IndexedDocuments, luceneQuery } from "../search-api/documents.js";
import { nodeClock } from "../search-api/search.js";
import type { HostSpan, TrialOnHost } from "../siem.js";
import { RulePusher } from "../push/rule-pusher.js";
import { ElasticRules } from "./push.js";
import { alertsIn, within, withSources } from "./alerts.js";
import { Kibana, readRule } from "./kibana.js";
import { preview } from "./preview.js";
import { findByEql, findByEsql } from "./queries.js";
import { definitionOf, stateOfRule } from "./rules.js";
import type { ElasticSettings } from "./settings.js";

/** Elastic Security: documents and alerts from Elasticsearch, rules from Kibana. */
export class ElasticConnector implements Connector {
  readonly languages = ["lucene", "eql", "esql"] as const;
  readonly #http: SiemHttp;
  readonly #kibana: Kibana;
  readonly #settings: ElasticSettings;
  readonly #documents: IndexedDocuments;

  constructor(http: SiemHttp, kibana: SiemHttp, settings: ElasticSettings) {
    this.#http = http;
    this.#kibana = new Kibana(kibana, settings.space);
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

  async alerts(wanted: AlertsWanted, signal: AbortSignal): Promise<Found<FoundAlert>> {
    const { space, telemetry } = this.#settings;
    const { hostField } = telemetry;
    const hits = await alertsIn(this.#http, space, hostField, wanted, signal);
    const alerts = await withSources(this.#http, this.#documents, hits.rows, hostField, signal);
    return within(found(alerts, hits.lacks), wanted);
  }

  async rule(name: string, since: number, signal: AbortSignal): Promise<FoundRule> {
    const rule = await readRule(this.#kibana, name, signal);
    return rule === null ? absentRule : await stateOfRule(this.#http, rule, since, signal);
  }

  async definition(name: string, signal: AbortSignal): Promise<RuleDefinition | null> {
    const rule = await readRule(this.#kibana, name, signal);
    return rule === null ? null : definitionOf(rule);
  }

  async search(query: NativeQuery, span: SearchSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    const { index, timeField } = this.#settings.telemetry;
    const { language, text } = query;
    if (language === "lucene")
      return await this.#documents.find("a query", [luceneQuery(text)], span, signal);
    const filter = this.#documents.filterOf(span);
    const places =
      language === "eql"
        ? await findByEql(this.#http, index, text, filter, timeField, signal)
        : await findByEsql(this.#http, text, filter, signal);
    return await this.#documents.at(places, signal);
  }

  /** A preview: nothing of it stays among the alerts. */
  async runRule(
    name: string,
    span: Omit<SearchSpan, "hosts">,
    signal: AbortSignal,
  ): Promise<Found<FoundAlert>> {
    const rule = await readRule(this.#kibana, name, signal);
    if (rule === null) return found([], `there is no rule ${name}`);
    const { space, telemetry } = this.#settings;
    const { rows, lacks } = await preview(this.#kibana, this.#http, space, rule, span, signal);
    const alerts = await withSources(this.#http, this.#documents, rows, telemetry.hostField, signal);
    return found(
      alerts.map((alert) => ({ ...alert, rule: name })),
      lacks,
    );
  }

  pusher(): RulePusher {
    return new RulePusher(this.#http.siem, new ElasticRules(this.#kibana, this.#settings.telemetry));
  }

  async close(): Promise<void> {
    await Promise.all([this.#http.close(), this.#kibana.http.close()]);
  }
}
