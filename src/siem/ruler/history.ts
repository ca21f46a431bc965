import { createHash } from "node:crypto";
import { z } from "zod";
import { re2Text } from "./selector.js";
import type { AlertsWanted } from "../connector/connector.js";
import type { SiemHttp } from "../http/client.js";
import { type Found, found, foundTogether } from "../http/pages.js";

/** Milliseconds before a span that are read too: when an alert of the span began. */
const BEFORE_MS = 3_600_000;
/** Parts of an interval without a sample after which an alert is another one. */
const APART = 1.5;

const answerSchema = z.object({
  status: z.literal("success"),
  warnings: z.array(z.string()).optional(),
  /** Of VictoriaMetrics. */
  isPartial: z.boolean().optional(),
  data: z.object({
    resultType: z.literal("matrix"),
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        /** Seconds since 1970, and the value. */
        values: z.array(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
});

/** An alert from when it began to fire until it was last seen to. Milliseconds, the moments for which the rule was evaluated. */
export interface FiredAlert {
  readonly id: string;
  readonly rule: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly from: number;
  readonly to: number;
}

/**
 * The alerts of rulers as they stand in the series ALERTS, which a ruler writes at every evaluation (Prometheus, "Alerting
 * rules", "Inspecting alerts during runtime"). The ruler itself forgets an alert when it is over.
 * @param intervalOf milliseconds between two evaluations of a rule; null for one that is not there any more
 */
export async function firedAlerts(
  http: SiemHttp,
  hostLabel: string,
  { rules, hosts, from, to }: AlertsWanted,
  intervalOf: (rule: string) => number | null,
  signal: AbortSignal,
): Promise<Found<FiredAlert>> {
  const start = Math.max(0, from - BEFORE_MS);
  const ask = async (label: string, values: readonly string[]): Promise<Found<FiredAlert>> => {
    if (values.length === 0) return found([]);
    const seconds = Math.ceil((to - start) / 1000) + 1;
    const { value } = await http.request({
      what: "the alerts",
      method: "POST",
      path: "/api/v1/query",
      body: {
        form: {
          query: `ALERTS{alertstate="firing",${label}=~${re2Text(values)}}[${seconds}s]`,
          time: String(Math.ceil(to) / 1000),
        },
      },
      schema: answerSchema,
      signal,
    });
    const { warnings = [], isPartial = false, data } = value;
    const cut = data.result.flatMap(({ metric, values: samples }) =>
      alertsOf(metric, samples, start, intervalOf(metric["alertname"] ?? "")),
    );
    const inSpan = cut.filter((alert) => alert.to >= from && alert.from <= to);
    const early = inSpan.filter(({ begins }) => !begins).map(({ rule }) => rule);
    const lacks = [
      ...warnings,
      ...(isPartial ? ["the history of alerts is partial"] : []),
      ...(early.length === 0 ? [] : [`when alerts of ${[...new Set(early)].join(", ")} began is not known`]),
    ];
    return found(inSpan, lacks.length === 0 ? null : lacks.join("; "));
  };
  const { rows, lacks } = foundTogether(await Promise.all([ask("alertname", rules), ask(hostLabel, hosts)]));
  return found([...new Map(rows.map((alert) => [alert.id, alert])).values()], lacks);
}

/** A series as alerts, one after the other; `begins` says that its beginning was seen. */
function alertsOf(
  metric: Readonly<Record<string, string>>,
  values: readonly (readonly [number, string])[],
  start: number,
  intervalMs: number | null,
): (FiredAlert & { readonly begins: boolean })[] {
  const rule = metric["alertname"] ?? "";
  const times = values
    .filter(([, value]) => value === "1")
    .map(([seconds]) => Math.round(seconds * 1000))
    .toSorted((one, other) => one - other);
  const apartMs = (intervalMs ?? Infinity) * APART;
  const runs: { from: number; to: number }[] = [];
  for (const time of times) {
    const last = runs.at(-1);
    if (last !== undefined && time - last.to <= apartMs) last.to = time;
    else runs.push({ from: time, to: time });
  }
  const key = JSON.stringify(
    Object.keys(metric)
      .toSorted()
      .map((name) => [name, metric[name]]),
  );
  return runs.map(({ from, to }) => ({
    id: createHash("sha256").update(`${key}@${from}`).digest("hex"),
    rule,
    labels: metric,
    from,
    to,
    begins: intervalMs !== null && (start === 0 || from - start > apartMs),
  }));
}
