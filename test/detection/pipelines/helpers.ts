import { expect } from "vitest";
import type { CompiledRule, RuleEvent } from "../../../src/detection/rule.js";
import {
  compileWithPipelines,
  parsePipeline,
  parseWithPipelines,
  type ApplyResult,
  type Pipeline,
  type PipelineOptions,
} from "../../../src/detection/pipelines/index.js";
import type { Diagnostic } from "../../../src/errors.js";
import { ruleText, selection } from "../sigma/helpers.js";

/** A pipeline of steps as its file lists them; throws with the findings when it is refused. */
export function pipelineOf(steps: string, head = ""): Pipeline {
  const { pipeline, diagnostics } = parsePipeline(pipelineText(steps, head), "pipelines/test.yml");
  if (pipeline === null) throw new Error(JSON.stringify(diagnostics));
  return pipeline;
}

/** The text of a pipeline. The steps begin on its line 3, if the head has no line. */
export function pipelineText(steps: string, head = ""): string {
  const lines = steps.trim().split("\n");
  return [
    ...(head === "" ? [] : [head]),
    "name: test",
    "transformations:",
    ...lines.map((line) => `  ${line}`),
    "",
  ].join("\n");
}

/** What is found in a pipeline that must be refused: code, line and column of each finding. */
export function refusedPipeline(text: string): readonly Diagnostic[] {
  const { pipeline, diagnostics } = parsePipeline(text, "pipelines/test.yml");
  if (pipeline !== null) throw new Error("the pipeline was not refused");
  return diagnostics;
}

/** A pipeline that must be refused, and what is told of the first error; `words` are a part of its message or hint. */
export type Refusal = readonly [text: string, code: string, line: number, column: number, words: string];

/** Asserts that a pipeline is refused for a reason at a place. */
export function expectRefusal([text, code, line, column, words]: Refusal): void {
  const first = refusedPipeline(text).find(({ severity }) => severity === "error");
  expect(first).toMatchObject({ file: "pipelines/test.yml", code, line, column });
  expect(`${first?.message} ${first?.hint}`).toContain(words);
}

/** What a pipeline makes of a rule with a detection section. */
export function applied(
  detection: string,
  steps: string | Pipeline,
  options: PipelineOptions = {},
): ApplyResult {
  const pipeline = typeof steps === "string" ? pipelineOf(steps) : steps;
  const { result, diagnostics } = parseWithPipelines(
    ruleText(detection),
    "rules/test.yml",
    [pipeline],
    options,
  );
  if (result === null) throw new Error(JSON.stringify(diagnostics));
  return result;
}

/** The compiled rule of one selection, whose lines are given, after a pipeline. */
export function compiledWith(lines: string, steps: string | Pipeline): CompiledRule {
  return compiledSection(selection(lines), steps);
}

/** The compiled rule of a detection section after a pipeline; throws with the findings when it is refused. */
export function compiledSection(detection: string, steps: string | Pipeline): CompiledRule {
  const pipeline = typeof steps === "string" ? pipelineOf(steps) : steps;
  const { rule, diagnostics } = compileWithPipelines(ruleText(detection), "rules/test.yml", [pipeline]);
  if (rule === null) throw new Error(JSON.stringify(diagnostics));
  return rule;
}

/** Why a pipeline refuses a rule of one selection. */
export function refusal(lines: string, steps: string | Pipeline): Diagnostic {
  const { rule, diagnostics } = applied(selection(lines), steps);
  const error = diagnostics.find(({ severity }) => severity === "error");
  if (rule !== null || error === undefined) throw new Error("the rule was not refused");
  return error;
}

/** An event of the log source of the test rules. */
export function event(
  fields: Record<string, unknown>,
  logsource: Partial<RuleEvent["logsource"]> = {},
): RuleEvent {
  return {
    id: "event-1",
    logsource: { product: "linux", category: "process_creation", ...logsource },
    fields,
  };
}

/** Whether a rule of one selection matches an event after a pipeline. */
export function matches(lines: string, steps: string | Pipeline, fields: Record<string, unknown>): boolean {
  return compiledWith(lines, steps).matches(event(fields));
}
