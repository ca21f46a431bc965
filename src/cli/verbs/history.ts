import type { Command } from "commander";
import { EXIT } from "../../errors.js";
import { listRuns, type RunListing } from "../../journal/find.js";
import { table } from "../../report/table.js";
import { duration, plain } from "../../report/text.js";
import type { Invocation } from "../invocation.js";
import { DEFAULT_RUNS_FOLDER } from "../places.js";

export function register(command: Command, invocation: Invocation): void {
  command
    .option("--out <folder>", "the runs folder", DEFAULT_RUNS_FOLDER)
    .option("--json", "print an array of runs, oldest first")
    .action(
      invocation.action(async (options: { out: string; json?: true }) => {
        const { output } = invocation;
        const runs = await listRuns(options.out);
        if (options.json === true) {
          output.json(runs);
        } else if (runs.length === 0) {
          output.note(`no run in ${plain(options.out)} yet; \`tyrian run\` makes one`);
        } else {
          for (const line of table(head, runs.map(rowOf), output.stdout.width)) output.data(line);
        }
        return EXIT.met;
      }),
    );
}

const head = [
  { title: "run" },
  { title: "started" },
  { title: "took", align: "right" as const },
  { title: "status" },
  { title: "trials", align: "right" as const },
  { title: "met", align: "right" as const },
  { title: "not met", align: "right" as const },
  { title: "exit", align: "right" as const },
  { title: "selection", shrinks: true },
];

function rowOf(run: RunListing): string[] {
  return [
    run.id,
    run.startedAt.replace("T", " ").replace(/\.\d+Z$/, "Z"),
    run.endedAt === null ? "" : duration(Date.parse(run.endedAt) - Date.parse(run.startedAt)),
    run.status,
    String(run.trials),
    String(run.met),
    String(run.notMet),
    run.exit === null ? "" : String(run.exit),
    run.title,
  ].map(plain);
}
