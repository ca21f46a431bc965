import { Command } from "commander";
import { Invocation } from "../../src/cli/invocation.js";
import { showLive } from "../../src/cli/live-view.js";
import { foldRun, nextRun } from "../../src/journal/fold.js";
import { aTrial, aVerdict, completed, lifeOf, numbered, started } from "../journal/run-fixture.js";

/**
 * A process for the tests: shows a run of one trial that takes half a second, prints data in the middle and a summary
 * at the end. With `wait` it goes on until it is interrupted, and then takes a moment to clean up.
 */
const [mode = "", ...words] = process.argv.slice(2);
const program = new Command().option("-q, --quiet").option("-v, --verbose").option("--no-color");
program.parse(words, { from: "user" });
const { output, signal } = new Invocation(program);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const live = showLive(output, { events: mode === "events" });
let state = foldRun([]);
for (const event of numbered([
  started([aTrial(1)]),
  ...lifeOf(aTrial(1), [aVerdict("detected")]),
  completed,
])) {
  state = nextRun(state, event);
  live.event(event, state);
  if (event.type === "trial-armed") {
    await pause(300);
    output.data("data in the middle");
    live.warning("a \x1b[2Jwarning");
    await pause(200);
  }
}
if (mode === "wait") {
  process.stdout.write("ready\n");
  while (!signal.aborted) await pause(20);
  await pause(300);
  output.data(`cleaned up: ${String(signal.reason)}`);
}
live.close();
output.data("the summary");
