import { z } from "zod";
import type {
  AlertsWanted,
  Connector,
  FoundAlert,
  FoundRule,
  RuleDefinition,
  SiemDocument,
} from "../connector/connector.js";
import type { SiemHttp } from "../http/client.js";
import { clockOfDate } from "../http/date.js";
import { type Found, found } from "../http/pages.js";
import type { HostSpan, TrialOnHost } from "../siem.js";
import { TyrianError } from "../../errors.js";
import { SensorLogs } from "./logs.js";
import type { DatadogSettings } from "./settings.js";
import { definitionOf, ruleStateOf } from "./rules.js";
import { signalsOf } from "./signals.js";

/** Datadog with Cloud SIEM. */
export class DatadogConnector implements Connector {
  /** Of its own, which Sigma rules are not converted to. */
  readonly languages = [] as const;
  readonly #logs: SensorLogs;

  constructor(
    private readonly http: SiemHttp,
    private readonly settings: DatadogSettings,
  ) {
    this.#logs = new SensorLogs(http, settings.telemetry);
  }

  async clock(signal: AbortSignal): Promise<{ now: number; errorMs: number }> {
    return clockOfDate(
      this.http,
      await this.http.request({
        what: "the clock",
        method: "GET",
        path: "/api/v1/validate",
        schema: z.object({ valid: z.literal(true) }),
        signal,
      }),
    );
  }

  sentinels(asked: readonly TrialOnHost[], signal: AbortSignal): Promise<Found<SiemDocument>> {
    return this.#logs.sentinels(asked, signal);
  }

  documents(span: HostSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    return this.#logs.documents(span, signal);
  }

  alerts(wanted: AlertsWanted, signal: AbortSignal): Promise<Found<FoundAlert>> {
    return signalsOf(this.http, wanted, this.settings.signalEvent, signal);
  }

  rule(name: string, since: number, signal: AbortSignal): Promise<FoundRule> {
    return ruleStateOf(this.http, name, since, signal);
  }

  definition(name: string, signal: AbortSignal): Promise<RuleDefinition | null> {
    return definitionOf(this.http, name, signal);
  }

  search(): Promise<Found<SiemDocument>> {
    return Promise.resolve(found([], "Datadog is asked in no language of Tyrian's"));
  }

  pusher(): never {
    throw new TyrianError(
      "push-unsupported",
      `${this.http.siem}: Sigma rules are not converted to Datadog's language, whose attribute searches heed case where Sigma does not`,
    );
  }

  close(): Promise<void> {
    return this.http.close();
  }
}
