import { type Command, Option } from "commander";
import type { Selection } from "../plan/selection.js";
import { collect, wholeNumber } from "./options.js";
import { addPipelineOption } from "./pipeline-option.js";

/** The options that `run` and `plan` share. */
export interface RunOptions {
  readonly lab?: string;
  readonly siem: string;
  readonly technique: string[];
  readonly procedure: string[];
  readonly target: string[];
  readonly tag: string[];
  readonly group?: string;
  readonly campaign?: string;
  readonly variants: "first" | "all";
  readonly targets: number;
  readonly pipeline?: string[];
  readonly json?: boolean;
}

/** Hosts of the embedded lab, as for `lab up`. */
export const MOST_TARGETS = 200;
/** Targets that are acted on at once. */
export const MOST_CONCURRENT = 1_000;

export function addRunOptions(command: Command): Command {
  return addPipelineOption(command)
    .argument("[paths...]", "playbooks or folders of them (default: the shipped playbooks)")
    .option("--lab <file>", "inventory of the lab (default: the embedded lab, started if it is not up)")
    .option(
      "--siem <name>",
      "the SIEM that is asked: embedded, or NAME[@ENVIRONMENT] of tyrian.config.yaml",
      "embedded",
    )
    .option(
      "--technique <id>",
      "only this technique, its sub-techniques included; may be repeated",
      collect,
      [],
    )
    .option("--procedure <id>", "only this procedure; may be repeated", collect, [])
    .option("--target <name>", "only this target, or @tag; may be repeated", collect, [])
    .option("--tag <tag>", "only procedures with this tag; may be repeated", collect, [])
    .option("--group <id>", "the shipped campaign of a group, in its order and at its pace, such as G0046")
    .addOption(new Option("--campaign <file>", "a campaign of your own").conflicts("group"))
    .addOption(
      new Option("--variants <which>", "each procedure's first variant, or all")
        .choices(["first", "all"])
        .default("all"),
    )
    .option(
      "--targets <n>",
      "hosts of the embedded lab, when it has to be started",
      wholeNumber(1, MOST_TARGETS),
      3,
    )
    .option("--json", "one JSON document on stdout");
}

export function selectionOf(options: RunOptions): Selection {
  return {
    techniques: options.technique,
    procedures: options.procedure,
    targets: options.target,
    tags: options.tag,
    variants: options.variants,
  };
}

/** The selection in words, for the run's title. */
export function titleOf(paths: readonly string[], options: RunOptions): string {
  const parts = [
    ...paths,
    ...(options.group === undefined ? [] : [`group ${options.group}`]),
    ...(options.campaign === undefined ? [] : [`campaign ${options.campaign}`]),
    ...options.technique,
    ...options.procedure,
    ...options.tag.map((tag) => `tag ${tag}`),
    ...options.target.map((target) => `on ${target}`),
  ];
  const selected = parts.length > 0 ? parts.join(" ") : "all shipped playbooks";
  const pipelines = options.pipeline ?? [];
  return pipelines.length === 0 ? selected : `${selected} through ${pipelines.join(", ")}`;
}
