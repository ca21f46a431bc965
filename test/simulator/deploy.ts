import { type Analytic, CROWD, CROWD_COUNT } from "./analytics.js";
import type { Deployment } from "./model.js";
import type { Random } from "./random.js";
import { scheduled } from "./scenario-parts.js";
import type { Settings } from "./settings.js";

/** A rule as the SIEM of one world has it: what the scenario needs, and the rest by chance. */
export function deploymentOf({ rule, scenario }: Analytic, random: Random, settings: Settings): Deployment {
  const over = scenario?.deploy?.(random, settings) ?? {};
  const intervalMs = random.pick(settings.intervals);
  // A look-back that covers the delays of nearly all events, as a good rule has it.
  const slack = random.pick([settings.delay.p99 * 2, settings.delay.most]) + settings.shipperOutage;
  const overlapping = scheduled({
    intervalMs,
    lookBackMs: intervalMs + slack + random.pick([0, settings.hostSkew]),
    windowOver: random.pick(["event-time", "ingest-time"] as const),
    runMs: Math.min(random.lognormal(3_000, 40_000), intervalMs * 0.8),
    skipped: random.pick([0, 0, 0, 0.05]),
  });
  const text = rule;
  return {
    text,
    present: true,
    enabled: true,
    schedule: random.chance(0.4) ? { type: "streaming" } : overlapping,
    count: rule.id === CROWD ? CROWD_COUNT : 1,
    throttle: null,
    groupMs: null,
    namedSources: Infinity,
    repeats: random.chance(0.2),
    perEvaluation: random.chance(0.4),
    tier: "alert",
    promotedAfterMs: null,
    firstSeen: false,
    namesHost: random.chance(0.85),
    tellsEvaluated: random.chance(0.85),
    ...over,
    // What a scenario says of the deployed form narrows the text, or widens it where the text does not match.
    fires: firesOf(text, scenario?.name, over.fires),
  };
}

function firesOf(
  text: Deployment["text"],
  scenario: string | undefined,
  special: Deployment["fires"] | undefined,
): Deployment["fires"] {
  if (special === undefined) return ({ record }) => text.matches(record);
  if (scenario === "deployed form is wider") return (event) => text.matches(event.record) || special(event);
  return (event) => text.matches(event.record) && special(event);
}
