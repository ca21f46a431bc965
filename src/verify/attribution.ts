import type { CompiledRule } from "../detection/rule.js";
import type { Alert } from "../model/alert.js";
import type { HostEvent } from "../model/event.js";
import type { AttributionGrade, Tier } from "../model/verdict.js";
import { counts } from "./contribution.js";

/** What the alerts of one rule say of a trial. */
export interface AlertAttribution {
  readonly grade: AttributionGrade;
  readonly alert: Alert;
  /** The trial's own events that the alert stands for; empty unless exact. */
  readonly events: readonly HostEvent[];
}

export interface AlertQuestion {
  readonly rule: CompiledRule;
  readonly alerts: readonly Alert[];
  readonly act: readonly HostEvent[];
  /** All events of the host around the act, its own included; null when not all are known. */
  readonly competitors: readonly HostEvent[] | null;
  /** Whether an event can have caused an alert, by when it was in the SIEM and when the rule looked. */
  couldCause(event: HostEvent, alert: Alert): boolean;
  readonly host: string;
  /** Matches of the rule on this host without us; null when not known. */
  readonly backgroundMatches: number | null;
  /** When the act began, by the SIEM's clock: what was last changed before cannot be the trial's. */
  readonly since: number;
  /** The SIEM evaluates the rule's very text, and no other form of it. */
  readonly asWritten: boolean;
  /** Preferred among alerts that are equally the trial's; else the highest. */
  readonly tier: Tier | undefined;
}

/**
 * The alerts of the rule that are or may be the trial's, the best attribution first. An alert that
 * resolves its source events is judged by them alone. One that does not is `exclusive` only when nothing else can have
 * caused it, and otherwise `ambiguous`.
 */
export function attributeAlerts(question: AlertQuestion): AlertAttribution[] {
  const { rule, act } = question;
  const ownById = new Map(act.map((event) => [event.id, event]));
  const candidates = question.alerts
    .filter((alert) => alert.rule === rule.id)
    .flatMap((alert): AlertAttribution[] => {
      const own = (alert.sourceEvents ?? []).flatMap((id) => ownById.get(id) ?? []);
      if (own.length > 0) {
        // All of its sources are ours: whatever its deployed form is, we alone made it fire.
        const alone = alert.sourcesWhole && own.length === alert.sourceEvents?.length;
        if (alone || rule.satisfiedBy(own)) return [{ grade: "exact", alert, events: own }];
        // By the text that was evaluated the alert is the others': it needed their events.
        if (question.asWritten && alert.sourcesWhole && rule.contributes !== undefined) return [];
        return [{ grade: "ambiguous", alert, events: own }];
      }
      if (alert.sourceEvents !== null && alert.sourcesWhole) return [];
      return mayBeOurs(question, alert)
        ? [{ grade: gradeWithoutSources(question, alert), alert, events: [] }]
        : [];
    });
  return candidates.sort((a, b) => compare(a, b, question.tier));
}

const grades = ["exact", "exclusive", "ambiguous"] as const;
const tiers = ["incident", "alert", "signal"] as const;

function compare(a: AlertAttribution, b: AlertAttribution, tier: Tier | undefined): number {
  const rank = ({ grade, alert }: AlertAttribution): number[] => [
    grades.indexOf(grade),
    // A standing alert outranks a folded one of the same grade: the analyst saw it.
    alert.foldedInto === null ? 0 : 1,
    alert.tier === tier ? -1 : tiers.indexOf(alert.tier),
    alert.createdAt,
  ];
  const [one, other] = [rank(a), rank(b)];
  const at = one.findIndex((value, index) => value !== other[index]);
  if (at < 0) return a.alert.id < b.alert.id ? -1 : 1;
  return (one[at] ?? 0) - (other[at] ?? 0);
}

function mayBeOurs({ host, since }: AlertQuestion, alert: Alert): boolean {
  return (alert.host === null || alert.host === host) && alert.updatedAt >= since;
}

function gradeWithoutSources(question: AlertQuestion, alert: Alert): AttributionGrade {
  const { rule, act, competitors, host, backgroundMatches } = question;
  if (alert.sourceEvents !== null || competitors === null) return "ambiguous";
  const own = new Set(act.map((event) => event.id));
  const ours = act.filter((event) => counts(rule, event) && event.ingestedAt <= alert.createdAt);
  const others = competitors.some(
    (event) =>
      event.host === host && !own.has(event.id) && counts(rule, event) && question.couldCause(event, alert),
  );
  const alone = alert.host === host && backgroundMatches === 0 && !others;
  return alone && rule.satisfiedBy(ours) ? "exclusive" : "ambiguous";
}
