import { z } from "zod";
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
import type { SiemHttp } from "../http/client.js";
import { clockOfDate } from "../http/date.js";
import type { Found } from "../http/pages.js";
import type { HostSpan, TrialOnHost } from "../siem.js";
import { RulePusher } from "../push/rule-pusher.js";
import { SecOpsRules } from "./push.js";
import { detectionsOf } from "./detections.js";
import { answerWith, UdmEvents } from "./events.js";
import { deploymentOf, ruleDefinition } from "./rules.js";
import type { SecOpsSettings } from "./settings.js";

/** Milliseconds from an event until a live rule has seen it ("Understand rule run scheduling": less than 5 minutes). */
const LIVE_RULE_MS = 300_000;

/** Google SecOps, by the Chronicle API. */
export class SecOpsConnector implements Connector {
  readonly languages = ["udm-search"] as const;
  readonly #path: string;
  readonly #events: UdmEvents;

  /** @param doors where tokens come from, to be closed too */
  constructor(
    private readonly http: SiemHttp,
    { instance, telemetry }: SecOpsSettings,
    private readonly doors: readonly SiemHttp[],
  ) {
    this.#path = `/v1alpha/${instance}`;
    this.#events = new UdmEvents(http, this.#path, telemetry);
  }

  async clock(signal: AbortSignal): Promise<{ now: number; errorMs: number }> {
    return clockOfDate(
      this.http,
      await this.http.request({
        what: "the clock",
        method: "GET",
        path: `${this.#path}/rules`,
        query: { pageSize: 1 },
        schema: answerWith({ rules: z.array(z.unknown()).default([]) }, "nextPageToken"),
        signal,
      }),
    );
  }

  sentinels(asked: readonly TrialOnHost[], signal: AbortSignal): Promise<Found<SiemDocument>> {
    return this.#events.sentinels(asked, signal);
  }

  documents({ host, ...span }: HostSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    return this.#events.find("the events of a host", { hosts: [host], ...span }, signal);
  }

  alerts(wanted: AlertsWanted, signal: AbortSignal): Promise<Found<FoundAlert>> {
    return detectionsOf(this.http, this.#path, this.#events, wanted, signal);
  }

  rule(name: string, _since: number, signal: AbortSignal): Promise<FoundRule> {
    return deploymentOf(this.http, this.#path, name, signal);
  }

  definition(name: string, signal: AbortSignal): Promise<RuleDefinition | null> {
    return ruleDefinition(this.http, this.#path, name, signal);
  }

  search({ text }: NativeQuery, span: SearchSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    return this.#events.find("a query", span, signal, text);
  }

  slowestAlertMs(): Promise<number> {
    return Promise.resolve(LIVE_RULE_MS);
  }

  pusher(): RulePusher {
    return new RulePusher(this.http.siem, new SecOpsRules(this.http, this.#path));
  }

  async close(): Promise<void> {
    await Promise.all([this.http, ...this.doors].map((http) => http.close()));
  }
}
