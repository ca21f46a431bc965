import type { Campaign, Judged } from "./campaign.js";
import { Peers, type PeerName, peerNames } from "./peers.js";
import type { TruthKind } from "./truth.js";

/** Yes, no, or nothing said, against whether the analytic fired. */
export interface YesNo {
  right: number;
  falseYes: number;
  falseNo: number;
  unsaid: number;
}

/** What is counted of the trials of one setting. */
export interface Tally {
  trials: number;
  /** Trials that ran, or that an alert shows: those that have a detection to speak of. */
  decidable: number;
  undecided: number;
  /** Those of them whose truth could have been told, had all evidence been there. */
  undecidedOfTellable: number;
  pending: number;
  /** What pending ones became. */
  readonly later: Map<string, number>;
  readonly matrix: Map<string, Map<string, number>>;
  readonly wrong: string[];
  readonly wrongCauses: string[];
  causes: number;
  /** Reasons of `undecided`, by truth. */
  readonly reasons: Map<string, number>;
  /** Milliseconds from the end of the act to the verdict, and as a multiple of the time to the alert. */
  readonly toVerdict: number[];
  readonly ofAlert: number[];
  questions: number;
  readonly kinds: Map<string, number>;
  minutes: number;
  mostInMinute: number;
  readonly methods: Map<PeerName | "Tyrian", YesNo>;
}

export function emptyTally(): Tally {
  return {
    trials: 0,
    decidable: 0,
    undecided: 0,
    undecidedOfTellable: 0,
    pending: 0,
    later: new Map(),
    matrix: new Map(),
    wrong: [],
    wrongCauses: [],
    causes: 0,
    reasons: new Map(),
    toVerdict: [],
    ofAlert: [],
    questions: 0,
    kinds: new Map(),
    minutes: 0,
    mostInMinute: 0,
    methods: new Map(),
  };
}

export function add(tally: Tally, { world, judged, questions, kinds, mostInMinute }: Campaign): void {
  const peers = new Peers(world);
  tally.questions += questions;
  for (const [kind, times] of kinds) tally.kinds.set(kind, (tally.kinds.get(kind) ?? 0) + times);
  tally.minutes += (Math.max(...judged.map(({ givenAt }) => givenAt)) - world.start) / 60_000;
  tally.mostInMinute = Math.max(tally.mostInMinute, mostInMinute);
  for (const one of judged) {
    addVerdict(tally, one);
    addMethods(tally, one, peers);
  }
}

function addVerdict(tally: Tally, one: Judged): void {
  const { trial, truth, verdict, assessment, givenAt } = one;
  const name = `${trial.trial.id} (${trial.scenario})`;
  tally.trials += 1;
  count(rowOf(tally.matrix, nameOf(truth.kind, trial.trial.twin)), verdict.outcome);
  if (assessment.wrong !== null) tally.wrong.push(`${name}: ${assessment.wrong}`);
  if (assessment.cause !== null) tally.causes += 1;
  if (assessment.cause === false)
    tally.wrongCauses.push(`${name}: ${truth.kind}, and the cause is ${verdict.cause?.link ?? "none"}`);
  if (one.later !== null) {
    count(tally.later, one.later.verdict.outcome);
    if (one.later.assessment.wrong !== null)
      tally.wrong.push(`${name}, later: ${one.later.assessment.wrong}`);
  }
  tally.toVerdict.push(givenAt - trial.endedAt);
  if (verdict.outcome === "detected" && truth.visibleAt !== null) {
    const possible = Math.max(truth.visibleAt, trial.handedOverAt) - trial.endedAt;
    tally.ofAlert.push((givenAt - trial.endedAt) / possible);
  }
  if (one.status !== "ran" && verdict.cause?.link === "execution") return;
  tally.decidable += 1;
  if (verdict.outcome === "pending") tally.pending += 1;
  if (verdict.outcome !== "undecided") return;
  tally.undecided += 1;
  if (truth.right.size > 1) tally.undecidedOfTellable += 1;
  const detail = (verdict.cause?.detail ?? "").replaceAll(/sim-\S+|\d+/g, "*").slice(0, 90);
  count(
    tally.reasons,
    `${nameOf(truth.kind, trial.trial.twin)} | ${verdict.cause?.link ?? "none"}: ${detail}`,
  );
}

function nameOf(kind: TruthKind, twin: boolean): string {
  return twin ? `twin: ${kind}` : kind;
}

function addMethods(tally: Tally, { trial, truth, verdict }: Judged, peers: Peers): void {
  const fired = truth.kind === "fired" || truth.kind === "folded";
  if (trial.execution.status !== "ran") return;
  const said = { detected: true, suppressed: true, "false-alarm": true, pending: null, undecided: null };
  const ours = verdict.outcome in said ? said[verdict.outcome as keyof typeof said] : false;
  addYesNo(tally, "Tyrian", ours, fired);
  for (const peer of peerNames) addYesNo(tally, peer, peers.says(peer, trial), fired);
}

function addYesNo(tally: Tally, method: PeerName | "Tyrian", said: boolean | null, fired: boolean): void {
  const row = tally.methods.get(method) ?? { right: 0, falseYes: 0, falseNo: 0, unsaid: 0 };
  tally.methods.set(method, row);
  if (said === null) row.unsaid += 1;
  else if (said === fired) row.right += 1;
  else if (said) row.falseYes += 1;
  else row.falseNo += 1;
}

function rowOf(matrix: Tally["matrix"], key: string): Map<string, number> {
  const row = matrix.get(key) ?? new Map<string, number>();
  matrix.set(key, row);
  return row;
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The value below which the given part of the values lies; NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}
