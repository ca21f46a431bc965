import type { Control } from "../../src/model/target.js";
import type { Deployment, ScheduledDeployment } from "./model.js";
import type { ActPlan, Companion, Scenario, Words } from "./scenario.js";

const MINUTE = 60_000;
const lockedPrograms: Control = {
  id: "locked-programs",
  description: "",
  refuses: { errors: ["EACCES", "EPERM"], paths: ["/opt/locked/"] },
};

export const scheduled = (over: Partial<ScheduledDeployment> = {}): ScheduledDeployment => ({
  type: "scheduled",
  intervalMs: 5 * MINUTE,
  lookBackMs: 10 * MINUTE,
  windowOver: "ingest-time",
  runMs: 5_000,
  skipped: 0,
  ...over,
});

const hits = (words: Words): ActPlan => ({ leaves: [{ argv: words.hit() }] });
const misses = (words: Words): ActPlan => ({ leaves: [{ argv: words.near() }] });
const others = (words: Words, who: Companion["who"]): Companion => ({ who, leaf: { argv: words.hit() } });
const streaming = { schedule: { type: "streaming" } } as const;
/** Excepts the account that Tyrian acts as. */
const excepted: Deployment["fires"] = ({ record }) => record.fields["User"] !== "lab";

function scenario(
  name: string,
  weight: number,
  plan: Scenario["plan"],
  over: Partial<Omit<Scenario, "name" | "weight" | "plan">> = {},
): Scenario {
  return { name, weight, rare: weight < 5, plan, ...over };
}

/** What is played, with its share. Each scenario has an analytic of its own, shared by all its trials in a world. */
export const scenarios: readonly Scenario[] = [
  scenario("plain", 420, hits),
  scenario("plain twin", 130, (words) => ({ ...misses(words), twin: true })),
  scenario("twin that fires", 20, (words) => ({ ...hits(words), twin: true })),
  scenario("clause not met", 50, misses),
  scenario("left its lineage", 40, (words) => ({ leaves: [{ argv: words.hit(), detached: true }] })),
  scenario("rule absent", 12, hits, { deploy: () => ({ present: false }) }),
  scenario("rule disabled", 12, hits, { deploy: () => ({ enabled: false }) }),
  scenario("excepted", 15, hits, { deploy: () => ({ fires: excepted }) }),
  scenario("excepted twin", 0.5, (words) => ({ ...hits(words), twin: true }), {
    deploy: () => ({ fires: excepted }),
  }),
  scenario("deployed form is narrower", 10, hits, { deploy: () => ({ fires: () => false }) }),
  scenario("deployed form is wider", 10, (words) => ({ leaves: [{ argv: words.wide() }] }), {
    deploy: () => ({ fires: ({ record }) => record.argv.includes("--wide") }),
  }),
  scenario("other analytic fires", 30, (words) => ({ leaves: [{ argv: words.other() }] })),
  scenario("throttled with a record", 25, hits, {
    noise: 2,
    deploy: () => ({ throttle: { forMs: 5 * MINUTE, recorded: true } }),
  }),
  scenario("throttled without a record", 0.5, hits, {
    noise: 2,
    deploy: () => ({ throttle: { forMs: 5 * MINUTE, recorded: false } }),
  }),
  scenario(
    "throttled twin",
    0.5,
    (words, random) => (random.chance(0.5) ? { ...hits(words), twin: true } : misses(words)),
    {
      noise: 6,
      deploy: () => ({ throttle: { forMs: 5 * MINUTE, recorded: false } }),
    },
  ),
  scenario("grouped", 25, (words) => ({ ...hits(words), companions: [others(words, "other-user")] }), {
    noise: 6,
    deploy: () => ({ groupMs: 30 * MINUTE }),
  }),
  scenario(
    "grouped, sources capped",
    0.5,
    (words) => ({ ...hits(words), companions: [others(words, "other-user")] }),
    {
      noise: 12,
      deploy: () => ({ groupMs: 30 * MINUTE, namedSources: 3 }),
    },
  ),
  scenario(
    "threshold of its own",
    20,
    (words) => ({ leaves: [1, 2, 3].map(() => ({ argv: words.hit() })) }),
    {
      count: 3,
      deploy: () => ({ count: 3 }),
    },
  ),
  scenario(
    "threshold with others",
    0.5,
    (words, random) => ({
      leaves: Array.from({ length: random.integer(1, 4) }, () => ({ argv: words.hit() })),
      twin: random.chance(0.3),
      companions: [others(words, "other-user"), others(words, "other-user")],
    }),
    { count: 3, noise: 6, deploy: () => ({ count: 3 }) },
  ),
  scenario("signal that stays one", 12, hits, { deploy: () => ({ tier: "signal" }) }),
  scenario("signal that becomes an alert", 8, hits, {
    deploy: () => ({ tier: "signal", promotedAfterMs: 2 * MINUTE }),
  }),
  scenario("first seen, fresh", 12, hits, { deploy: () => ({ firstSeen: true }) }),
  scenario("first seen, known", 0.5, (words) => ({ leaves: [{ argv: words.known() }] }), {
    noise: 12,
    deploy: () => ({ firstSeen: true }),
  }),
  scenario("no source events", 6, hits, { deploy: () => ({ namedSources: null }) }),
  scenario(
    "no source events, noisy",
    0.5,
    (words, random) => (random.chance(0.5) ? hits(words) : misses(words)),
    {
      noise: 20,
      deploy: () => ({ namedSources: null }),
    },
  ),
  scenario(
    "no source events, excepted",
    0.5,
    (words) => ({ ...hits(words), companions: [others(words, "other-user")] }),
    { deploy: () => ({ namedSources: null, fires: excepted }) },
  ),
  scenario(
    "no source events, others at the time",
    0.5,
    (words, random) => ({
      ...(random.chance(0.5) ? hits(words) : misses(words)),
      companions: [others(words, random.chance(0.5) ? "other-user" : "other-run")],
    }),
    { deploy: () => ({ namedSources: null }) },
  ),
  scenario(
    "decoys, hit",
    25,
    (words) => ({
      ...hits(words),
      companions: [others(words, "other-user"), others(words, "other-host"), others(words, "other-run")],
    }),
    { noise: 20 },
  ),
  scenario(
    "decoys, no hit",
    25,
    (words, random) => ({
      ...misses(words),
      twin: random.chance(0.3),
      companions: [others(words, "other-user"), others(words, "other-host"), others(words, "other-run")],
    }),
    { noise: 20 },
  ),
  scenario("only Tyrian's own care fires", 20, (words, random) => ({
    ...misses(words),
    twin: random.chance(0.2),
    [random.pick(["requirement", "proof", "cleanup"] as const)]: words.hit(),
  })),
  scenario(
    "the wrapper's waiting fires",
    5,
    (words, random) => ({
      ...misses(words),
      twin: random.chance(0.2),
      housekeeping: ["/bin/sleep", "0.05"],
    }),
    { selection: '"Image|endswith": /sleep' },
  ),
  scenario(
    "always fires",
    15,
    (words, random) => ({ ...(random.chance(0.5) ? hits(words) : misses(words)), twin: random.chance(0.2) }),
    {
      noise: 120,
    },
  ),
  scenario("repeated alerts", 15, hits, {
    deploy: () => ({
      repeats: true,
      schedule: scheduled({ intervalMs: 2 * MINUTE, lookBackMs: 8 * MINUTE }),
    }),
  }),
  scenario(
    "outside the look-back",
    12,
    (words, _random, { delay }) => ({ ...hits(words), slowBy: Math.min(delay.most * 0.9, 150_000) }),
    {
      deploy: () => ({
        schedule: scheduled({ intervalMs: MINUTE, lookBackMs: 80_000, windowOver: "event-time" }),
      }),
    },
  ),
  scenario("skipped runs", 10, hits, {
    deploy: (random) => ({
      schedule: scheduled({ intervalMs: MINUTE, lookBackMs: random.pick([2, 4]) * MINUTE, skipped: 0.4 }),
    }),
  }),
  scenario(
    "daily rule",
    8,
    (words, random) => (random.chance(0.7) ? hits(words) : { ...misses(words), twin: random.chance(0.5) }),
    {
      deploy: () => ({
        schedule: scheduled({ intervalMs: 1440 * MINUTE, lookBackMs: 1500 * MINUTE, runMs: MINUTE }),
      }),
    },
  ),
  scenario("all lost on the way", 0.3, (words) => ({ ...hits(words), lost: "all" })),
  scenario("act lost, sentinels not", 0.3, (words) => ({ ...hits(words), lost: "act" })),
  scenario("begin sentinel lost", 1, (words, random) => ({
    ...(random.chance(0.6) ? hits(words) : misses(words)),
    lost: "begin",
  })),
  scenario("end sentinel lost", 0.3, (words, random) => ({
    ...(random.chance(0.6) ? hits(words) : misses(words)),
    lost: "end",
  })),
  scenario("no such log source", 0.5, hits, { logsource: "{ product: linux, category: file_event }" }),
  scenario(
    "second channel",
    0.5,
    (words, random) => ({
      leaves: [{ argv: random.chance(0.6) ? words.hit() : words.near(), secondChannel: true }],
    }),
    { logsource: "{ product: linux, service: shell }" },
  ),
  scenario("prevented", 10, (words) => ({
    leaves: [{ argv: words.near(), refused: "/opt/locked/tool" }],
    controls: [lockedPrograms],
    failed: true,
  })),
  scenario("prevented with an alert", 10, (words) => ({
    leaves: [{ argv: words.hit() }, { argv: words.near(), refused: "/opt/locked/tool" }],
    controls: [lockedPrograms],
    failed: true,
  })),
  scenario("refused, but not by the control", 8, (words, random) => ({
    leaves: random.chance(0.5)
      ? [{ argv: words.hit() }]
      : [{ argv: words.hit() }, { argv: [], refused: "/opt/other/tool" }],
    controls: [lockedPrograms],
    failed: true,
    companions: [{ who: "other-user", leaf: { argv: [], refused: "/opt/locked/tool" } }],
  })),
  scenario("outlived its bracket", 0.5, (words) => ({
    leaves: [{ argv: words.near() }, { argv: words.hit() }],
    outlived: true,
  })),
  scenario(
    "streaming, slow",
    15,
    (words, random, { delay }) => ({ ...hits(words), slowBy: random.between(0, delay.most * 0.9) }),
    {
      deploy: () => streaming,
    },
  ),
];
