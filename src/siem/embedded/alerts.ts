import type { CompiledRule } from "../../detection/rule.js";
import type { Alert } from "../../model/alert.js";
import type { HostEvent } from "../../model/event.js";
import type { AlertQuery } from "../siem.js";

/** Alerts kept of one rule on one host, and in all. A rule that matches everything loses its own oldest alerts first. */
const MAXIMUM_OF_RULE = 2_000;
const MAXIMUM = 200_000;

interface HostAlerts {
  readonly byRule: Map<string, Alert[]>;
  /** When the youngest alert that was dropped had been created. */
  droppedUntil: number;
}

/** The alerts of the embedded SIEM: one for each rule and event. */
export class AlertBook {
  readonly #hosts = new Map<string, HostAlerts>();
  readonly #maximumOfRule: number;
  #count = 0;

  constructor(maximumOfRule = MAXIMUM_OF_RULE) {
    this.#maximumOfRule = maximumOfRule;
  }

  add(rule: CompiledRule, event: HostEvent, now: number): void {
    const host = this.#hosts.get(event.host) ?? {
      byRule: new Map<string, Alert[]>(),
      droppedUntil: -Infinity,
    };
    this.#hosts.set(event.host, host);
    const alerts = host.byRule.get(rule.id) ?? [];
    host.byRule.set(rule.id, alerts);
    alerts.push({
      id: `${rule.id}@${event.id}`,
      rule: rule.id,
      title: rule.title,
      tier: rule.tier,
      host: event.host,
      createdAt: now,
      updatedAt: now,
      evaluatedAt: now,
      sourceEvents: [event.id],
      sourcesWhole: true,
      foldedInto: null,
    });
    this.#count += 1;
    // dropped by the half, so that the cost of a full list is spread over many alerts
    if (alerts.length > 2 * this.#maximumOfRule)
      this.#drop(host, alerts, alerts.length - this.#maximumOfRule);
    else if (this.#count > MAXIMUM) this.#drop(host, alerts, Math.ceil(alerts.length / 2));
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
        if (alert.createdAt >= from && alert.createdAt <= to) alerts.push(alert);
    }
    return { alerts: alerts.toSorted((one, other) => one.createdAt - other.createdAt), whole };
  }

  #drop(host: HostAlerts, alerts: Alert[], count: number): void {
    const dropped = alerts.splice(0, count);
    this.#count -= dropped.length;
    host.droppedUntil = Math.max(host.droppedUntil, dropped.at(-1)?.createdAt ?? -Infinity);
  }
}
