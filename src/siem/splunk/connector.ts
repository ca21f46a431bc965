import type {
  AlertsWanted,
  Connector,
  FoundAlert,
  FoundRule,
  NativeQuery,
  RuleDefinition,
  SearchSpan,
  SiemDocument,
} from "../connector/connector.js";
import { z } from "zod";
import { sentinelSpan } from "../connector/sentinel-span.js";
import type { SiemHttp } from "../http/client.js";
import { type Found, found } from "../http/pages.js";
import { clockOfDate } from "../http/date.js";
import type { HostSpan, TrialOnHost } from "../siem.js";
import { RulePusher } from "../push/rule-pusher.js";
import { SplunkRules } from "./push.js";
import { SplunkAlerts } from "./alerts.js";
import { documentOf, eventsOn, narrowed, sentinelWords } from "./documents.js";
import { dispatch, savedSearches, stateOf } from "./saved-search.js";
import { definitionOf } from "./definition.js";
import { exportSearch, resultsThenEnd, type Row, runSearch } from "./search.js";
import type { SplunkSettings } from "./settings.js";

/** Splunk, over its management port. */
export class SplunkConnector implements Connector {
  readonly languages = ["spl"] as const;
  readonly #http: SiemHttp;
  readonly #settings: SplunkSettings;
  readonly #alerts: SplunkAlerts;

  /** @param others what else is to be closed */
  constructor(
    http: SiemHttp,
    settings: SplunkSettings,
    private readonly others: readonly SiemHttp[] = [],
  ) {
    this.#http = http;
    this.#settings = settings;
    this.#alerts = new SplunkAlerts(http);
  }

  async clock(signal: AbortSignal): Promise<{ now: number; errorMs: number }> {
    return clockOfDate(
      this.#http,
      await this.#http.request({
        what: "the clock",
        method: "GET",
        path: "/services/server/info",
        query: { output_mode: "json" },
        schema: z.object({ entry: z.array(z.unknown()).min(1) }),
        signal,
      }),
    );
  }

  async sentinels(asked: readonly TrialOnHost[], signal: AbortSignal): Promise<Found<SiemDocument>> {
    const hosts = [...new Set(asked.map(({ host }) => host))];
    const search = eventsOn(this.#settings.telemetry, hosts, sentinelWords(asked));
    const span = sentinelSpan();
    return documentsOf(await exportSearch(this.#http, "the sentinels of trials", search, span, signal));
  }

  async documents({ host, ...span }: HostSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    const search = eventsOn(this.#settings.telemetry, [host]);
    return documentsOf(await exportSearch(this.#http, "the events of a host", search, span, signal));
  }

  alerts(wanted: AlertsWanted, signal: AbortSignal): Promise<Found<FoundAlert>> {
    return this.#settings.alerts === "triggered"
      ? this.#alerts.triggered(wanted, signal)
      : this.#alerts.notables(wanted, signal);
  }

  /** What withheld alerts is known by the alerts that opened it. */
  async rule(name: string, since: number, signal: AbortSignal): Promise<FoundRule> {
    const searches = await savedSearches(this.#http, name, signal);
    const state = await stateOf(this.#http, name, searches, since, signal);
    const suppressMs = searches[0]?.suppressMs ?? null;
    if (suppressMs === null) return state;
    const wanted = { rules: [name], hosts: [], from: since - suppressMs, to: Date.now() + 3_600_000 };
    const openers = await this.alerts(wanted, signal);
    const throttles = openers.rows
      .filter(({ rule }) => rule === name)
      .map(({ id, createdAt }) => ({ from: createdAt, until: createdAt + suppressMs, openedBy: id }));
    return { ...state, throttles, lacks: state.lacks ?? openers.lacks };
  }

  definition(name: string, signal: AbortSignal): Promise<RuleDefinition | null> {
    return definitionOf(this.#http, name, signal);
  }

  async search({ text }: NativeQuery, span: SearchSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    return documentsOf(await runSearch(this.#http, "a query", narrowed(text, span.hosts), span, signal));
  }

  /** The search is run without its actions. */
  async runRule(
    name: string,
    span: Omit<SearchSpan, "hosts">,
    signal: AbortSignal,
  ): Promise<Found<FoundAlert>> {
    const [search, ...others] = await savedSearches(this.#http, name, signal);
    if (search === undefined) return found([], `there is no saved search ${name}`);
    if (others.length > 0) return found([], `several saved searches have the name ${name}`);
    const sid = await dispatch(this.#http, name, search, span, signal);
    const { rows: documents, lacks } = documentsOf(
      await resultsThenEnd(this.#http, `the saved search ${name}`, sid, signal),
    );
    const at = Date.now();
    const alerts = documents.map((document): FoundAlert => ({
      id: `${sid}/${document.id}`,
      rule: name,
      title: name,
      tier: "alert",
      host: document.host,
      createdAt: at,
      updatedAt: at,
      evaluatedAt: at,
      sources: { documents: [document], missing: [] },
      sourcesWhole: true,
      foldedInto: null,
    }));
    return found(alerts, lacks);
  }

  pusher(): RulePusher {
    return new RulePusher(this.#http.siem, new SplunkRules(this.#http, this.#settings.alerts));
  }

  async close(): Promise<void> {
    await Promise.all([this.#http, ...this.others].map((http) => http.close()));
  }
}

/** Rows as documents; a row that is none is told. */
function documentsOf({ rows, lacks }: Found<Row>): Found<SiemDocument> {
  const documents = rows.flatMap((row) => documentOf(row) ?? []);
  if (documents.length === rows.length) return found(documents, lacks);
  const others = `${rows.length - documents.length} rows are no events`;
  return found(documents, lacks === null ? others : `${lacks}; ${others}`);
}
