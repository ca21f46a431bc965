/**
 * Verdicts over a simulated SIEM: how often they are right, how many stay undecided and why, how long they take, what they cost,
 * and what three peers' ways of matching say of the same (test/simulator/README.md): `npm run bench:verdicts -- [--trials N] [--setting NAME] [--seed N] [--show TRIAL]`.
 * Exits with 1 when any verdict or cause is wrong.
 */
import { parseArgs } from "node:util";
import { runCampaign } from "../simulator/campaign.js";
import { type SettingName, settingNames, settings } from "../simulator/settings.js";
import type { Asked } from "../simulator/siem.js";
import { storyOf } from "../simulator/story.js";
import { add, emptyTally, type Tally } from "../simulator/tally.js";
import { methodLines, reportOf } from "../simulator/tally-report.js";
import { buildWorld, usualSize } from "../simulator/world.js";

const { values } = parseArgs({
  options: {
    trials: { type: "string", default: "20000" },
    setting: { type: "string" },
    seed: { type: "string", default: "1" },
    show: { type: "string" },
  },
});

const WORLDS_ALONE = 500;
/** So many times the worlds of another setting: the part that stays undecided at this one is a requirement, and wants to be known well. */
const ORDINARY_SHARE = 4;

const isSetting = (name: string): name is SettingName => settingNames.some((known) => known === name);
const chosen = values.setting === undefined ? [...settingNames] : [values.setting].filter(isSetting);
const print = (lines: readonly string[]): void => void process.stdout.write(`${lines.join("\n")}\n`);

if (chosen.length === 0) {
  process.stderr.write(`there is no setting ${values.setting}: ${settingNames.join(", ")}\n`);
  process.exitCode = 2;
} else if (values.show !== undefined) {
  await show(values.show, chosen[0] ?? "ordinary");
} else {
  await measure(chosen, Number(values.trials), Number(values.seed));
}

/** Prints the whole story of a trial, such as r1003-00042 (the number after the r is its world's seed). */
async function show(trial: string, setting: SettingName): Promise<void> {
  const seed = Number(/^r(\d+)-/.exec(trial)?.[1]);
  const world = buildWorld(seed, settings[setting]);
  const asked: Asked[] = [];
  const { judged } = await runCampaign(world, { onAnswer: (one) => asked.push(one) });
  const found = judged.find((one) => one.trial.trial.id === trial);
  if (found === undefined) throw new Error(`the world ${seed} at ${setting} has no trial ${trial}`);
  print(storyOf(world, found, asked));
}

/** Peers usually run one thing at a time: the methods once more, over worlds with two trials on two hosts. */
async function measureAlone(seed: number): Promise<void> {
  const tally = emptyTally();
  for (let index = 0; index < WORLDS_ALONE; index += 1) {
    const world = buildWorld(seed * 1_000_000 + index, settings.ordinary, { hosts: 2, trialsPerHost: 1 });
    add(tally, await runCampaign(world));
  }
  print([`== ordinary, two trials a world: ${tally.trials} trials`, ...methodLines(tally), ""]);
}

async function measure(names: readonly SettingName[], trials: number, seed: number): Promise<void> {
  const perWorld = usualSize.hosts * usualSize.trialsPerHost;
  const worlds = Math.max(1, Math.ceil(trials / names.length / perWorld));
  const worldsOf = (name: SettingName): number =>
    name === "ordinary" && names.length > 1 ? worlds * ORDINARY_SHARE : worlds;
  const tallies: [SettingName, Tally][] = [];
  const start = performance.now();
  for (const name of names) {
    const tally = emptyTally();
    for (let index = 0; index < worldsOf(name); index += 1) {
      add(tally, await runCampaign(buildWorld(seed * 1_000 + index, settings[name])));
    }
    tallies.push([name, tally]);
    print(reportOf(settings[name], tally));
  }
  if (names.length > 1) await measureAlone(seed);
  const all = tallies.map(([, tally]) => tally);
  const total = all.reduce((sum, tally) => sum + tally.trials, 0);
  const wrong = all.flatMap((tally) => tally.wrong);
  const wrongCauses = all.flatMap((tally) => tally.wrongCauses);
  const bound =
    wrong.length === 0 ? `, below ${((3 / total) * 100).toFixed(4)} % with 95 % confidence (3/N)` : "";
  print([
    `all settings: ${total} trials, ${wrong.length} wrong verdicts${bound}, ${wrongCauses.length} wrong causes, ${((performance.now() - start) / 1000).toFixed(0)} s`,
  ]);
  if (wrong.length + wrongCauses.length > 0) process.exitCode = 1;
}
