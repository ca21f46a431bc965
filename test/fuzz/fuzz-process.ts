/** Child process of the fuzzer: runs one target on case after case, and says which one it is at. */
import { mutated, Randomness } from "./mutate.js";
import { targets } from "./targets.js";

const [target = "", seed = "0"] = process.argv.slice(2);
const chosen = targets.find(({ name }) => name === target);
if (chosen === undefined) throw new Error(`no target ${target}`);
const seeds = await chosen.seeds();

/** Waits until the message has left: a process that ends in the next case must have named it. */
function say(message: { number: number; crash?: string }): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
}

for (let number = Number(seed); ; number += 1) {
  await say({ number });
  try {
    await chosen.run(mutated(seeds, new Randomness(number)));
  } catch (error) {
    const crash = error instanceof Error ? (error.stack ?? error.message) : String(error);
    await say({ number, crash });
  }
}
