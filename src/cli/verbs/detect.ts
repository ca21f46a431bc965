import { type Command, InvalidArgumentError } from "commander";
import { EXIT } from "../../errors.js";
import { counted } from "../../report/text.js";
import type { Logsource } from "../../telemetry/files/event-shape.js";
import type { Correlated } from "../detect/correlated.js";
import { detect, type Totals } from "../detect/detection-run.js";
import { loadRules, type LoadedRules } from "../detect/loaded-rules.js";
import { logsourceOf } from "../detect/logsource-option.js";
import { addPipelineOption, readPipelineTexts } from "../pipeline-option.js";
import { diagnosticText } from "../failure.js";
import type { Invocation } from "../invocation.js";

interface Options {
  readonly rules: string[];
  readonly events: string[];
  readonly summary?: true;
  readonly workers: number;
  readonly logsource?: Logsource;
  readonly cache: boolean;
  readonly pipeline?: string[];
}

export function register(command: Command, invocation: Invocation): void {
  addPipelineOption(command)
    .requiredOption("--rules <path...>", "Sigma rules and queries of SPL (.spl), and folders with them")
    .requiredOption(
      "--events <file...>",
      "events as JSON or XML, also in files that end in .gz; - is standard input",
    )
    .option("--summary", "print one document of counts instead of the matches")
    .option("--workers <count>", "threads that read and match", workerCount, 1)
    .option(
      "--logsource <product/category/service>",
      "the log source of every event; parts may be empty",
      logsourceOf,
    )
    .option("--no-cache", "read every rule again")
    .addHelpText(
      "after",
      "\nA query decides over events one by one; one that needs several together is refused.\n" +
        "Prints {rule, title, file, line} for each match, in the order of the events; then those of correlations, with the\n" +
        "number of their events and their group, at the last event. Exit status: 0 whether or not anything\n" +
        "matched; 2 when the answer is not whole: a rule was refused, a query could not be\n" +
        "evaluated over an event, or something in the files was no event.",
    )
    .action(
      invocation.action(async (options: Options) => {
        const { output } = invocation;
        const loaded = loadRules(options.rules, {
          cache: options.cache,
          pipelines: readPipelineTexts(options.pipeline ?? []),
        });
        for (const diagnostic of loaded.diagnostics) {
          if (diagnostic.severity === "error") output.warn(diagnosticText(diagnostic));
          else output.note(diagnosticText(diagnostic));
        }
        for (const file of loaded.others) output.detail(`${file} is no rule`);
        const started = performance.now();
        const { totals, correlated } = await detect(loaded, {
          files: options.events,
          logsource: options.logsource ?? null,
          workers: options.workers,
          onMatches: async (matches) => {
            if (options.summary === true) return;
            output.data(matches.map((match) => JSON.stringify(match)).join("\n"));
            await handedOver();
          },
          onProblem: (problem) => output.warn(diagnosticText(problem)),
        });
        const seconds = (performance.now() - started) / 1000;
        if (options.summary === true) output.json(summaryOf(loaded, totals, correlated, seconds));
        else for (const match of correlated.matches) output.data(JSON.stringify(match));
        if (correlated.undated > 0) {
          output.note(
            `${counted(correlated.undated, "event")} without a time did not count for correlations`,
          );
        }
        for (const remark of remarks(loaded, totals, correlated, seconds)) output.note(remark);
        const { skipped, unreadable, undecided } = totals;
        const whole = loaded.unsupported.length === 0 && skipped + unreadable + undecided === 0;
        return whole ? EXIT.met : EXIT.invalidInput;
      }),
    );
}

/** Waits until what was printed has been taken: with a slow reader nothing heaps up. Also when there is no reader any more. */
function handedOver(): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write("", () => resolve());
  });
}

function summaryOf(loaded: LoadedRules, totals: Totals, correlated: Correlated, seconds: number): unknown {
  const { events, skipped, unknown, unreadable, undecided, scriptBlocks } = totals;
  const matches: Record<string, number> = { ...totals.matches };
  for (const { rule } of correlated.matches) matches[rule] = (matches[rule] ?? 0) + 1;
  return {
    events,
    rules: loaded.rules.length,
    correlations: loaded.correlations.length,
    matches,
    unsupportedCount: loaded.unsupported.length,
    unsupported: loaded.unsupported,
    skipped,
    undecided,
    unreadableFiles: unreadable,
    eventsOfUnknownLogsource: unknown,
    scriptBlocks,
    seconds: Number(seconds.toFixed(3)),
    eventsPerSecond: seconds === 0 ? 0 : Math.round(events / seconds),
  };
}

function remarks(loaded: LoadedRules, totals: Totals, correlated: Correlated, seconds: number): string[] {
  const { rules, correlations, unsupported, others } = loaded;
  const ofRules = Object.values(totals.matches).reduce((sum, count) => sum + count, 0);
  const matches = ofRules + correlated.matches.length;
  const kinds = [
    counted(rules.length, "rule"),
    ...(correlations.length === 0 ? [] : [counted(correlations.length, "correlation")]),
  ];
  const lines = [
    `${counted(totals.events, "event")}, ${kinds.join(", ")}, ${counted(matches, "match", "matches")} in ${seconds.toFixed(1)} s`,
  ];
  if (unsupported.length > 0)
    lines.push(`${counted(unsupported.length, "rule")} refused, with the reasons above`);
  if (others.length > 0)
    lines.push(`${counted(others.length, "YAML file")} beside the rules are no rules (-v lists them)`);
  if (totals.skipped > 0) lines.push(`${counted(totals.skipped, "place")} left out that held no event`);
  if (totals.undecided > 0) {
    lines.push(`${counted(totals.undecided, "time")} a query could not be evaluated over an event`);
  }
  const { whole, incomplete } = totals.scriptBlocks;
  if (whole > 0) lines.push(`${counted(whole, "script block")} in several events matched as one`);
  if (incomplete > 0)
    lines.push(
      `${counted(incomplete, "script block")} of which events are missing: each event was matched by itself`,
    );
  if (totals.unknown > 0) {
    lines.push(
      `${counted(totals.unknown, "event")} of an unknown log source were matched against no rule; --logsource names it`,
    );
  }
  return lines;
}

function workerCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 64) {
    throw new InvalidArgumentError("expected a number from 1 to 64");
  }
  return count;
}
