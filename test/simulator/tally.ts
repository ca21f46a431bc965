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

/** How many of the trials that have a detection to speak of stayed undecided. */
export interface Share {
  of: number;
  undecided: number;
  pending: number;
}

/** What is counted of the trials of one setting. */
export interface Tally {
  trials: number;
  /** Of trials that ran, or that an alert shows: those that the evidence decides unless it is lost, and all of them. */
  readonly decidable: Share;
  readonly all: Share;
  /** The former by scenario, the rest by why no evidence decides it. */
  readonly byScenario: Map<string, Share>;
  readonly byWhy: Map<string, Share>;
  /** Undecided ones of the decidable, by what was lost of them. */
  readonly byLoss: Map<string, number>;
  /** Misses that say `logged` although another analytic's alert, which names no host, stands for the act. */
  hiddenOthers: number;
  /** Acts that a declared control refused, whose record arrived: those that were called prevented, and those that were not. */
  readonly refusals: { prevented: number; failed: number };
  /** What pending ones became. */
  readonly later: Map<string, number>;
  readonly matrix: Map<string, Map<string, number>>;
  readonly wrong: string[];
  readonly wrongCauses: string[];
  causes: number;
  /** Reasons of `undecided` of the decidable, by truth. */
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

const emptyShare = (): Share => ({ of: 0, undecided: 0, pending: 0 });

export function emptyTally(): Tally {
  return {
    trials: 0,
    decidable: emptyShare(),
    all: emptyShare(),
    byScenario: new Map(),
    byWhy: new Map(),
    byLoss: new Map(),
    hiddenOthers: 0,
    refusals: { prevented: 0, failed: 0 },
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
  if (truth.prevented) tally.refusals[one.status === "prevented" ? "prevented" : "failed"] += 1;
  if (verdict.outcome === "logged" && truth.others.length > 0) tally.hiddenOthers += 1;
  if (one.status !== "ran" && verdict.cause?.link === "execution") return;
  const undecidable = trial.undecidable ?? unquiet(one);
  const shares = [
    tally.all,
    ...(undecidable === null
      ? [
          tally.decidable,
          shareOf(tally.byScenario, `${trial.group === "forced" ? "forced: " : ""}${trial.scenario}`),
        ]
      : [shareOf(tally.byWhy, undecidable)]),
  ];
  for (const share of shares) {
    share.of += 1;
    if (verdict.outcome === "pending") share.pending += 1;
    if (verdict.outcome === "undecided") share.undecided += 1;
  }
  if (verdict.outcome !== "undecided" || undecidable !== null) return;
  count(tally.byLoss, lossOf(one));
  const detail = (verdict.cause?.detail ?? "").replaceAll(/sim-\S+|\d+/g, "*").slice(0, 90);
  count(
    tally.reasons,
    `${nameOf(truth.kind, trial.trial.twin)} | ${verdict.cause?.link ?? "none"}: ${detail}`,
  );
}

/** Whether a trial ran, and its evidence decides it unless it is lost. */
export function isDecidable(one: Judged): boolean {
  const ran = one.status === "ran" || one.verdict.cause?.link !== "execution";
  return ran && (one.trial.undecidable ?? unquiet(one)) === null;
}

/** Why a twin of which everything arrived cannot be quiet, by product.md; null when it can. */
function unquiet({ trial, truth: { kind, covered, throttled } }: Judged): string | null {
  if (!trial.trial.twin || kind === "fired" || kind === "folded") return null;
  if (!covered) return "a twin that no evaluation saw";
  if (throttled) return "a twin under an open throttle";
  return trial.lostBefore === null ? "a twin where nobody counts what the kernel drops" : null;
}

/** What never arrived of what lies between the sentinels of a trial. */
function lossOf({ trial: { events } }: Judged): string {
  const root = events.find(({ part }) => part === "act");
  const lost = events.filter(({ arrivals }) => arrivals.length === 0);
  const names = lost.flatMap((event) => {
    if (event === root) return ["the act's first process"];
    if (event.part === "begin" || event.part === "end") return [`the ${event.part} sentinel`];
    if (event.part === "act") return ["another process of the act"];
    return event.part === "housekeeping" ? ["the wrapper's own"] : [];
  });
  if (names.length === 0) return "nothing";
  return new Set(names).size === 1 ? `only ${names[0]}` : "several";
}

function shareOf(shares: Map<string, Share>, key: string): Share {
  const share = shares.get(key) ?? emptyShare();
  shares.set(key, share);
  return share;
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
