import type { CompiledRule } from "../detection/rule.js";
import type { Alert } from "../model/alert.js";
import type { HostEvent } from "../model/event.js";
import type { Trial } from "../model/trial.js";
import type { QualityCheck } from "../model/verdict.js";

export interface QualityQuestion {
  readonly alert: Alert;
  readonly rule: Pick<CompiledRule, "level">;
  readonly trial: Pick<Trial, "technique" | "telemetryHost">;
  /** The trial's own events that the alert stands for. */
  readonly events: readonly Pick<HostEvent, "host" | "fields">[];
}

/**
 * Whether an alert tells an analyst what its rule and its events know: the rule's level, host and user, and the ATT&CK technique.
 * Empty when the SIEM tells nothing of this. Nothing else of a verdict follows from it.
 */
export function alertQuality({ alert, rule, trial, events }: QualityQuestion): QualityCheck[] {
  const { severity, entities, techniques } = alert;
  if (severity === undefined && entities === undefined && techniques === undefined) return [];
  const hosts = unique(events.length === 0 ? [trial.telemetryHost] : events.map(({ host }) => host));
  const users = unique(events.flatMap(({ fields }) => fields["User"] ?? []).map(String));
  return [
    severityCheck(rule.level, severity),
    named("host", hosts, entities?.hosts, isSameHost),
    // Not every sensor tells who started a program.
    ...(users.length === 0 ? [] : [named("user", users, entities?.users, isSameUser)]),
    techniqueCheck(trial.technique, techniques),
  ];
}

function severityCheck(level: CompiledRule["level"], severity: Alert["severity"]): QualityCheck {
  // A rule that gives no level counts as informational: then any severity will do.
  const wanted = level === "informational" ? "any" : level;
  if (severity === undefined) return notTold("severity", wanted);
  if (severity === null) return { check: "severity", wanted, found: null, ok: false };
  const isKnown = wanted === "any" || severity.levels.length > 0;
  const ok = isKnown ? wanted === "any" || severity.levels.includes(level) : null;
  return { check: "severity", wanted, found: severity.text, ok };
}

/** Whether all that is wanted is among the names that the alert has. */
function named(
  check: "host" | "user",
  wanted: readonly string[],
  found: readonly string[] | undefined,
  isSame: (one: string, other: string) => boolean,
): QualityCheck {
  if (found === undefined) return notTold(check, wanted.join(", "));
  const ok = wanted.every((name) => found.some((other) => isSame(name, other)));
  return { check, wanted: wanted.join(", "), found: textOf(found), ok };
}

/** The trial's technique will do, its parent, and a sub-technique of it. */
function techniqueCheck(wanted: string, techniques: readonly string[] | undefined): QualityCheck {
  if (techniques === undefined) return notTold("technique", wanted);
  const ok = techniques.some(
    (found) => found === wanted || found === parentOf(wanted) || parentOf(found) === wanted,
  );
  return { check: "technique", wanted, found: textOf(techniques), ok };
}

function notTold(check: QualityCheck["check"], wanted: string): QualityCheck {
  return { check, wanted, found: null, ok: null };
}

function parentOf(technique: string): string {
  return technique.replace(/\.\d+$/, "");
}

/** Of two names of which one has no domain, only the first label counts. */
function isSameHost(one: string, other: string): boolean {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  if (a === b) return true;
  const isShort = !a.includes(".") || !b.includes(".");
  return isShort && a.split(".")[0] === b.split(".")[0];
}

/** Without the domain, which stands before a backslash or behind an @. */
function isSameUser(one: string, other: string): boolean {
  const [a, b] = [one, other].map((name) => name.toLowerCase().replace(/^.*\\/, "").replace(/@.*$/, ""));
  return a === b;
}

function textOf(names: readonly string[]): string | null {
  return names.length === 0 ? null : names.join(", ");
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
