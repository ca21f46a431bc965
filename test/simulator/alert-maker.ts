import type { Alert } from "../../src/model/alert.js";
import type {
  AlertVersion,
  Deployment,
  Fate,
  RuleHistory,
  SiemClock,
  SimulatedAlert,
  SimulatedEvent,
} from "./model.js";
import type { Random } from "./random.js";
import type { Settings } from "./settings.js";

interface Growing {
  readonly alert: { readonly rule: string; readonly versions: AlertVersion[] };
  readonly until: number;
}

/** Turns what a rule found into the alerts that a SIEM writes: late, grouped, throttled, capped, promoted. */
export class AlertMaker {
  readonly alerts: SimulatedAlert[] = [];
  readonly throttles: RuleHistory["throttles"][number][] = [];
  readonly fates = new Map<string, Fate>();
  readonly #deployment: Deployment;
  readonly #clock: SiemClock;
  readonly #delay: Settings["alertDelay"];
  readonly #random: Random;
  /** By host: the alert that grows, and the throttle that is open. */
  readonly #groups = new Map<string, Growing>();
  readonly #open = new Map<string, { readonly until: number; readonly by: string }>();

  constructor(deployment: Deployment, clock: SiemClock, delay: Settings["alertDelay"], random: Random) {
    this.#deployment = deployment;
    this.#clock = clock;
    this.#delay = delay;
    this.#random = random;
  }

  /**
   * The rule fired for these events of one host.
   * @param at when the evaluation was completed
   */
  fire(sources: readonly SimulatedEvent[], at: number): void {
    const host = sources[0]?.record.host ?? "";
    const group = this.#groups.get(host);
    if (group !== undefined && at <= group.until) {
      this.#grow(group.alert.versions, sources, at);
      return;
    }
    const { throttle, groupMs, promotedAfterMs, text } = this.#deployment;
    const id = `${text.id}@${this.alerts.length + 1}`;
    const open = this.#open.get(host);
    if (throttle !== null && open !== undefined && at <= open.until) {
      if (throttle.recorded) this.#add([this.#version(id, sources, at, { foldedInto: open.by })]);
      else for (const { record } of sources) this.fates.set(record.id, "withheld");
      return;
    }
    const first = this.#version(id, sources, at, {});
    const alert = this.#add([first]);
    if (promotedAfterMs !== null) {
      const raised = this.#version(id, sources, at + promotedAfterMs, { tier: "alert" }, first);
      alert.versions.push(raised);
    }
    if (groupMs !== null) this.#groups.set(host, { alert, until: at + groupMs });
    if (throttle === null) return;
    this.#open.set(host, { until: at + throttle.forMs, by: id });
    const from = this.#clock.of(at);
    this.throttles.push({ from, until: from + throttle.forMs, openedBy: id });
  }

  #add(versions: AlertVersion[]): Growing["alert"] {
    const alert = { rule: this.#deployment.text.id, versions };
    this.alerts.push(alert);
    return alert;
  }

  #grow(versions: AlertVersion[], added: readonly SimulatedEvent[], at: number): void {
    const last = versions.at(-1);
    if (last === undefined) return;
    const sources = [...new Set([...last.sources, ...added])];
    versions.push(this.#version(last.alert.id, sources, at, {}, last));
  }

  #version(
    id: string,
    sources: readonly SimulatedEvent[],
    at: number,
    over: Partial<Alert>,
    before?: AlertVersion,
  ): AlertVersion {
    const { text, tier, namesHost, namedSources, tellsEvaluated } = this.#deployment;
    const delay = Math.min(this.#random.lognormal(this.#delay.median, this.#delay.p99), this.#delay.most);
    const writtenAt = this.#clock.of(at + delay * this.#random.next());
    const ids = sources.map(({ record }) => record.id);
    const alert: Alert = {
      id,
      rule: text.id,
      title: text.title,
      tier: before?.alert.tier ?? tier,
      host: namesHost ? (sources[0]?.record.host ?? null) : null,
      createdAt: before?.alert.createdAt ?? writtenAt,
      updatedAt: Math.max(before?.alert.updatedAt ?? writtenAt, writtenAt),
      evaluatedAt: tellsEvaluated ? this.#clock.of(at) : null,
      sourceEvents: namedSources === null ? null : ids.slice(0, namedSources),
      sourcesWhole: namedSources !== null && ids.length <= namedSources,
      foldedInto: null,
      ...over,
    };
    return { visibleAt: Math.max(before?.visibleAt ?? -Infinity, at + delay), alert, sources };
  }
}
