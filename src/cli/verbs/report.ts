import { type Command, Option } from "commander";
import { EXIT } from "../../errors.js";
import { resolveRun } from "../../journal/find.js";
import { foldRun, type RunState } from "../../journal/fold.js";
import { damageError, readJournal } from "../../journal/read.js";
import { toResults } from "../../journal/results.js";
import type { Invocation } from "../invocation.js";
import type { Screen } from "../output.js";
import { DEFAULT_RUNS_FOLDER } from "../places.js";

const formats = ["terminal", "json", "junit"] as const;
type Format = (typeof formats)[number];

export function register(command: Command, invocation: Invocation): void {
  command
    .argument("<run>", "a run id, a run folder or `latest`")
    .addOption(new Option("--format <format>", "how").choices(formats).default("terminal"))
    .option("--out <folder>", "the runs folder", DEFAULT_RUNS_FOLDER)
    .action(
      invocation.action(async (reference: string, options: { format: Format; out: string }) => {
        const { output } = invocation;
        const { folder } = await resolveRun(reference, options.out);
        const { events, damage } = await readJournal(folder);
        const state = foldRun(events);
        const found = reference === "latest" || reference === state.id;
        const named = found && options.out === DEFAULT_RUNS_FOLDER ? state.id : folder;
        output.data(await render(state, options.format, output.stdout, output.verbose, named));
        // The readable part is worth a look; what follows it is not known.
        if (damage !== null) throw damageError(folder, damage);
        return EXIT.met;
      }),
    );
}

/** @param reference what a command line calls the run. */
async function render(
  state: RunState,
  format: Format,
  screen: Screen,
  everything: boolean,
  reference: string,
): Promise<string> {
  if (format === "json") return JSON.stringify(toResults(state), null, 2);
  if (format === "junit") return (await import("../../report/junit.js")).renderJunit(state);
  const { renderSummary } = await import("../../report/summary.js");
  return renderSummary(state, { width: screen.width, color: screen.color, everything, reference });
}
