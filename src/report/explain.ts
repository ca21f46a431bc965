import type { Acceptance } from "../model/accepted-miss.js";
import type { Execution } from "../model/execution.js";
import type { Background, Cause, NearestEvent, QualityCheck, Verdict } from "../model/verdict.js";
import { counted, duration, plain } from "./text.js";

/** A labelled line of an explanation. The text is plain. */
export interface Remark {
  readonly label: string;
  readonly text: string;
}

/** Texts from hosts are shown up to this many characters; the rest is in results.json. */
const SHOWN = 400;

/** What a link of the chain from act to alert says when it is the first that failed. */
const links: Record<Cause["link"], string> = {
  execution: "the procedure did not run as it should",
  "host-log": "the host's own log does not have it",
  ingest: "it did not reach the SIEM",
  fields: "the SIEM has it, but not in the fields that the rule reads",
  "rule-present": "the rule is not in the SIEM",
  "rule-enabled": "the rule is switched off",
  evaluated: "the rule has not been evaluated since",
  "look-back": "the rule's look-back did not cover it",
  exception: "an exception of the rule took it out",
  clause: "the rule does not match it",
  suppression: "the alert was withheld or folded into another",
  attribution: "the alert cannot be told to be this trial's",
  siem: "the SIEM could not answer",
};

/** Why a verdict is what it is; nothing for one that needs no explanation. */
export function explainVerdict({ outcome, cause, background }: Verdict): Remark[] {
  if (cause === null) return [];
  return outcome === "false-alarm" ? explainFalseAlarm(cause, background) : explainCause(cause);
}

/** Who has accepted a miss, where, until when and why. */
export function acceptanceText({ owner, ticket, expires, because }: Acceptance): string {
  const why = because === undefined ? "" : `: ${because}`;
  return plain(`accepted by ${owner} until ${expires}, ${ticket}${why}`);
}

const qualities: Record<QualityCheck["check"], (wanted: string, found: string | null) => string> = {
  severity: (wanted, found) =>
    found === null
      ? `the alert has no severity${wanted === "any" ? "" : `; the rule's level is ${wanted}`}`
      : `the alert's severity is ${found}, and the rule's level is ${wanted}`,
  host: (wanted, found) => `the alert does not name the host ${wanted}${instead(found)}`,
  user: (wanted, found) => `the alert does not name the user ${wanted}${instead(found)}`,
  technique: (wanted, found) =>
    found === null
      ? `the alert has no ATT&CK technique; the trial is of ${wanted}`
      : `the alert's ATT&CK technique is ${found}, and the trial is of ${wanted}`,
};

function instead(found: string | null): string {
  return found === null ? "" : ` but ${found}`;
}

/** What an analyst misses in the alert that a verdict rests on; nothing where all is there or the SIEM does not tell. */
export function explainQuality({ quality = [] }: Verdict): Remark[] {
  return quality
    .filter(({ ok }) => ok === false)
    .map(({ check, wanted, found }) => ({ label: "quality", text: shown(qualities[check](wanted, found)) }));
}

/** The event of the twin that the rule matched, by which values, and how often the rule fires without us. */
function explainFalseAlarm(cause: Cause, background: Background | null): Remark[] {
  // Of a twin, the link "clause" means that the clauses are met.
  const text = cause.link === "clause" ? shown(cause.detail) : sentence(links[cause.link], cause.detail);
  return [
    { label: "cause", text },
    ...(cause.nearest === null ? [] : matchedRemarks(cause.nearest)),
    { label: "noise", text: backgroundText(background) },
  ];
}

function matchedRemarks({ summary, matched = [] }: NearestEvent): Remark[] {
  const clauses = matched.flatMap(({ clause, value, found }): Remark[] => [
    { label: "clause", text: shown(clause) },
    { label: "matched", text: shown(value) },
    // Said once: of most events the summary is the command line.
    ...(found === null || found === summary ? [] : [{ label: "found", text: shown(found) }]),
  ]);
  return [{ label: "event", text: shown(summary) }, ...clauses];
}

function backgroundText(background: Background | null): string {
  if (background === null) return "how often it fires on this target without us is not known";
  const { matches, observedHours, perDay } = background;
  const rate = perDay === null || matches === 0 ? "" : `, ${perDay.toFixed(perDay < 10 ? 1 : 0)} a day`;
  const looked = `${duration(observedHours * 3_600_000)} of this target's telemetry`;
  return `without us it fired ${counted(matches, "time")} in ${looked}${rate}`;
}

/** Why a trial was missed: the failed link, the nearest event with each clause that it missed, what was not tested. */
function explainCause(cause: Cause): Remark[] {
  const remarks: Remark[] = [{ label: "cause", text: sentence(links[cause.link], cause.detail) }];
  if (cause.nearest !== null) remarks.push(...nearestRemarks(cause.nearest));
  if (cause.untested.length > 0) remarks.push({ label: "untested", text: untestedOf(cause) });
  return remarks;
}

/** The links that could not be tested, those of one reason together; none is given where it is the cause itself. */
function untestedOf({ untested, detail }: Cause): string {
  const byReason = new Map<string, string[]>();
  for (const { link, reason } of untested) byReason.set(reason, [...(byReason.get(reason) ?? []), link]);
  return [...byReason]
    .map(([reason, names]) => names.join(", ") + (reason === detail ? "" : ` (${plain(reason)})`))
    .join("; ");
}

/** The event that came nearest to a rule, and of each clause that it missed what was wanted, found and would match. */
export function nearestRemarks({ summary, met, needed, unmet }: NearestEvent): Remark[] {
  const head = { label: "nearest", text: `${shown(summary)} (${met} of ${needed} clauses)` };
  const clauses = unmet.flatMap(({ clause, field, wanted, found, change }): Remark[] => [
    { label: "clause", text: shown(clause) },
    { label: "wanted", text: shown(wanted) },
    { label: "found", text: found === null ? `no ${plain(field ?? "field")}` : shown(found) },
    ...(change === "" ? [] : [{ label: "change", text: shown(change) }]),
  ]);
  return [head, ...clauses];
}

/** Why an execution is not `ran`: the reason, the checks that failed, and what the program printed last. */
export function explainExecution(execution: Execution): Remark[] {
  const remarks: Remark[] = [];
  if (execution.reason !== null) {
    remarks.push({
      label: "reason",
      text: `${shown(execution.reason.message)} (${plain(execution.reason.code)})`,
    });
  }
  for (const check of execution.proof?.checks.filter(({ met }) => !met) ?? []) {
    remarks.push({ label: "check", text: shown(check.check) });
    remarks.push({ label: "wanted", text: shown(check.wanted) });
    remarks.push({ label: "found", text: shown(check.found) });
  }
  if (execution.signal !== null)
    remarks.push({ label: "ended by", text: `signal ${plain(execution.signal)}` });
  if (execution.stderr.trim() !== "")
    remarks.push({ label: "stderr", text: shown(lastLines(execution.stderr)) });
  return remarks;
}

function sentence(general: string, detail: string): string {
  return detail === "" ? general : `${general}: ${shown(detail)}`;
}

function shown(text: string): string {
  const safe = plain(text.trim());
  if (safe === "") return "(nothing)";
  return safe.length > SHOWN ? `${safe.slice(0, SHOWN)}… (${safe.length} characters)` : safe;
}

function lastLines(text: string): string {
  return text.trimEnd().split("\n").slice(-3).join("\n");
}
