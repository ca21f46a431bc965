import { excepted, hits, MINUTE, misses, others, scenarioOf } from "./scenario-parts.js";
import type { ActPlan, Loss, Scenario, Words } from "./scenario.js";
import type { Random } from "./random.js";

const undecidable = (
  name: string,
  why: string,
  plan: Scenario["plan"],
  over?: Parameters<typeof scenarioOf>[4],
): Scenario => scenarioOf("undecidable", name, 1, plan, over, why);

const either = (words: Words, random: Random): ActPlan => (random.chance(0.5) ? hits(words) : misses(words));

/** What the SIEM's evidence does not decide although nothing of it is lost (README.md). */
export const undecidableScenarios: readonly Scenario[] = [
  undecidable("throttled without a record", "a withheld alert leaves nothing", hits, {
    noise: 2,
    deploy: () => ({ throttle: { forMs: 5 * MINUTE, recorded: false } }),
  }),
  undecidable(
    "throttled twin",
    "a withheld alert leaves nothing",
    (words, random) => (random.chance(0.5) ? { ...hits(words), twin: true } : misses(words)),
    { noise: 6, deploy: () => ({ throttle: { forMs: 5 * MINUTE, recorded: false } }) },
  ),
  undecidable(
    "grouped, sources capped",
    "the alert does not name all that it stands for",
    (words) => ({ ...hits(words), companions: [others(words, "other-user")] }),
    { noise: 12, deploy: () => ({ groupMs: 30 * MINUTE, namedSources: 3 }) },
  ),
  undecidable(
    "threshold with others",
    "others' events were counted too",
    (words, random) => ({
      leaves: Array.from({ length: random.integer(1, 4) }, () => ({ argv: words.hit() })),
      twin: random.chance(0.3),
      companions: [others(words, "other-user"), others(words, "other-user")],
    }),
    { count: 3, noise: 6, deploy: () => ({ count: 3 }) },
  ),
  undecidable(
    "first seen, known",
    "the rule's memory cannot be asked",
    (words) => ({ leaves: [{ argv: words.known() }] }),
    { noise: 12, deploy: () => ({ firstSeen: true }) },
  ),
  undecidable("no source events, noisy", "the alert does not say what it stands for", either, {
    noise: 20,
    deploy: () => ({ namedSources: null }),
  }),
  undecidable(
    "no source events, excepted",
    "the alert does not say what it stands for",
    (words) => ({ ...hits(words), companions: [others(words, "other-user")] }),
    { deploy: () => ({ namedSources: null, fires: excepted }) },
  ),
  undecidable(
    "no source events, others at the time",
    "the alert does not say what it stands for",
    (words, random) => ({
      ...either(words, random),
      companions: [others(words, random.chance(0.5) ? "other-user" : "other-run")],
    }),
    { deploy: () => ({ namedSources: null }) },
  ),
  undecidable("no such log source", "no sentinel travels with that log source", hits, {
    logsource: "{ product: linux, category: file_event }",
  }),
  undecidable(
    "second channel",
    "no sentinel travels with that log source",
    (words, random) => ({
      leaves: [{ argv: random.chance(0.6) ? words.hit() : words.near(), secondChannel: true }],
    }),
    { logsource: "{ product: linux, service: shell }" },
  ),
  undecidable("outlived its bracket", "what matters ran after the end sentinel", (words) => ({
    leaves: [{ argv: words.near() }, { argv: words.hit() }],
    outlived: true,
  })),
  undecidable("another trial in the same session", "an exec belongs to either", (words, random) => ({
    ...either(words, random),
    companions: [others(words, "same-session")],
  })),
  undecidable("marker in the command", "the rule reads the field in which the marker stands", (words) => ({
    leaves: [{ argv: words.hit(), marked: true }],
  })),
];

const forced = (
  name: string,
  lost: Loss,
  plan: Scenario["plan"],
  over?: Parameters<typeof scenarioOf>[4],
): Scenario =>
  scenarioOf(
    "forced",
    name,
    1,
    (words, random, settings) => ({ ...plan(words, random, settings), lost }),
    over,
  );

/** Chosen records are lost, whatever else is. */
export const forcedScenarios: readonly Scenario[] = [
  forced("all lost on the way", "all", hits),
  forced("act lost, sentinels not", "act", either),
  forced("begin sentinel lost", "begin", either),
  forced("end sentinel lost", "end", (words, random) => ({
    ...either(words, random),
    looks: 2,
    twin: random.chance(0.3),
  })),
  forced("root lost", "root", either),
  forced("root lost, the wrapper's waiting fires", "root", (words) => ({ ...misses(words), looks: 2 }), {
    selection: '"Image|endswith": /sleep',
  }),
  // What is left of it begins with a process that looks like its first one.
  forced("head lost, and it runs itself again", "head", (words, random) => ({
    leaves: [
      { argv: random.chance(0.5) ? words.hit() : words.near() },
      { argv: [], again: true },
      { argv: words.near() },
    ],
  })),
  // A requirement with the act's own arguments is what is left of the beginning, and what it starts matches.
  forced("head lost, a requirement looks like the act", "head", (words) => ({
    ...misses(words),
    requirement: words.hit(),
    requirementLikeAct: true,
  })),
  // The numbers of another channel fill the gap that the loss leaves.
  forced("act lost, second channel beside", "act", (words, random) => ({
    ...either(words, random),
    beside: 6,
    twin: random.chance(0.3),
  })),
  // Nothing of it is lost; but its first alert is folded, and a later one may stand.
  scenarioOf(
    "forced",
    "a throttle ends in mid-act",
    1,
    (words) => ({ leaves: [1, 2, 3].map(() => ({ argv: words.hit() })) }),
    {
      noise: 240,
      deploy: () => ({
        throttle: { forMs: 8_000, recorded: true },
        schedule: { type: "streaming" },
      }),
    },
  ),
];
