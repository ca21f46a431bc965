import { describe, expect, it } from "vitest";
import { observationSchema } from "../../src/model/observation.js";
import { decide } from "../../src/verify/decide.js";
import { refineExecution } from "../../src/verify/prevention.js";
import { rulesById } from "../simulator/analytics.js";
import { type Campaign, type Judged, runCampaign } from "../simulator/campaign.js";
import { Random } from "../simulator/random.js";
import { type Settings, settingNames, settings } from "../simulator/settings.js";
import type { World } from "../simulator/model.js";
import { buildWorld } from "../simulator/world.js";

const size = { hosts: 5, trialsPerHost: 40 };
const SEED = 7;
/** The first ones, from 11 on, whose worlds lose about 1 %. */
const ORDINARY_SEEDS = [13, 18, 24];

/** A way on which nothing is lost, so that each trial of a scenario has the same truth. */
const lossless: Settings = {
  ...settings.ordinary,
  loss: { least: 0, most: 0, inRow: 1 },
  kernelLoss: 0,
  duplicates: 0,
};

function wrongOf({ judged }: Campaign): string[] {
  return judged.flatMap(({ trial, assessment, truth, verdict, later }) => {
    const name = `${trial.trial.id} (${trial.scenario}), truth ${truth.kind}, verdict ${verdict.outcome}`;
    return [
      ...(assessment.wrong === null ? [] : [`${name}: ${assessment.wrong}`]),
      ...(assessment.cause === false ? [`${name}: cause ${verdict.cause?.link ?? "none"}`] : []),
      ...(later?.assessment.wrong === undefined || later.assessment.wrong === null
        ? []
        : [`${name}, later ${later.verdict.outcome}: ${later.assessment.wrong}`]),
    ];
  });
}

/** The part of the records that the way of the hosts lost. */
function lossOf({ hosts }: World): number {
  const sent = hosts.filter(({ sensing }) => sensing).flatMap(({ events }) => events);
  return sent.filter(({ arrivals }) => arrivals.length === 0).length / sent.length;
}

async function played(scenario: string, over: { dark?: boolean } = {}): Promise<readonly Judged[]> {
  const world = buildWorld(SEED, lossless, { hosts: 3, trialsPerHost: 3, only: [scenario], ...over });
  const campaign = await runCampaign(world);
  expect(wrongOf(campaign)).toEqual([]);
  return campaign.judged;
}

/** The verdict computed again from the observation as a journal keeps it, its parts in another order. */
function again({ trial, observation }: Judged, random: Random): unknown {
  const kept = observationSchema.parse(JSON.parse(JSON.stringify(observation)));
  const shuffled = <T>(list: readonly T[]): T[] =>
    list
      .map((entry) => ({ entry, key: random.next() }))
      .sort((one, other) => one.key - other.key)
      .map(({ entry }) => entry);
  const mixed = { ...kept, events: shuffled(kept.events), alerts: shuffled(kept.alerts) };
  const execution = refineExecution(trial.trial, trial.execution, mixed);
  return decide({ trial: trial.trial, execution, observation: mixed, rules: rulesById })[0];
}

describe("Verdicts over a simulated SIEM", () => {
  it.each(settingNames)(
    "are never wrong at the setting %s, and can be computed again in any order",
    async (name) => {
      const campaign = await runCampaign(buildWorld(SEED, settings[name], size));
      expect(campaign.judged).toHaveLength(size.hosts * size.trialsPerHost);
      expect(wrongOf(campaign)).toEqual([]);
      const random = new Random(SEED);
      for (const one of campaign.judged) expect(again(one, random)).toEqual(one.verdict);
    },
  );

  it("are undecided for less than 2 % of the trials at ordinary settings", async () => {
    let decidable = 0;
    let undecided = 0;
    for (const seed of ORDINARY_SEEDS) {
      const world = buildWorld(seed, settings.ordinary, size);
      // Losses come in rows: a small world has its 1 % only by luck.
      expect(lossOf(world)).toBeGreaterThan(0.008);
      expect(lossOf(world)).toBeLessThan(0.014);
      for (const { status, verdict } of (await runCampaign(world)).judged) {
        if (status !== "ran" && verdict.cause?.link === "execution") continue;
        decidable += 1;
        if (verdict.outcome === "undecided") undecided += 1;
      }
    }
    expect(undecided / decidable).toBeLessThan(0.02);
  });

  // Found by the bench (harsh, r1010-00216): a whole answer from before the alert could be there, and a hollow one much later, agreed.
  it("do not become a miss by an answer that is empty without reason, however late it comes", async () => {
    const hollow = { ...settings.ordinary, hollow: 1, questionsPerMinute: 60 };
    for (const seed of [4, 5, 6]) {
      const only = ["plain", "plain twin", "twin that fires"];
      const campaign = await runCampaign(buildWorld(seed, hollow, { hosts: 3, trialsPerHost: 20, only }));
      expect(wrongOf(campaign)).toEqual([]);
    }
  });

  it("are the same for the same seed", async () => {
    const verdicts = async (): Promise<unknown> => {
      const world = buildWorld(3, settings.harsh, { hosts: 3, trialsPerHost: 10 });
      return (await runCampaign(world)).judged.map(({ verdict, givenAt }) => ({ verdict, givenAt }));
    };
    expect(await verdicts()).toEqual(await verdicts());
  });
});

describe("A link that is broken on purpose", () => {
  it.each([
    ["rule absent", "logged", "rule-present"],
    ["rule disabled", "logged", "rule-enabled"],
    ["excepted", "logged", "exception"],
    ["deployed form is narrower", "logged", "exception"],
    ["outside the look-back", "logged", "look-back"],
    ["clause not met", "logged", "clause"],
    ["daily rule", "pending", "evaluated"],
    ["first seen, known", "undecided", "exception"],
    ["all lost on the way", "undecided", "ingest"],
    ["act lost, sentinels not", "undecided", "ingest"],
  ])("is named: %s", async (scenario, outcome, link) => {
    const verdicts = (await played(scenario)).map(({ verdict }) => verdict);
    expect(new Set(verdicts.map((verdict) => `${verdict.outcome} ${verdict.cause?.link ?? "none"}`))).toEqual(
      new Set([`${outcome} ${link}`]),
    );
  });

  it("is named with the clause and both values", async () => {
    for (const { verdict } of await played("clause not met")) {
      expect(verdict.cause?.nearest?.unmet.map(({ field }) => field)).toContain("CommandLine");
      expect(verdict.cause?.nearest?.unmet[0]?.found).toContain("--plain");
    }
  });

  it("is the sensor: nothing arrives, and the trial is blind", async () => {
    const verdicts = (await played("plain", { dark: true })).map(({ verdict }) => verdict);
    expect(new Set(verdicts.map(({ outcome }) => outcome))).toEqual(new Set(["blind"]));
    for (const { cause } of verdicts) expect(["host-log", "ingest"]).toContain(cause?.link);
  });

  it("is a throttle with a record: the later alerts are suppressed", async () => {
    const judged = await played("throttled with a record");
    const folded = judged.filter(({ truth }) => truth.kind === "folded");
    expect(folded.length).toBeGreaterThan(0);
    for (const { verdict } of folded) {
      expect(verdict.outcome).toBe("suppressed");
      expect(verdict.cause?.link).toBe("suppression");
    }
  });

  it("is a control that refused: the trial is prevented, not missed", async () => {
    const judged = await played("prevented");
    expect(new Set(judged.map(({ status }) => status))).toEqual(new Set(["prevented"]));
  });

  it("is another user's refused program: nothing was prevented", async () => {
    const judged = await played("refused, but not by the control");
    expect(new Set(judged.map(({ status }) => status))).toEqual(new Set(["failed"]));
  });
});
