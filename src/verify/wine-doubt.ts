import { isCertain } from "../detection/certainty.js";
import type { CompiledRule } from "../detection/rule.js";
import type { HostEvent } from "../model/event.js";
import type { Trial } from "../model/trial.js";
import { windowsCommandLine } from "../playbook/windows-command-line.js";
import { otherReadings, splitCommandLine } from "../telemetry/wine-command-line.js";
import { causeAt, summaryOf } from "./cause.js";
import { counts } from "./contribution.js";
import type { Decision } from "./decision.js";

/**
 * What was decided of a host that Wine plays, where a sensor of Windows would have decided the same. The sensor there does not tell
 * all fields that Windows has, and rebuilds command lines: what a rule says only because of that is an answer about Wine, and the
 * verdict is undecided. So is what is blind there: that sensor tells of created processes only.
 *
 * @param act the act's events
 */
export function withoutDoubt(
  trial: Pick<Trial, "act" | "work">,
  rule: CompiledRule,
  act: readonly HostEvent[],
  decision: Decision,
): Decision {
  if (decision.outcome === "blind") {
    const seen = decision.cause?.detail ?? "nothing of it that the rule reads was recorded";
    const detail = `${seen}; the sensor of a host of Wine tells of created processes only`;
    return { ...decision, outcome: "undecided", cause: causeAt(decision.cause?.link ?? "host-log", detail) };
  }
  // The first that runs in the act's own shell is what was planned.
  const doubtful = act.flatMap((event) => {
    const planned = event === act[0] ? windowsCommandLine(trial.act, trial.work) : null;
    const doubt = doubtOf(rule, event, planned);
    return doubt === null ? [] : [{ event, doubt }];
  });
  const [first] = doubtful;
  if (first === undefined || !isAbout(decision, rule, act, new Set(doubtful.map(({ event }) => event))))
    return decision;
  const detail = `${first.doubt} for ${summaryOf(first.event)}`;
  return {
    outcome: "undecided",
    evidence: decision.evidence ?? [],
    cause: causeAt("fields", detail),
  };
}

/** Whether a decision depends on what is doubtful. */
function isAbout(
  { outcome, evidence }: Decision,
  rule: CompiledRule,
  act: readonly HostEvent[],
  doubtful: ReadonlySet<HostEvent>,
): boolean {
  switch (outcome) {
    case "detected":
    case "suppressed":
    case "false-alarm": {
      const named = act.filter(({ id }) => evidence?.includes(id) === true);
      const sources = named.length > 0 ? named : act;
      return !rule.satisfiedBy(sources.filter((event) => !doubtful.has(event)));
    }
    case "quiet":
    case "logged":
    case "other-alert":
      return true;
    default:
      return false;
  }
}

/**
 * Why a rule's answer about an event may be another on Windows; null where it is not.
 * @param planned the command line that the plan has for the event; null where it has none
 */
function doubtOf(rule: CompiledRule, event: HostEvent, planned: string | null): string | null {
  if (!rule.reads(event)) return null;
  if (!isCertain(rule, event)) {
    const lacking = [...(rule.fields ?? [])].filter((field) => event.fields[field] === undefined).join(", ");
    return `the rule needs ${lacking === "" ? "fields" : lacking}, which the sensor of a host of Wine does not tell,`;
  }
  if (rule.fields !== null && !rule.fields.has("CommandLine")) return null;
  const isPlanned =
    planned !== null && JSON.stringify(splitCommandLine(planned)) === JSON.stringify(event.argv);
  const answer = counts(rule, event);
  const differs = (isPlanned ? [planned] : otherReadings(event.argv)).some(
    (CommandLine) => counts(rule, { ...event, fields: { ...event.fields, CommandLine } }) !== answer,
  );
  return differs
    ? "what the rule says depends on quotes or blanks of the command line, which Wine does not tell,"
    : null;
}
