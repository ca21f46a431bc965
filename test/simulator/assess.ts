import type { ExecutionStatus, Verdict } from "../../src/model/verdict.js";
import type { SimulatedTrial, World } from "./model.js";
import { longestLagOf } from "./settings.js";
import { type Truth, tiersBy } from "./truth.js";

/** Milliseconds by which a verifier may misjudge the present of the SIEM: twice the longest round trip of its clock's answer. */
const CLOCK_ERROR = 300;

/** A verdict held against the truth. */
export interface Assessment {
  /** Why the verdict is wrong; null when it is right. */
  readonly wrong: string | null;
  /** Whether the link that a miss names is the one that failed; null when there was no miss to explain. */
  readonly cause: boolean | null;
}

/** Milliseconds by which an answer may be older than the verdict that rests on it. */
const ANSWER_AGE = 15_000;

/** When a verdict was given, and the moment that the answers under it are of. Our clock. */
export interface Given {
  readonly at: number;
  readonly answersOf: number;
}

/** @param status of the execution, as the verifier left it */
export function assess(
  world: World,
  trial: SimulatedTrial,
  truth: Truth,
  verdict: Verdict,
  status: ExecutionStatus,
  given: Given,
): Assessment {
  return { wrong: wrongOf(world, trial, truth, verdict, status, given), cause: causeOf(truth, verdict) };
}

function wrongOf(
  world: World,
  trial: SimulatedTrial,
  truth: Truth,
  { outcome, tier }: Verdict,
  status: ExecutionStatus,
  { at, answersOf }: Given,
): string | null {
  if (status === "prevented" && !truth.prevented)
    return "prevented, and no control refused an exec of the act";
  if (status !== "prevented" && status !== trial.execution.status) return `its execution became ${status}`;
  switch (outcome) {
    case "undecided":
      return null;
    case "pending":
      return answersOf > truth.settledAt + CLOCK_ERROR ? "pending, and nothing is due any more" : null;
    case "detected":
    case "suppressed":
    case "false-alarm": {
      // Right until the standing alert could be found: it comes as a revision.
      if (outcome === "suppressed" && truth.kind === "fired" && isFoldedSoFar(truth, { at, answersOf }))
        return null;
      if (!truth.right.has(outcome)) return `${outcome}, and the truth is: ${truth.kind}`;
      if (truth.kind === "withheld") return null;
      if (truth.visibleAt === null || truth.visibleAt > at) return `${outcome} before there was an alert`;
      if (tier === null || !tiersBy(truth, at).has(tier)) return `its tier was not ${tier}`;
      return null;
    }
    case "other-alert":
      if (!truth.right.has(outcome)) return `${outcome}, and the truth is: ${truth.kind}`;
      if (truth.otherVisibleAt === null || truth.otherVisibleAt > at)
        return "other-alert, and no other analytic had fired for it alone";
      return null;
    case "logged": {
      if (!truth.right.has(outcome)) return `${outcome}, and the truth is: ${truth.kind}`;
      const told = truth.otherTellsAt;
      const behind = world.spans.some(({ until, kind }) => kind !== "busy" && until > answersOf - ANSWER_AGE);
      if (told !== null && told < answersOf - ANSWER_AGE && !behind)
        return "logged, and another analytic had fired for it alone";
      return null;
    }
    case "blind":
      return truth.right.has(outcome) || isDark(world, trial, truth, at)
        ? null
        : `${outcome}, and the truth is: ${truth.kind}`;
    case "quiet":
      return truth.right.has(outcome) ? null : `${outcome}, and the truth is: ${truth.kind}`;
  }
}

function isFoldedSoFar({ visibleAt, foldedVisibleAt }: Truth, { at, answersOf }: Given): boolean {
  const standing = visibleAt !== null && visibleAt < answersOf - ANSWER_AGE;
  return !standing && foldedVisibleAt !== null && foldedVisibleAt <= at;
}

/** Nothing of the act nor its sentinels arrived in time, nor by the moment of the verdict. */
function isDark(world: World, trial: SimulatedTrial, { kind, firstArrival }: Truth, at: number): boolean {
  if (kind !== "lost on the way" || trial.trial.twin) return false;
  const due = trial.endedAt + longestLagOf(world.settings);
  return at >= due && (firstArrival === null || firstArrival > at);
}

function causeOf(truth: Truth, { outcome, cause }: Verdict): boolean | null {
  const explained =
    outcome === "logged" || outcome === "other-alert" || outcome === "blind" || outcome === "suppressed";
  if (!explained) return null;
  if (cause === null) return false;
  if (truth.links === null) return true;
  if (!truth.links.has(cause.link)) return false;
  // A clause is named by the field that the rule reads and the value that it wants.
  if (cause.link !== "clause" || truth.kind !== "clause not met") return true;
  return (
    cause.nearest === null ||
    cause.nearest.unmet.some(({ field }) => field === "CommandLine" || field === "Image")
  );
}
