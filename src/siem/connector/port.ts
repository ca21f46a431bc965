import { setTimeout as sleep } from "node:timers/promises";
import type { Alert } from "../../model/alert.js";
import { type HostEvent, sentinelOf } from "../../model/event.js";
import type { RuleStatus } from "../../model/observation.js";
import { type Found, found, foundTogether } from "../http/pages.js";
import { parseAuditRecord } from "../../telemetry/auditd-record.js";
import type { AlertQuery, Answer, Canary, HostSpan, Siem, TrialOnHost } from "../siem.js";
import type { AlertsWanted, Connector, FoundAlert, SiemDocument } from "./connector.js";
import { eventIdOf, hostEventsOf } from "./host-events.js";
import { matchesOnDemand, type OnDemandQuery, onDemandStatus } from "./on-demand.js";
import { answering, valueOfFound } from "./question.js";
import { type ConnectorSettings, deliveryOf, type TelemetryFormat } from "./settings.js";

export interface PortOptions {
  /** The SIEM's name in the configuration. */
  readonly name: string;
  readonly settings: ConnectorSettings;
  readonly format: TelemetryFormat;
  /** By analytic id: queries of analytics that no rule is bound to. */
  readonly onDemand?: ReadonlyMap<string, OnDemandQuery>;
  /** See `Connector.slowestAlertMs`; 0 where the SIEM tells when its rules were evaluated. */
  readonly slowestAlertMs?: number;
  /** Milliseconds that a question may take; less than the minute that the port promises. */
  readonly questionMs?: number;
}

const QUESTION_MS = 50_000;

/** The port that the verifier asks, over what a SIEM must be asked in its own way. Closing it closes the connector. */
export function siemOver(connector: Connector, options: PortOptions): Siem {
  const { name, settings, format, slowestAlertMs = 0, questionMs = QUESTION_MS } = options;
  const { onDemand = new Map<string, OnDemandQuery>() } = options;
  const bindings = new Bindings(settings.rules);
  const eventsOf = async (
    hosts: readonly string[],
    documents: Promise<Found<SiemDocument>>,
  ): Promise<Found<HostEvent>> => {
    const { rows, lacks } = foundTogether([await documents, otherNames(hosts, await documents)]);
    return hostEventsOf(rows, format, lacks);
  };
  return {
    name,
    delivery: deliveryOf(settings, slowestAlertMs),
    questionsPerMinute: settings.questionsPerMinute,
    clock: () =>
      answering({ now: 0, errorMs: 0 }, questionMs, async (signal) => ({
        value: await connector.clock(signal),
        lacks: null,
      })),
    canaries: (asked) =>
      answering(nothingSeen(asked), questionMs, async (signal) =>
        canariesOf(
          asked,
          await eventsOf(
            asked.map(({ host }) => host),
            sentinelsOf(connector, asked, format, signal),
          ),
        ),
      ),
    events: (spans) =>
      answering([], questionMs, async (signal) => {
        const parts = spans.map((span) => eventsOf([span.host], connector.documents(span, signal)));
        return valueOfFound(foundTogether(await Promise.all(parts)));
      }),
    alerts: (query) =>
      answering([], questionMs, async (signal) => {
        const [{ rows, lacks }, matches] = await Promise.all([
          connector.alerts(bindings.wanted(query), signal),
          matchesOnDemand(connector, onDemand, query, format, signal),
        ]);
        const alerts = rows.map((alert) => bindings.alertOf(alert, format));
        return valueOfFound(foundTogether([{ rows: alerts, lacks }, matches]));
      }),
    ruleStatuses: (rules, since) =>
      answering([], questionMs, async (signal) => {
        const parts = rules.map(async (rule): Promise<Found<RuleStatus>> =>
          onDemand.has(rule)
            ? found([onDemandStatus(rule)])
            : await statusOf(connector, bindings, rule, since, signal),
        );
        return valueOfFound(foundTogether(await Promise.all(parts)));
      }),
    background: () => Promise.resolve(unmeasured(name)),
    sensor: () =>
      Promise.resolve({
        state: "complete",
        detail: "",
        value: { lost: null, running: null, detail: `${name} does not tell how the sensor is` },
      }),
    changed: async (_host, ms, signal) => {
      await sleep(ms, undefined, signal === undefined ? {} : { signal });
    },
    close: () => connector.close(),
  };
}

/** Some SIEMs find a host whatever the case of its name. By another name its events are nobody's. */
function otherNames(hosts: readonly string[], { rows }: Found<SiemDocument>): Found<SiemDocument> {
  const others = [...new Set(rows.map(({ host }) => host))].filter((host) => !hosts.includes(host));
  if (others.length === 0) return found([]);
  return found(
    [],
    `it has a host under the name ${others.join(", ")}, and the inventory under ${hosts.join(", ")}`,
  );
}

/**
 * The documents of sentinels. Where each record is a document of its own, only the one with the arguments can be looked for: the
 * rest of the event has the same time.
 */
async function sentinelsOf(
  connector: Connector,
  asked: readonly TrialOnHost[],
  format: TelemetryFormat,
  signal: AbortSignal,
): Promise<Found<SiemDocument>> {
  const seen = await connector.sentinels(asked, signal);
  if (format !== "auditd") return seen;
  const spans = new Map(
    seen.rows.flatMap(({ host, text }): [string, HostSpan][] => {
      const time = parseAuditRecord(text ?? "")?.time;
      return time === undefined ? [] : [[`${host}/${time}`, { host, from: time, to: time }]];
    }),
  );
  const whole = await Promise.all([...spans.values()].map((span) => connector.documents(span, signal)));
  return foundTogether([{ rows: [], lacks: seen.lacks }, ...whole]);
}

/** Which of the SIEM's rules stands for which analytic. */
class Bindings {
  readonly #byAnalytic: ReadonlyMap<string, string>;
  readonly #byRule: ReadonlyMap<string, string>;

  constructor(rules: Readonly<Record<string, string>>) {
    const pairs = Object.entries(rules);
    this.#byAnalytic = new Map(pairs);
    this.#byRule = new Map(pairs.map(([analytic, rule]) => [rule, analytic]));
  }

  ruleOf(analytic: string): string | undefined {
    return this.#byAnalytic.get(analytic);
  }

  wanted({ rules, hosts, from, to }: AlertQuery): AlertsWanted {
    const named = rules.flatMap((analytic) => this.ruleOf(analytic) ?? []);
    return { rules: [...new Set(named)], hosts, from, to };
  }

  /** An alert of a rule that no analytic stands for keeps the SIEM's own name for it. */
  alertOf({ sources, ...alert }: FoundAlert, format: TelemetryFormat): Alert {
    const known = sources?.documents.map(
      (document) => eventIdOf(document, format) ?? `document:${document.id}`,
    );
    const missing = sources?.missing.map((id) => `document:${id}`) ?? [];
    return {
      ...alert,
      rule: this.#byRule.get(alert.rule) ?? alert.rule,
      sourceEvents: known === undefined ? null : [...new Set([...known, ...missing])],
    };
  }
}

/** Of an analytic that no rule is bound to, nothing is said. */
async function statusOf(
  connector: Connector,
  bindings: Bindings,
  analytic: string,
  since: number,
  signal: AbortSignal,
): Promise<Found<RuleStatus>> {
  const name = bindings.ruleOf(analytic);
  if (name === undefined) return { rows: [], lacks: null };
  const { lacks, ...status } = await connector.rule(name, since, signal);
  return { rows: [{ rule: analytic, evaluatedBy: "siem-rule", ...status }], lacks };
}

function nothingSeen(asked: readonly TrialOnHost[]): Canary[] {
  return asked.map(() => ({ begin: null, end: null }));
}

function canariesOf(
  asked: readonly TrialOnHost[],
  { rows, lacks }: Found<HostEvent>,
): { value: Canary[]; lacks: string | null } {
  const sentinels = rows.flatMap((event) => {
    const sentinel = sentinelOf(event);
    return sentinel === null ? [] : [{ event, ...sentinel }];
  });
  const repeated: string[] = [];
  const value = asked.map(({ host, trial }): Canary => {
    const edge = (wanted: "begin" | "end"): HostEvent | null => {
      const own = sentinels.filter(
        (one) => one.event.host === host && one.trial === trial && one.edge === wanted,
      );
      // The same event may have been delivered twice.
      if (new Set(own.map(({ event }) => event.id)).size > 1) repeated.push(trial);
      return own[0]?.event ?? null;
    };
    return { begin: edge("begin"), end: edge("end") };
  });
  const told = repeated.map((trial) => `a sentinel of trial ${trial} was seen more than once`);
  const all = [...(lacks === null ? [] : [lacks]), ...told];
  return { value, lacks: all.length === 0 ? null : all.join("; ") };
}

function unmeasured(name: string): Answer<{ matches: number; observedHours: number; perDay: null }> {
  return {
    state: "partial",
    detail: `how often a rule fires by itself is not measured in ${name}`,
    value: { matches: 0, observedHours: 0, perDay: null },
  };
}
