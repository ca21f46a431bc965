/** Judges worlds of every setting in turn and prints a line for each wrong verdict or cause: started by mutants.bench.ts in a copy. */
import { runCampaign } from "../campaign.js";
import { scenarios } from "../scenarios.js";
import { type Settings, settings } from "../settings.js";
import { add, emptyTally } from "../tally.js";
import { buildWorld } from "../world.js";

/** Those first in which most goes wrong; and kernels that drop one record of fifty. */
const played: readonly (readonly [string, Settings])[] = [
  ...(["harsh", "lossless", "busy", "forgetful", "skewed"] as const).map(
    (name) => [name, settings[name]] as const,
  ),
  ["leaky", { ...settings.lossless, kernelLoss: 0.02 }],
  ...(["outage", "ordinary"] as const).map((name) => [name, settings[name]] as const),
];
/** Every scenario equally often, so that the rare ones are there. */
const size = { hosts: 4, trialsPerHost: 40, only: scenarios.map(({ name }) => name) };

const lossless = { undecided: 0, of: 0 };

const worlds = Number(process.argv[2] ?? "1");
for (let index = 1; index <= worlds; index += 1) {
  for (const [name, setting] of played) {
    const tally = emptyTally();
    add(tally, await runCampaign(buildWorld(index, setting, size)));
    if (name === "lossless") {
      lossless.undecided += tally.decidable.undecided;
      lossless.of += tally.decidable.of;
    }
    for (const line of [...tally.wrong, ...tally.wrongCauses]) process.stdout.write(`${name} ${line}\n`);
  }
}
// A check that is gone may also leave more undecided than its loss can: seen where nothing is lost.
process.stdout.write(`undecided ${lossless.undecided / lossless.of}\n`);
process.stdout.write("end\n");
