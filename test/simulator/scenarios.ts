import {
  type Own,
  excepted,
  lockedPrograms,
  MINUTE,
  others,
  scenarioOf,
  scheduled,
  twinned,
} from "./scenario-parts.js";
import type { ActPlan, Scenario, Words } from "./scenario.js";
import { forcedScenarios, undecidableScenarios } from "./scenarios-apart.js";

type Over = Parameters<typeof scenarioOf>[4];

/** Shares of 500 procedures (README.md): 250 plain, 65 with a broken rule, 35 that the rule does not look for, 150 of special forms. */
const PLAIN = 250;
const BROKEN = 65 / 5;
const SPECIAL = 150 / 21;

const ordinary = (name: string, weight: number, plan: Scenario["plan"], over?: Over): Scenario =>
  scenarioOf("ordinary", name, weight, plan, over);
const one = (own: Own): ActPlan => ({ leaves: [{ argv: own() }] });
const plain = twinned(one);
/** Neither the procedure nor its twin does what the analytic looks for. */
const never =
  (leaf: (words: Words) => string[]): Scenario["plan"] =>
  (words, random) => ({ leaves: [{ argv: leaf(words) }], twin: random.chance(0.5) });

const broken: readonly Scenario[] = [
  ordinary("rule absent", BROKEN, plain, { deploy: () => ({ present: false }) }),
  ordinary("rule disabled", BROKEN, plain, { deploy: () => ({ enabled: false }) }),
  ordinary("excepted", BROKEN, plain, { deploy: () => ({ fires: excepted }) }),
  ordinary("deployed form is narrower", BROKEN, plain, { deploy: () => ({ fires: () => false }) }),
  ordinary(
    "outside the look-back",
    BROKEN,
    twinned((own, _words, _random, { delay }) => ({
      ...one(own),
      slowBy: Math.min(delay.most * 0.9, 150_000),
    })),
    {
      deploy: () => ({
        schedule: scheduled({ intervalMs: MINUTE, lookBackMs: 80_000, windowOver: "event-time" }),
      }),
    },
  ),
];

const notLookedFor: readonly Scenario[] = [
  ordinary(
    "clause not met",
    20,
    never((words) => words.near()),
  ),
  ordinary(
    "other analytic fires",
    15,
    never((words) => words.other()),
  ),
];

const specialRules: readonly Scenario[] = [
  ordinary(
    "deployed form is wider",
    SPECIAL,
    (words, random) =>
      random.chance(0.5)
        ? { leaves: [{ argv: words.wide() }] }
        : { leaves: [{ argv: words.near() }], twin: true },
    { deploy: () => ({ fires: ({ record }) => record.argv.includes("--wide") }) },
  ),
  ordinary("throttled with a record", SPECIAL, plain, {
    noise: 2,
    deploy: () => ({ throttle: { forMs: 5 * MINUTE, recorded: true } }),
  }),
  ordinary(
    "grouped",
    SPECIAL,
    twinned((own, words) => ({ ...one(own), companions: [others(words, "other-user")] })),
    { noise: 6, deploy: () => ({ groupMs: 30 * MINUTE }) },
  ),
  ordinary(
    "threshold of its own",
    SPECIAL,
    twinned((own) => ({ leaves: [1, 2, 3].map(() => ({ argv: own() })) })),
    { count: 3, deploy: () => ({ count: 3 }) },
  ),
  ordinary("signal that stays one", SPECIAL, plain, { deploy: () => ({ tier: "signal" }) }),
  ordinary("signal that becomes an alert", SPECIAL, plain, {
    deploy: () => ({ tier: "signal", promotedAfterMs: 2 * MINUTE }),
  }),
  ordinary("first seen, fresh", SPECIAL, plain, { deploy: () => ({ firstSeen: true }) }),
  ordinary("no source events", SPECIAL, plain, { deploy: () => ({ namedSources: null }) }),
  ordinary("always fires", SPECIAL, plain, { noise: 120 }),
  ordinary("repeated alerts", SPECIAL, plain, {
    deploy: () => ({
      repeats: true,
      schedule: scheduled({ intervalMs: 2 * MINUTE, lookBackMs: 8 * MINUTE }),
    }),
  }),
  ordinary("skipped runs", SPECIAL, plain, {
    deploy: (random) => ({
      schedule: scheduled({ intervalMs: MINUTE, lookBackMs: random.pick([2, 4]) * MINUTE, skipped: 0.4 }),
    }),
  }),
  ordinary("daily rule", SPECIAL, plain, {
    deploy: () => ({
      schedule: scheduled({ intervalMs: 1440 * MINUTE, lookBackMs: 1500 * MINUTE, runMs: MINUTE }),
    }),
  }),
];

const specialActs: readonly Scenario[] = [
  ordinary(
    "left its lineage",
    SPECIAL,
    twinned((own) => ({ leaves: [{ argv: own(), detached: true }] })),
  ),
  ordinary(
    "decoys",
    SPECIAL,
    twinned((own, words) => ({
      ...one(own),
      companions: [others(words, "other-user"), others(words, "other-host"), others(words, "other-run")],
    })),
    { noise: 20 },
  ),
  ordinary(
    "streaming, slow",
    SPECIAL,
    twinned((own, _words, random, { delay }) => ({
      ...one(own),
      slowBy: random.between(0, delay.most * 0.9),
    })),
    { deploy: () => ({ schedule: { type: "streaming" } }) },
  ),
  ordinary("only Tyrian's own care fires", SPECIAL, (words, random) => ({
    leaves: [{ argv: words.near() }],
    twin: random.chance(0.5),
    [random.pick(["requirement", "proof", "cleanup"] as const)]: words.hit(),
  })),
  ordinary(
    "the wrapper's waiting fires",
    SPECIAL,
    never((words) => words.near()),
    { selection: '"Image|endswith": /sleep' },
  ),
  ordinary(
    "the wrapper's looking fires",
    SPECIAL,
    never((words) => words.near()),
    { selection: '"Image|endswith": /grep' },
  ),
  ordinary("prevented", SPECIAL, (words) => ({
    leaves: [{ argv: words.near(), refused: "/opt/locked/tool" }],
    controls: [lockedPrograms],
    failed: true,
  })),
  ordinary("prevented with an alert", SPECIAL, (words) => ({
    leaves: [{ argv: words.hit() }, { argv: words.near(), refused: "/opt/locked/tool" }],
    controls: [lockedPrograms],
    failed: true,
  })),
  ordinary("refused, but not by the control", SPECIAL, (words, random) => ({
    leaves: random.chance(0.5)
      ? [{ argv: words.hit() }]
      : [{ argv: words.hit() }, { argv: [], refused: "/opt/other/tool" }],
    controls: [lockedPrograms],
    failed: true,
    companions: [{ who: "other-user", leaf: { argv: [], refused: "/opt/locked/tool" } }],
  })),
];

/** What is played, with its share. Each scenario has an analytic of its own, shared by all its trials in a world. */
export const scenarios: readonly Scenario[] = [
  ordinary("plain", PLAIN, plain),
  ...broken,
  ...notLookedFor,
  ...specialRules,
  ...specialActs,
  ...undecidableScenarios,
  ...forcedScenarios,
];
