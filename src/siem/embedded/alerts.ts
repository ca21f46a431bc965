import { createHash } from "node:crypto";
import type { CompiledRule } from "../../detection/rule.js";
import type { Alert } from "../../model/alert.js";
import type { HostEvent } from "../../model/event.js";
import type { AlertQuery } from "../siem.js";
import type { Correlated } from "./correlations.js";

/** Alerts kept of one rule on one host, and in all. A rule that matches everything loses its own oldest alerts first. */
const MAXIMUM_OF_RULE = 2_000;
const MAXIMUM = 200_000;

interface HostAlerts {
  readonly byRule: Map<string, Alert[]>;
  /** When the last change of any alert that was dropped was. */
  droppedUntil: number;
}

/** Source events that an alert of a correlation names; of more the latest. */
const MAXIMUM_OF_SOURCES = 1_000;
/** Groups of correlations whose latest alert may still grow. */
const MAXIMUM_OF_GROUPS = 10_000;

/**
 * The alerts of the embedded SIEM: one for each rule and event, and of a correlation one for each group and timespan, which
 * grows while the correlation goes on matching.
 */
export class AlertBook {
  readonly #hosts = new Map<string, HostAlerts>();
  readonly #maximumOfRule: number;
  /** By host, rule and group: the latest alert of a correlation. */
  readonly #growing = new Map<string, Alert>();
  #count = 0;

  constructor(maximumOfRule = MAXIMUM_OF_RULE) {
    this.#maximumOfRule = maximumOfRule;
  }

  add(rule: CompiledRule, event: Pick<HostEvent, "id" | "host">, now: number): void {
    this.#put(alertOf(rule, event.host, `${rule.id}@${event.id}`, now, [event.id], true));
  }

  /** A match that repeats makes the alert of its group grow; any other raises one. */
  addCorrelated({ rule, host, match }: Correlated, now: number): void {
    const key = JSON.stringify([host, rule.id, match.group]);
    const known = match.repeats ? this.#growing.get(key) : undefined;
    if (known !== undefined) {
      const all = [...new Set([...(known.sourceEvents ?? []), ...match.sources])];
      const grown = {
        ...known,
        updatedAt: now,
        evaluatedAt: now,
        sourceEvents: all.slice(-MAXIMUM_OF_SOURCES),
        sourcesWhole:
          known.sourcesWhole &&
          match.sourceCount === match.sources.length &&
          all.length <= MAXIMUM_OF_SOURCES,
      };
      this.#replace(known, grown);
      this.#growing.set(key, grown);
      return;
    }
    // Several groups may be completed by one event.
    const group = createHash("sha256").update(key).digest("hex").slice(0, 8);
    const whole = match.sourceCount === match.sources.length;
    const id = `${rule.id}@${match.sources.at(-1) ?? ""}#${group}`;
    const alert = alertOf(rule, host, id, now, match.sources, whole);
    this.#put(alert);
    this.#growing.delete(key);
    this.#growing.set(key, alert);
    if (this.#growing.size > MAXIMUM_OF_GROUPS)
      this.#growing.delete(this.#growing.keys().next().value as string);
  }

  #put(alert: Alert & { readonly host: string }): void {
    const host = this.#hosts.get(alert.host) ?? {
      byRule: new Map<string, Alert[]>(),
      droppedUntil: -Infinity,
    };
    this.#hosts.set(alert.host, host);
    const alerts = host.byRule.get(alert.rule) ?? [];
    host.byRule.set(alert.rule, alerts);
    alerts.push(alert);
    this.#count += 1;
    // dropped by the half, so that the cost of a full list is spread over many alerts
    if (alerts.length > 2 * this.#maximumOfRule)
      this.#drop(host, alerts, alerts.length - this.#maximumOfRule);
    else if (this.#count > MAXIMUM) this.#drop(host, alerts, Math.ceil(alerts.length / 2));
  }

  /** One that was dropped stays dropped. */
  #replace(known: Alert, grown: Alert): void {
    const alerts = this.#hosts.get(known.host ?? "")?.byRule.get(known.rule);
    const at = alerts?.lastIndexOf(known) ?? -1;
    if (at >= 0) alerts?.splice(at, 1, grown);
  }

  /** The alerts that a query wants, and whether all of them are still here. */
  between({ rules, hosts, from, to }: AlertQuery): { alerts: Alert[]; whole: boolean } {
    const wanted = new Set(rules);
    const named = new Set(hosts);
    const alerts: Alert[] = [];
    let whole = true;
    for (const [host, { byRule, droppedUntil }] of this.#hosts) {
      const lists = named.has(host)
        ? [...byRule.values()]
        : [...wanted].flatMap((rule): Alert[][] => {
            const list = byRule.get(rule);
            return list === undefined ? [] : [list];
          });
      if (lists.length === 0) continue;
      whole &&= droppedUntil < from;
      for (const alert of lists.flat())
        if (alert.updatedAt >= from && alert.createdAt <= to) alerts.push(alert);
    }
    return { alerts: alerts.toSorted((one, other) => one.createdAt - other.createdAt), whole };
  }

  #drop(host: HostAlerts, alerts: Alert[], count: number): void {
    const dropped = alerts.splice(0, count);
    this.#count -= dropped.length;
    for (const { updatedAt } of dropped) host.droppedUntil = Math.max(host.droppedUntil, updatedAt);
  }
}

function alertOf(
  { id: rule, title, tier, level, techniques }: CompiledRule,
  host: string,
  id: string,
  now: number,
  sources: readonly string[],
  sourcesWhole: boolean,
): Alert & { readonly host: string } {
  return {
    id,
    rule,
    title,
    tier,
    host,
    createdAt: now,
    updatedAt: now,
    evaluatedAt: now,
    sourceEvents: [...sources],
    sourcesWhole,
    foldedInto: null,
    severity: { text: level, levels: [level] },
    entities: { hosts: [host] },
    techniques: [...techniques],
  };
}
