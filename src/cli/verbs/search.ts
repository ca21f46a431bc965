import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { EXIT, TyrianError } from "../../errors.js";
import { resolveRun } from "../../journal/find.js";
import { counted } from "../../report/text.js";
import type { Logsource } from "../../telemetry/files/event-shape.js";
import { logsourceOf } from "../detect/logsource-option.js";
import { RulePipelines } from "../../detection/pipelines/index.js";
import { addPipelineOption, readPipelineTexts } from "../pipeline-option.js";
import { diagnosticText } from "../failure.js";
import type { Invocation } from "../invocation.js";
import { DEFAULT_RUNS_FOLDER } from "../places.js";
import { eventsOfFiles, eventsOfStore, type HuntedEvent } from "../search/hunted-event.js";
import { hitLines, missLines, nearestLines, rowLines } from "../search/search-view.js";
import { readSearchedRules, searchSigma } from "../search/sigma-search.js";
import { searchSpl } from "../search/spl-search.js";

interface Options {
  readonly spl?: string;
  readonly sigma?: string;
  readonly events?: string[];
  readonly run: string;
  readonly out: string;
  readonly logsource?: Logsource;
  readonly explain?: true;
  readonly lenient?: true;
  readonly json?: true;
  readonly pipeline?: string[];
}

export function register(command: Command, invocation: Invocation): void {
  addPipelineOption(command)
    .addOption(
      new Option("--spl <query>", "a query of Splunk's search language").conflicts(["sigma", "pipeline"]),
    )
    .option("--sigma <file>", "the rules and correlations of a file")
    .option("--events <file...>", "events as JSON or XML, also in files that end in .gz; - is standard input")
    .option("--run <run>", "the telemetry of this run, where no files are named", "latest")
    .option(
      "--logsource <product/category/service>",
      "the log source of every event of the files",
      logsourceOf,
    )
    .option("--explain", "say how near the nearest event came to what found nothing")
    .option("--lenient", "evaluate a query with known mistakes as it was evidently meant")
    .option("--out <folder>", "where runs are kept", DEFAULT_RUNS_FOLDER)
    .option("--json", "one JSON document on stdout")
    .addHelpText(
      "after",
      "\nLookup tables of a query are files lookups/NAME.csv of the current folder.\n" +
        "Exit status: 0 whether or not anything was found; 2 when the answer is not whole: the query or the rule was refused,\n" +
        "or something in the files was no event.",
    )
    .action(
      invocation.action(async (options: Options) => {
        const source = await sourceOf(options, invocation);
        const { spl, sigma } = options;
        if (spl !== undefined) await hunt(spl, source, options, invocation);
        else if (sigma !== undefined) await look(sigma, source, options, invocation);
        else
          throw new TyrianError("usage", "nothing to search for", {
            hint: "Give --spl QUERY or --sigma FILE.",
          });
        return source.whole() ? EXIT.met : EXIT.invalidInput;
      }),
    );
}

interface Source {
  readonly events: AsyncIterable<HuntedEvent>;
  /** Whether everything could be read so far. */
  whole(): boolean;
}

async function sourceOf(options: Options, { output }: Invocation): Promise<Source> {
  if (options.events !== undefined) {
    let problems = 0;
    const events = eventsOfFiles(options.events, options.logsource ?? null, (problem) => {
      problems += 1;
      output.warn(diagnosticText(problem));
    });
    return { events, whole: () => problems === 0 };
  }
  const { id, folder } = await resolveRun(options.run, options.out);
  const file = join(folder, "events.duckdb");
  if (!existsSync(file)) {
    throw new TyrianError("run-unknown", `run ${id} has no telemetry of its own: ${file} does not exist`, {
      hint: "Name files with --events, or a run that asked the embedded SIEM.",
    });
  }
  return { events: eventsOfStore(file), whole: () => true };
}

async function hunt(query: string, source: Source, options: Options, { output }: Invocation): Promise<void> {
  const { rows, events, nearest, warnings } = await searchSpl(query, source.events, {
    mode: options.lenient === true ? "lenient" : "strict",
    explain: options.explain === true,
    now: Date.now(),
  });
  for (const warning of warnings) output.note(diagnosticText(warning));
  if (options.json === true) output.json({ events, rows, nearest });
  else {
    if (rows.length > 0) output.data(rowLines(rows, output.stdout.width).join("\n"));
    for (const line of nearestLines(nearest)) output.data(line);
  }
  output.note(`${counted(rows.length, "row")} from ${counted(events, "event")}`);
}

async function look(file: string, source: Source, options: Options, { output }: Invocation): Promise<void> {
  const searched = await readSearchedRules(
    file,
    new RulePipelines(readPipelineTexts(options.pipeline ?? [])),
  );
  for (const warning of searched.warnings) output.note(diagnosticText(warning));
  const found = await searchSigma(searched, source.events, options.explain === true);
  if (options.json === true) output.json(found);
  else {
    for (const hit of found.hits) output.data(hitLines(hit).join("\n"));
    for (const miss of found.misses) output.data(missLines(miss).join("\n"));
  }
  output.note(`${counted(found.hits.length, "match", "matches")} in ${counted(found.events, "event")}`);
  if (found.unknown > 0) {
    output.note(
      `the log source of ${counted(found.unknown, "event")} is not known, so no rule reads them; --logsource names it`,
    );
  }
}
