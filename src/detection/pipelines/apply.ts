import type { Diagnostic } from "../../errors.js";
import { hintFor } from "../hints.js";
import type { SigmaRule } from "../sigma/rule-tree.js";
import type { Pipeline, StateValue } from "./pipeline.js";
import { PipelineProblem, positionIn, positionOf, type RuleSource } from "./problem.js";
import { Run } from "./run.js";
import { WorkRule } from "./work-rule.js";

export interface ApplyOptions {
  /**
   * The rule's keys as its file has them (status, author, fields, ...). Without them a condition on a key that the tree
   * of a rule does not keep is refused.
   */
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** What pipelines made of a rule. */
export interface ApplyResult {
  /** Null when a pipeline refuses the rule; a diagnostic with severity error says why. */
  readonly rule: SigmaRule | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly state: ReadonlyMap<string, StateValue>;
  /** What `set_custom_attribute` set. */
  readonly attributes: ReadonlyMap<string, StateValue>;
  /** The rule's list of fields, mapped. Empty unless the attributes hold one. */
  readonly fields: readonly string[];
  /** Ids of the steps that were taken, in their order. Steps without an id are not told. */
  readonly applied: readonly string[];
  /**
   * What a name of a field that stands outside of the rule becomes for this rule: the fields of a correlation
   * (`group-by`, `field`, aliases) are mapped with it for each of its rules. Several names are alternatives.
   */
  mapField(name: string): readonly string[];
}

function listedFields(attributes: ApplyOptions["attributes"]): readonly string[] {
  const fields = attributes?.["fields"];
  return Array.isArray(fields) ? fields.filter((field) => typeof field === "string") : [];
}

function diagnosticOf(problem: PipelineProblem, source: RuleSource, pipeline: Pipeline): Diagnostic {
  return {
    ...(problem.position ?? positionIn(source, source.at ?? 0)),
    severity: "error",
    code: problem.code,
    message: `${problem.message} (pipeline ${pipeline.name})`,
    hint: hintFor(problem.code, problem.hint),
  };
}

/** Starts the work on a rule. */
export function startRun(
  rule: SigmaRule,
  source: RuleSource,
  pipelines: readonly Pipeline[],
  { attributes }: ApplyOptions,
): Run {
  const vars = new Map(pipelines.flatMap((pipeline) => [...pipeline.vars]));
  const work = new WorkRule(rule, (item) => positionOf(item, source), listedFields(attributes));
  return new Run(work, vars, attributes ?? null);
}

/** The pipelines in the order in which they are applied: by priority, then as they were given. */
export function inOrder(pipelines: readonly Pipeline[]): readonly Pipeline[] {
  return pipelines.toSorted((left, right) => left.priority - right.priority);
}

/**
 * Applies pipelines to a rule, from the lowest priority to the highest. Pure: the rule that is given stays as it is. The
 * lines of the rule that comes out keep their keys and values as the rule wrote them, and the places where they stand.
 */
export function applyPipelines(
  rule: SigmaRule,
  source: RuleSource,
  pipelines: readonly Pipeline[],
  options: ApplyOptions = {},
): ApplyResult {
  const run = startRun(rule, source, pipelines, options);
  const done = (finished: SigmaRule | null, errors: readonly Diagnostic[]): ApplyResult => ({
    rule: finished,
    diagnostics: [...run.warnings, ...errors],
    state: run.state,
    attributes: run.custom,
    fields: run.rule.fields,
    applied: run.applied,
    mapField: (name) => run.mapField(name),
  });
  let at: Pipeline | undefined;
  try {
    for (const pipeline of inOrder(pipelines)) {
      at = pipeline;
      for (const item of pipeline.items) run.take(item);
    }
    return done(run.rule.finish(), []);
  } catch (thrown) {
    if (!(thrown instanceof PipelineProblem) || at === undefined) throw thrown;
    return done(null, [diagnosticOf(thrown, source, at)]);
  }
}
