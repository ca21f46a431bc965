import type { Alert } from "../../model/alert.js";
import type { RuleStatus } from "../../model/observation.js";
import type { Tier } from "../../model/verdict.js";
import { type Found, found, foundTogether } from "../http/pages.js";
import type { AlertQuery } from "../siem.js";
import type { Connector, NativeQuery } from "./connector.js";
import { eventIdOf } from "./host-events.js";
import type { TelemetryFormat } from "./settings.js";

/** An analytic that the SIEM has no rule of: its query is run by Tyrian, and no deployed rule is proved by that. */
export interface OnDemandQuery {
  readonly query: NativeQuery;
  readonly title: string;
  readonly tier: Tier;
}

/** Milliseconds by which a host's clock may be wrong: a query goes by the events' own time. */
const HOST_CLOCK_MS = 26 * 3_600_000;

/** What the queries of analytics find on hosts among what was stored in a span: one alert an event. */
export async function matchesOnDemand(
  connector: Connector,
  queries: ReadonlyMap<string, OnDemandQuery>,
  { rules, hosts, from, to }: AlertQuery,
  format: TelemetryFormat,
  signal: AbortSignal,
): Promise<Found<Alert>> {
  const asked = hosts.length === 0 ? [] : rules;
  const parts = asked.map(async (rule): Promise<Found<Alert>> => {
    const analytic = queries.get(rule);
    if (analytic === undefined) return found([]);
    const span = { hosts, from: from - HOST_CLOCK_MS, to: to + HOST_CLOCK_MS };
    const { rows, lacks } = await connector.search(analytic.query, span, signal);
    const alerts = rows.flatMap((document): Alert[] => {
      const event = eventIdOf(document, format);
      const at = document.ingestedAt;
      if (event === null || at === null || at < from || at > to) return [];
      return [
        {
          // The event's and not the document's: what was delivered twice matches once.
          id: `on-demand:${rule}@${event}`,
          rule,
          title: analytic.title,
          tier: analytic.tier,
          host: document.host,
          createdAt: at,
          updatedAt: at,
          evaluatedAt: null,
          sourceEvents: [event],
          sourcesWhole: true,
          foldedInto: null,
        },
      ];
    });
    return found([...new Map(alerts.map((alert) => [alert.id, alert])).values()], lacks);
  });
  return foundTogether(await Promise.all(parts));
}

/** A query that is run whenever alerts are asked for sees everything that is there by then. */
export function onDemandStatus(rule: string): RuleStatus {
  return {
    rule,
    present: true,
    enabled: true,
    evaluatedBy: "on-demand",
    schedule: { type: "streaming" },
    throttles: [],
    stateful: false,
  };
}
