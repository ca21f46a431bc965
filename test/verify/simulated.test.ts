import { describe, expect, it } from "vitest";
import { observationSchema } from "../../src/model/observation.js";
import { decide } from "../../src/verify/decide.js";
import { refineExecution } from "../../src/verify/prevention.js";
import { rulesById } from "../simulator/analytics.js";
import { type Campaign, type Judged, runCampaign } from "../simulator/campaign.js";
import { Random } from "../simulator/random.js";
import { type Settings, settingNames, settings } from "../simulator/settings.js";
import { isDecidable } from "../simulator/tally.js";
import { buildWorld } from "../simulator/world.js";

const size = { hosts: 4, trialsPerHost: 15 };
/** Seeds are counted from 1 and never chosen. */
const SEED = 1;
const ORDINARY_SEEDS = [1, 2, 3];

/** A way on which nothing is lost and nothing comes twice, so that each trial of a scenario has the same truth. */
const lossless: Settings = { ...settings.lossless, duplicates: 0 };

function wrongOf({ judged }: Campaign): string[] {
  return judged.flatMap((one) => {
    const { trial, assessment, truth, verdict, later } = one;
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

/** Trials of these worlds that the evidence decides unless it is lost, and those of them that stayed undecided. */
async function undecidedAt(setting: Settings): Promise<{ of: number; undecided: Judged[] }> {
  const tally = { of: 0, undecided: [] as Judged[] };
  for (const seed of ORDINARY_SEEDS) {
    for (const one of (await runCampaign(buildWorld(seed, setting, size))).judged) {
      if (!isDecidable(one)) continue;
      tally.of += 1;
      if (one.verdict.outcome === "undecided") tally.undecided.push(one);
    }
  }
  return tally;
}

async function played(scenario: string, over: { dark?: boolean } = {}): Promise<readonly Judged[]> {
  const world = buildWorld(SEED, lossless, { hosts: 3, trialsPerHost: 5, only: [scenario], ...over });
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
  const { hostLog } = kept;
  const mixed = {
    ...kept,
    events: shuffled(kept.events),
    alerts: shuffled(kept.alerts),
    ...(hostLog === undefined ? {} : { hostLog: { ...hostLog, events: shuffled(hostLog.events) } }),
  };
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

  // The figure itself (the issue asks for 2 %) is the bench's, over thousands of trials: so few tell only that it has not leapt.
  it("are undecided for less than 4 % of a few trials at ordinary settings", async () => {
    const { of, undecided } = await undecidedAt(settings.ordinary);
    expect(of).toBeGreaterThan(100);
    expect(undecided.length / of).toBeLessThan(0.04);
  });

  it("are undecided where nothing is lost only for what an alert or a rule does not tell", async () => {
    const { undecided } = await undecidedAt(settings.lossless);
    // An alert that names no sources while others can have caused it, and a twin that matches and raises nothing.
    for (const { verdict } of undecided) expect(["attribution", "exception"]).toContain(verdict.cause?.link);
  });

  // Found by the bench (harsh, r1010-00216): a whole answer from before the alert could be there, and a hollow one much later, agreed.
  it("do not become a miss by an answer that is empty without reason, however late it comes", async () => {
    const hollow = { ...settings.ordinary, hollow: 1, questionsPerMinute: 60 };
    for (const seed of ORDINARY_SEEDS) {
      const campaign = await runCampaign(
        buildWorld(seed, hollow, { hosts: 3, trialsPerHost: 20, only: ["plain"] }),
      );
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
  ])("is named: %s", async (scenario, outcome, link) => {
    const verdicts = (await played(scenario)).flatMap(({ trial, verdict }) =>
      trial.trial.twin ? [] : [verdict],
    );
    expect(new Set(verdicts.map((verdict) => `${verdict.outcome} ${verdict.cause?.link ?? "none"}`))).toEqual(
      new Set([`${outcome} ${link}`]),
    );
  });

  it.each(["all lost on the way", "act lost, sentinels not"])(
    "is the way to the SIEM, where the host's own log can be read: %s",
    async (scenario) => {
      const procedures = (await played(scenario)).filter(({ trial }) => !trial.trial.twin);
      expect(new Set(procedures.map(({ observation }) => observation.hostLog?.state))).toEqual(
        new Set(["complete", "unreachable"]),
      );
      for (const { verdict, observation } of procedures) {
        const outcome = observation.hostLog?.state === "complete" ? "blind" : "undecided";
        expect([verdict.outcome, verdict.cause?.link]).toEqual([outcome, "ingest"]);
      }
    },
  );

  it("is named with the clause and both values", async () => {
    for (const { trial, verdict } of await played("clause not met")) {
      if (trial.trial.twin) continue;
      expect(verdict.cause?.nearest?.unmet.map(({ field }) => field)).toContain("CommandLine");
      expect(verdict.cause?.nearest?.unmet[0]?.found).toContain("--plain");
    }
  });

  it("is the sensor: nothing arrives, and the trial is blind", async () => {
    const verdicts = (await played("plain", { dark: true })).flatMap(({ trial, verdict }) =>
      trial.trial.twin ? [] : [verdict],
    );
    expect(new Set(verdicts.map(({ outcome }) => outcome))).toEqual(new Set(["blind"]));
    for (const { cause } of verdicts) expect(["host-log", "ingest"]).toContain(cause?.link);
  });

  it("is a throttle with a record: the later alerts are suppressed", async () => {
    const judged = await played("throttled with a record");
    const folded = judged.filter(({ trial, truth }) => truth.kind === "folded" && !trial.trial.twin);
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
