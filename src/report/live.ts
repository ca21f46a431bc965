import type { RunState, TrialRecord } from "../journal/fold.js";
import { executionOf } from "../journal/results.js";
import type { JournalEvent } from "../model/journal-event.js";
import { detectionOutcomeSchema } from "../model/verdict.js";
import { painter } from "./style.js";
import { clip, columns, counted, duration, pad, plain } from "./text.js";

export interface LiveOptions {
  /** Milliseconds since 1970, by the clock that dates the journal. */
  readonly now: number;
  readonly width: number;
  readonly color: boolean;
  /** Lines for targets; further ones are counted. */
  readonly targets?: number;
}

/** What a target is busy with, or a trial waits for. */
interface Activity {
  readonly target: string;
  readonly text: string;
  readonly since: number;
  /** It holds the target; a trial that waits for its telemetry does not. */
  readonly acts: boolean;
}

/** The picture of a run that goes on: progress, verdicts, and for each target what runs or is waited for, since when. */
export function renderLive(state: RunState, options: LiveOptions): string[] {
  const { now, width } = options;
  const paint = painter(options.color);
  const done = state.trials.filter(isDone).length;
  const took = state.startedAt === null ? "" : duration(now - Date.parse(state.startedAt));
  const head = [
    bar(done, state.trials.length),
    `${done}/${state.trials.length} trials`,
    ...countsOf(state),
    took,
  ];
  const lines = [paint("strong", clip(head.filter((part) => part !== "").join("  "), width))];

  const activities = state.trials.map(activityOf).filter((activity) => activity !== null);
  const byTarget = new Map<string, Activity[]>();
  for (const activity of activities) {
    byTarget.set(activity.target, [...(byTarget.get(activity.target) ?? []), activity]);
  }
  const shown = [...byTarget].slice(0, options.targets ?? 10);
  const names = Math.max(0, ...shown.map(([target]) => columns(target)));
  for (const [target, all] of shown) {
    const first = all.find(({ acts }) => acts) ?? (all[0] as Activity);
    const more = all.length > 1 ? `  (${counted(all.length - 1, "more trial")} waiting)` : "";
    const text = `  ${pad(target, names)}  ${first.text}, ${duration(now - first.since)}${more}`;
    lines.push(clip(text, width));
  }
  if (byTarget.size > shown.length)
    lines.push(paint("dim", clip(`  and ${counted(byTarget.size - shown.length, "more target")}`, width)));
  return lines;
}

/** A trial is done when nothing more will be done for it: its verdicts are there, or it did not run and is cleaned. */
function isDone(record: TrialRecord): boolean {
  return record.state === "verified";
}

function countsOf(state: RunState): string[] {
  const verdicts = state.trials.flatMap((record) => record.verdicts);
  const counts = detectionOutcomeSchema.options
    .map((outcome) => ({ outcome, count: verdicts.filter((verdict) => verdict.outcome === outcome).length }))
    .filter(({ count }) => count > 0)
    .map(({ outcome, count }) => `${count} ${outcome}`);
  const notMet = verdicts.filter(({ met }) => !met).length;
  return notMet > 0 ? [...counts, `(${notMet} not met)`] : counts;
}

function activityOf(record: TrialRecord): Activity | null {
  const { trial, state, reached } = record;
  if (state === "planned" || state === "verified") return null;
  const what = plain(trial.twin ? `the twin of ${trial.procedure}` : trial.procedure);
  const target = plain(trial.target);
  const texts: Record<typeof state, string> = {
    prepared: `preparing ${what}`,
    armed: `running ${what}`,
    executed: `checking the proof of ${what}`,
    checked: `cleaning up after ${what}`,
    cleaned: record.observation === null ? `waiting for the end sentinel of ${what}` : `deciding ${what}`,
  };
  return {
    target,
    text: texts[state],
    since: Date.parse(reached[state] ?? ""),
    acts: state !== "cleaned",
  };
}

function bar(done: number, all: number): string {
  const length = 20;
  const full = all === 0 ? 0 : Math.floor((done / all) * length);
  return "█".repeat(full) + "░".repeat(length - full);
}

/**
 * The line for one event where nothing can be repainted; null when it is not worth one. With `everything`, each change
 * of a trial's state has its line; else only starts, ends, verdicts and what went wrong.
 */
export function eventLine(state: RunState, event: JournalEvent, everything: boolean): string | null {
  if (event.type === "run-started") {
    return `run ${plain(event.run)}: ${counted(event.plan.trials.length, "trial")}`;
  }
  if (event.type === "run-announced") {
    const places = event.places.map(({ place, told }) => `${plain(place)}${told ? "" : " (failed)"}`);
    return `run ${plain(event.run)}: ${event.edge === "begins" ? "its beginning" : "its end"} announced to ${places.join(", ")}`;
  }
  if (event.type === "run-ended") return `run ${plain(event.run)}: ${event.reason}`;
  const record = state.trials.find(({ trial }) => trial.id === event.trial);
  if (record === undefined) return null;
  const { trial } = record;
  const done = `[${state.trials.filter(isDone).length}/${state.trials.length}]`;
  const say = (text: string): string =>
    `${done} ${plain(trial.target)}  ${plain(trial.procedure)}${trial.twin ? " (twin)" : ""}: ${text}`;
  switch (event.type) {
    case "trial-verified":
      return say(verdictText(record, event.verdicts));
    case "trial-checked": {
      const { status, reason } = event.execution;
      return status === "ran" && !everything
        ? null
        : say(reason === null ? status : `${status}: ${plain(reason.message)}`);
    }
    case "trial-cleaned":
      if (event.cleanup.status === "clean") return everything ? say("clean") : null;
      return say(`${event.cleanup.status}: ${plain(event.cleanup.detail)}`);
    default:
      return everything ? say(event.type.replace("trial-", "")) : null;
  }
}

function verdictText(
  record: TrialRecord,
  verdicts: readonly { title: string; outcome: string; met: boolean; expected: string }[],
): string {
  if (verdicts.length === 0) return executionOf(record).status;
  return verdicts
    .map(
      ({ title, outcome, met, expected }) =>
        `${outcome}${met ? "" : `, expected ${expected}`} (${plain(title)})`,
    )
    .join("; ");
}
