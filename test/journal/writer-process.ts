import { Journal } from "../../src/journal/journal.js";
import { aTrial, lifeOf, RUN, started } from "./run-fixture.js";

/**
 * A process for the tests to kill: writes events with barriers and prints the number of each one that was acknowledged.
 * `forever` until it is killed; `fill` until a write fails, then it prints the codes of three failures.
 */
const [folder = "", mode = ""] = process.argv.slice(2);
const trial = aTrial(1);
const journal = await Journal.create(folder, RUN);
process.stdout.write(`${(await journal.append(started([trial]), { barrier: true })).seq}\n`);
const armed = lifeOf(trial, []).slice(0, 2);

const codeOf = (error: unknown) => (error as { code: string }).code;
try {
  for (;;) {
    for (const entry of armed) {
      process.stdout.write(`${(await journal.append(entry, { barrier: true })).seq}\n`);
    }
    if (mode === "fill")
      process.stdout.write(`${(await journal.append(started([trial]), { barrier: false })).seq}\n`);
  }
} catch (error) {
  const second = await journal
    .append({ type: "run-ended", reason: "completed" }, { barrier: false })
    .catch(codeOf);
  const third = await journal.close().catch(codeOf);
  process.stdout.write(`${codeOf(error)} ${String(second)} ${String(third)}\n`);
}
