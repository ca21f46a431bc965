import type { AcceptedMiss } from "../model/accepted-miss.js";
import type { CleanupResult, Execution } from "../model/execution.js";
import { type JournalEvent, type TrialState, trialStateSchema } from "../model/journal-event.js";
import type { Observation } from "../model/observation.js";
import type { Plan, Trial } from "../model/trial.js";
import type { Verdict } from "../model/verdict.js";
import { withAcceptance } from "./acceptance.js";

/** How a run ended. */
export type RunEnding = Extract<JournalEvent, { type: "run-ended" }>["reason"];

/** What the journal knows of one trial. */
export interface TrialRecord {
  readonly trial: Trial;
  /** The furthest state that was reached; `planned` before the first. */
  readonly state: TrialState | "planned";
  /** When each state was reached last, ISO 8601. */
  readonly reached: Readonly<Partial<Record<TrialState, string>>>;
  /** As recorded last: after `checked` with its proof. */
  readonly execution: Execution | null;
  readonly cleanup: CleanupResult | null;
  readonly observation: Observation | null;
  /** The newest verdict for each analytic. */
  readonly verdicts: readonly Verdict[];
  /** Verdicts that a later revision replaced, oldest first. */
  readonly earlierVerdicts: readonly Verdict[];
}

/** A run as its journal tells it. Every picture of a run is made from this. */
export interface RunState {
  /** Empty, with no plan, while the journal has no event. */
  readonly id: string;
  readonly title: string;
  readonly version: string;
  /** The process that started it. */
  readonly pid: number | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Null while it runs, or after a crash that nobody has recovered from. */
  readonly ended: RunEnding | null;
  readonly plan: Plan | null;
  /** In the plan's order. */
  readonly trials: readonly TrialRecord[];
  /** Number of events, and the time of the last. */
  readonly events: number;
  readonly lastAt: string | null;
}

const order: readonly (TrialState | "planned")[] = ["planned", ...trialStateSchema.options];

/** The state before the first event. */
export function emptyRun(): RunState {
  return {
    id: "",
    title: "",
    version: "",
    pid: null,
    startedAt: null,
    endedAt: null,
    ended: null,
    plan: null,
    trials: [],
    events: 0,
    lastAt: null,
  };
}

/** The state of a run after the events, in their order. Pure; any prefix of a journal gives a state. */
export function foldRun(events: readonly JournalEvent[]): RunState {
  return events.reduce(nextRun, emptyRun());
}

/** The state after one more event. The state given is not changed. */
export function nextRun(state: RunState, event: JournalEvent): RunState {
  const next = { ...state, events: state.events + 1, lastAt: event.at };
  if (event.type === "run-started") {
    return {
      ...next,
      id: event.run,
      title: event.title,
      version: event.version,
      pid: event.pid,
      startedAt: event.at,
      plan: event.plan,
      trials: event.plan.trials.map(planned),
    };
  }
  if (event.type === "run-announced") return next;
  if (event.type === "run-ended") return { ...next, endedAt: event.at, ended: event.reason };
  // An event of a trial that the plan does not have changes nothing: there is no trial to speak of.
  const index = state.trials.findIndex(({ trial }) => trial.id === event.trial);
  const record = state.trials[index];
  return record === undefined
    ? next
    : {
        ...next,
        trials: state.trials.with(index, nextTrial(record, event, state.plan?.acceptedMisses ?? [])),
      };
}

function planned(trial: Trial): TrialRecord {
  return {
    trial,
    state: "planned",
    reached: {},
    execution: null,
    cleanup: null,
    observation: null,
    verdicts: [],
    earlierVerdicts: [],
  };
}

type TrialEvent = Extract<JournalEvent, { trial: string }>;

function nextTrial(record: TrialRecord, event: TrialEvent, accepted: readonly AcceptedMiss[]): TrialRecord {
  switch (event.type) {
    case "trial-prepared":
      return reach(record, "prepared", event.at);
    case "trial-armed":
      return reach(record, "armed", event.at);
    case "trial-executed":
      return { ...reach(record, "executed", event.at), execution: event.execution };
    case "trial-checked":
      return { ...reach(record, "checked", event.at), execution: event.execution };
    case "trial-cleaned":
      return { ...reach(record, "cleaned", event.at), cleanup: event.cleanup };
    case "trial-observed":
      return { ...record, observation: event.observation };
    case "trial-verified": {
      const verdicts = event.verdicts.map((verdict) =>
        withAcceptance(verdict, record.trial, record.execution, accepted),
      );
      return { ...reach(record, "verified", event.at), ...revise(record, verdicts) };
    }
  }
}

function reach(record: TrialRecord, state: TrialState, at: string): TrialRecord {
  // A cleanup that is repeated after the verdict does not take the verdict back.
  const further = order.indexOf(state) > order.indexOf(record.state);
  return {
    ...record,
    state: further ? state : record.state,
    reached: { ...record.reached, [state]: at },
  };
}

function revise(
  record: TrialRecord,
  verdicts: readonly Verdict[],
): Pick<TrialRecord, "verdicts" | "earlierVerdicts"> {
  const current = [...record.verdicts];
  const earlier = [...record.earlierVerdicts];
  for (const verdict of verdicts) {
    const index = current.findIndex(({ analytic }) => analytic === verdict.analytic);
    const replaced = current[index];
    if (replaced === undefined) {
      current.push(verdict);
    } else {
      earlier.push(replaced);
      current[index] = verdict;
    }
  }
  return { verdicts: current, earlierVerdicts: earlier };
}
