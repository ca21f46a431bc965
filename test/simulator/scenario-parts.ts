import type { Control } from "../../src/model/target.js";
import type { Deployment, ScheduledDeployment } from "./model.js";
import type { Random } from "./random.js";
import type { ActPlan, Companion, Group, Scenario, Words } from "./scenario.js";
import type { Settings } from "./settings.js";

export const MINUTE = 60_000;

export const lockedPrograms: Control = {
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

/** Excepts the account that Tyrian acts as. */
export const excepted: Deployment["fires"] = ({ record }) => record.fields["User"] !== "lab";

export const hits = (words: Words): ActPlan => ({ leaves: [{ argv: words.hit() }] });
export const misses = (words: Words): ActPlan => ({ leaves: [{ argv: words.near() }] });
export const others = (words: Words, who: Companion["who"]): Companion => ({
  who,
  leaf: { argv: words.hit() },
});

type Over = Partial<Omit<Scenario, "name" | "weight" | "plan" | "group" | "why">>;

export function scenarioOf(
  group: Group,
  name: string,
  weight: number,
  plan: Scenario["plan"],
  over: Over = {},
  why: string | null = null,
): Scenario {
  return { name, weight, group, why, plan, ...over };
}

/** What an act starts: what its analytic looks for, or nearly that. */
export type Own = () => string[];

/** Part of the twins that make the analytic fire. */
const FIRING_TWINS = 0.1;

/** A procedure and, as often, its twin: the same under the same rule, with what the analytic nearly looks for. */
export function twinned(
  plan: (own: Own, words: Words, random: Random, settings: Settings) => ActPlan,
): Scenario["plan"] {
  return (words, random, settings) => {
    if (random.chance(0.5)) return plan(() => words.hit(), words, random, settings);
    const fires = random.chance(FIRING_TWINS);
    const own: Own = () => (fires ? words.hit() : words.near());
    return { ...plan(own, words, random, settings), twin: true };
  };
}
