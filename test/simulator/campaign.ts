import type { Observation } from "../../src/model/observation.js";
import type { ExecutionStatus, Verdict } from "../../src/model/verdict.js";
import { shareQuestions } from "../../src/siem/shared.js";
import { decide } from "../../src/verify/decide.js";
import { type Patience, observe } from "../../src/verify/observe.js";
import { refineExecution } from "../../src/verify/prevention.js";
import { rulesById } from "./analytics.js";
import { type Assessment, mayAssert } from "./may-assert.js";
import { SimulatedHostLog } from "./host-log.js";
import type { SimulatedTrial, World } from "./model.js";
import { type Asked, SimulatedSiem } from "./siem.js";
import { type Truth, truthOf } from "./truth.js";
import { VirtualTime } from "./virtual-time.js";

/** A trial of a world with what Tyrian said of it and what is so. */
export interface Judged {
  readonly trial: SimulatedTrial;
  readonly truth: Truth;
  /** When the verdict was given, our clock. */
  readonly givenAt: number;
  readonly observation: Observation;
  readonly status: ExecutionStatus;
  readonly verdict: Verdict;
  readonly assessment: Assessment;
  /** What was said of a pending one when nothing was due any more; null of any other. */
  readonly later: { readonly verdict: Verdict; readonly assessment: Assessment } | null;
}

export interface Campaign {
  readonly world: World;
  readonly judged: readonly Judged[];
  /** Questions that reached the SIEM, and the most in any minute. */
  readonly questions: number;
  readonly kinds: ReadonlyMap<string, number>;
  readonly mostInMinute: number;
}

export interface CampaignOptions {
  readonly patience?: Patience;
  /** Called with each answer of the SIEM. */
  readonly onAnswer?: (asked: Asked) => void;
}

/** Milliseconds after the last moment that mattered, when pending verdicts are looked at again. */
const LATER = 10 * 60_000;

/** Has Tyrian judge every trial of a world, all at the same time as in a run, over the virtual clock. */
export async function runCampaign(world: World, options: CampaignOptions = {}): Promise<Campaign> {
  const time = new VirtualTime(world.start);
  const simulated = new SimulatedSiem(world, time);
  simulated.onAnswer = options.onAnswer ?? null;
  const siem = shareQuestions(simulated, time);
  const hostLog = new SimulatedHostLog(world, time);
  const settings = {
    now: () => time.now(),
    ...(options.patience === undefined ? {} : { patience: options.patience }),
  };
  const judgeOnce = async (trial: SimulatedTrial, truth: Truth): Promise<Omit<Judged, "later">> => {
    const { trial: planned, lostBefore } = trial;
    const request = { trial: planned, execution: trial.execution, rules: rulesById, lostBefore, hostLog };
    const observation = await observe(siem, request, settings);
    const givenAt = time.now();
    const execution = refineExecution(planned, trial.execution, observation);
    const verdict = decide({ trial: planned, execution, observation, rules: rulesById })[0];
    if (verdict === undefined) throw new Error(`no verdict of ${planned.id}`);
    // Of answers that agree the older one counts.
    const given = {
      at: givenAt,
      answersOf: Math.min(observation.answeredAt, observation.agreedAt),
      hostTold: observation.hostLog?.state === "complete",
    };
    const assessment = mayAssert(world, trial, truth, verdict, execution.status, given);
    return { trial, givenAt, truth, observation, status: execution.status, verdict, assessment };
  };
  const judge = async (trial: SimulatedTrial): Promise<Judged> => {
    const truth = truthOf(world, trial);
    await time.until(trial.handedOverAt);
    const first = await judgeOnce(trial, truth);
    if (first.verdict.outcome !== "pending") return { ...first, later: null };
    await time.until(truth.settledAt + LATER);
    return { ...first, later: await judgeOnce(trial, truth) };
  };
  const judged = await time.run(() => Promise.all(world.trials.map(judge)));
  return {
    world,
    judged,
    questions: simulated.asked.length,
    kinds: simulated.kinds,
    mostInMinute: mostInMinute(simulated.asked),
  };
}

function mostInMinute(asked: readonly number[]): number {
  let first = 0;
  let most = 0;
  asked.forEach((at, index) => {
    while ((asked[first] ?? at) <= at - 60_000) first += 1;
    most = Math.max(most, index - first + 1);
  });
  return most;
}
