import { type ExitStatus, hintOf } from "../errors.js";
import { lacksRequirement } from "../journal/exit-status.js";
import type { RunState } from "../journal/fold.js";
import type { Results } from "../model/results.js";
import { detectionOutcomeSchema, executionStatusSchema } from "../model/verdict.js";
import type { Tone } from "./style.js";
import { counted, duration, plain } from "./text.js";

/** A labelled paragraph above or below the table of the terminal summary. The text is plain. */
export interface Note {
  readonly label: string;
  readonly text: string;
  readonly tone: Tone;
}

const endings: Record<NonNullable<RunState["ended"]>, string> = {
  completed: "completed",
  interrupted: "interrupted",
  killed: "killed",
  failed: "ended by an error",
  recovered: "recovered after a crash",
};

export function headNotes(state: RunState): Note[] {
  if (state.plan === null) {
    return [{ label: "Run", text: "not started: its journal has no first event", tone: "bad" }];
  }
  const { lab, siem } = state.plan;
  const targets = new Set(state.trials.map(({ trial }) => trial.target)).size;
  const how = state.ended === null ? "not ended" : endings[state.ended];
  const took = state.endedAt === null ? "" : ` in ${duration(milliseconds(state.startedAt, state.endedAt))}`;
  const scope = `${counted(state.trials.length, "trial")} on ${counted(targets, "target")} of lab ${plain(lab)}, SIEM ${plain(siem)}`;
  const title = plain(state.title);
  return [
    { label: "Run", text: `${plain(state.id)}, ${how}${took}`, tone: "strong" },
    { label: "Scope", text: title === "" ? scope : `${title}: ${scope}`, tone: "none" },
    ...fidelityNotes(state),
    ...recordedNotes(state),
  ];
}

function fidelityNotes(state: RunState): Note[] {
  const targets = state.trials
    .filter(({ trial }) => trial.fidelity === "simulated")
    .map(({ trial }) => plain(trial.target));
  const names = [...new Set(targets)].join(" ");
  if (names === "") return [];
  return [{ label: "Simulated", text: `${names}: proves the plumbing and is no coverage`, tone: "unsure" }];
}

function recordedNotes({ trials }: RunState): Note[] {
  const recorders = [...new Set(trials.flatMap(({ trial }) => trial.recorded?.recorder ?? []))];
  if (recorders.length === 0) return [];
  const text = `executed by others, as ${recorders.map(plain).join(", ")} recorded it: no sentinels bracket it`;
  return [{ label: "Not ours", text, tone: "unsure" }];
}

function milliseconds(from: string | null, to: string): number {
  return from === null ? 0 : Date.parse(to) - Date.parse(from);
}

export function folderNotes(folder: string | undefined): Note[] {
  return folder === undefined ? [] : [{ label: "Folder", text: plain(folder), tone: "none" }];
}

/** How often each analytic fires without us, where it does. */
export function noiseNotes(results: Results): Note[] {
  const noise = new Map<
    string,
    { title: string; hosts: Map<string, { matches: number; hours: number; perDay: number | null }> }
  >();
  for (const trial of results.trials) {
    for (const { analytic, title, background } of trial.verdicts) {
      if (background === null || background.matches === 0) continue;
      const entry = noise.get(analytic) ?? { title, hosts: new Map() };
      const { matches, observedHours: hours, perDay } = background;
      const before = entry.hosts.get(trial.target);
      // Each verdict of the run saw the same background up to its own moment: the longest look counts.
      if (before === undefined || before.hours < hours)
        entry.hosts.set(trial.target, { matches, hours, perDay });
      noise.set(analytic, entry);
    }
  }
  return [...noise.values()].map(({ title, hosts }) => {
    const each = [...hosts].map(([host, { matches, hours, perDay }]) => {
      const rate = perDay === null ? "" : `, ${perDay.toFixed(perDay < 10 ? 1 : 0)} a day`;
      return `${plain(host)} ${matches} in ${duration(hours * 3_600_000)}${rate}`;
    });
    return { label: "Noise", text: `"${plain(title)}" fires without us: ${each.join("; ")}`, tone: "none" };
  });
}

/** Targets that are not proved clean. */
export function cleanupNotes(results: Results): Note[] {
  return results.trials
    .filter(({ cleanup }) => cleanup.status !== "clean")
    .map(({ id, target, procedure, cleanup }) => ({
      label: cleanup.status === "dirty" ? "! Dirty" : "! Unverified",
      text: `${plain(target)} after ${plain(procedure)} (trial ${plain(id)}): ${plain(cleanup.detail)}`,
      tone: "bad",
    }));
}

export function totalNotes(results: Results): Note[] {
  const executions = executionStatusSchema.options
    .map((status) => ({
      status,
      count: results.trials.filter(({ execution }) => execution.status === status).length,
    }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${status}`);
  const outcomes = detectionOutcomeSchema.options
    .map((outcome) => ({ outcome, count: results.summary.byOutcome[outcome] ?? 0 }))
    .filter(({ count }) => count > 0)
    .map(({ outcome, count }) => `${count} ${outcome}`);
  const verdicts = results.trials.reduce((sum, { verdicts: each }) => sum + each.length, 0);
  const accepted = results.trials.reduce(
    (sum, { verdicts: each }) => sum + each.filter((verdict) => verdict.accepted !== undefined).length,
    0,
  );
  return [
    { label: "Trials", text: `${results.trials.length}: ${executions.join(", ") || "none"}`, tone: "none" },
    {
      label: "Verdicts",
      text: `${verdicts}: ${outcomes.join(", ") || "none"}; ${results.summary.met} met, ${results.summary.notMet} not met${accepted === 0 ? "" : `, ${accepted} of these accepted`}`,
      tone: "none",
    },
  ];
}

const meanings: Record<ExitStatus, string> = {
  0: "all expectations met",
  1: "an expectation was not met",
  2: "invalid input",
  3: "an execution failed or is indeterminate, or a target is not proved clean",
  4: "a verdict is undecided or pending",
  130: "interrupted",
};

/**
 * The result, and what one would do now.
 * @param run what the commands are to call the run: its id, or its folder when that is not where they look.
 */
export function resultNotes(state: RunState, results: Results, exit: ExitStatus, run: string): Note[] {
  const id = plain(run);
  if (state.ended === null) {
    const next = `npx tyrian report ${id}; if its process is gone: npx tyrian cleanup ${id}`;
    return [
      { label: "Result", text: "the run has not ended", tone: "unsure" },
      { label: "Next", text: next, tone: "none" },
    ];
  }
  const tone = exit === 0 ? "good" : exit === 1 || exit === 3 ? "bad" : "unsure";
  return [
    { label: "Result", text: `${meanings[exit]} (exit status ${exit})`, tone },
    { label: "Next", text: nextCommand(state, results, exit, id), tone: "none" },
  ];
}

function nextCommand(state: RunState, results: Results, exit: ExitStatus, id: string): string {
  if (results.trials.some(({ cleanup }) => cleanup.status !== "clean")) return `npx tyrian cleanup ${id}`;
  if (exit === 3) return afterFailure(results, id);
  if (exit === 4 && state.trials.some(({ trial }) => trial.recorded !== undefined))
    return `npx tyrian verify ${id}, when more may have arrived`;
  if (exit === 4) return "npx tyrian lab status; with the sensor and the SIEM in order, run it again";
  const miss = results.trials
    .flatMap((trial) => trial.verdicts.map((verdict) => ({ trial, verdict })))
    .find(
      ({ verdict, trial }) =>
        !verdict.met && verdict.accepted === undefined && trial.execution.status === "ran",
    );
  if (miss !== undefined) {
    const file = state.plan?.analytics.find(({ id: analytic }) => analytic === miss.verdict.analytic)?.file;
    const look = `npx tyrian show ${plain(miss.trial.procedure)}`;
    return file === undefined ? look : `${look}; the rule is ${plain(file)}`;
  }
  return `npx tyrian report ${id} --format junit`;
}

/** What helps against the first execution that failed: the error's own hint, or a look at the procedure. */
function afterFailure(results: Results, id: string): string {
  const failures = results.trials.filter(
    (trial) => !["ran", "prevented"].includes(trial.execution.status) && !isAsExpected(trial),
  );
  const failed = failures.find((trial) => !lacksRequirement(trial)) ?? failures[0];
  if (failed === undefined) return `npx tyrian report ${id} --verbose`;
  const target = plain(failed.target);
  if (lacksRequirement(failed))
    return `install what ${target} lacks, or leave the procedure out; then run again`;
  const hint = hintOf(failed.execution.reason?.code ?? "");
  return hint === null ? `npx tyrian show ${plain(failed.procedure)}` : `${target}: ${hint}`;
}

function isAsExpected({ verdicts }: Results["trials"][number]): boolean {
  return verdicts.length > 0 && verdicts.every(({ met }) => met);
}
