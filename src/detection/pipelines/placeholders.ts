import { parseSigmaFile, type OptionsOfDocument, type SigmaDocument } from "../sigma/collection-file.js";
import { parseSigma } from "../sigma/parse.js";
import type { SigmaRule } from "../sigma/rule-tree.js";
import { inOrder, startRun, type ApplyOptions } from "./apply.js";
import type { Pipeline, PlaceholderAnswer } from "./pipeline.js";
import { PipelineProblem, type RuleSource } from "./problem.js";

type Placeholders = Readonly<Record<string, readonly string[]>>;

const standIn = ["placeholder"];

/** Every name that may be that of a placeholder: more than there are does no harm, only `expand` asks for them. */
function namesIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/%([\w.-]{1,128})%/g)].map((match) => match[1] ?? ""))];
}

function standInsFor(names: readonly string[]): Placeholders {
  return Object.fromEntries(names.map((name) => [name, standIn]));
}

/**
 * What the steps of the pipelines say of placeholders for this rule, which has a stand-in for every one. The conditions of
 * steps look at it.
 */
function answersFor(
  rule: SigmaRule,
  source: RuleSource,
  pipelines: readonly Pipeline[],
  options: ApplyOptions,
): readonly PlaceholderAnswer[] {
  const run = startRun(rule, source, pipelines, options);
  try {
    for (const pipeline of inOrder(pipelines)) for (const item of pipeline.items) run.take(item);
  } catch (thrown) {
    // The rule itself will meet the same refusal, and tells it.
    if (!(thrown instanceof PipelineProblem)) throw thrown;
  }
  return run.placeholders;
}

/**
 * The values of the placeholders of a rule's text, for `parseSigma`: those given, then what `value_placeholders` and
 * `wildcard_placeholders` of the pipelines answer, the first step that handles a name first. A name that nobody answers
 * is left out, and `parseSigma` refuses a rule that needs it.
 */
export function placeholdersOf(
  source: RuleSource,
  pipelines: readonly Pipeline[],
  given: Placeholders = {},
  options: ApplyOptions = {},
): Placeholders {
  const names = namesIn(source.text).filter((name) => !Object.hasOwn(given, name));
  if (names.length === 0) return given;
  const { rule } = parseSigma(source.text, source.file, { placeholders: standInsFor(names) });
  if (rule === null) return given;
  return { ...given, ...valuesOf(names, answersFor(rule, source, pipelines, options), pipelines) };
}

/**
 * The same for every document of a file, by itself: a step may be for the log source of one of its rules only. For a filter
 * the conditions of steps look at the filter's own log source.
 */
export function placeholdersOfFile(source: RuleSource, pipelines: readonly Pipeline[]): OptionsOfDocument {
  const names = namesIn(source.text);
  if (names.length === 0) return () => ({});
  const { documents } = parseSigmaFile(source.text, source.file, () => ({
    placeholders: standInsFor(names),
  }));
  const found = documents.map((document) => {
    const rule = ruleIn(document);
    return rule === null ? {} : valuesOf(names, answersFor(rule, source, pipelines, {}), pipelines);
  });
  return (number) => ({ placeholders: found[number - 1] ?? {} });
}

function ruleIn(document: SigmaDocument): SigmaRule | null {
  if (document.type === "rule") return document.rule;
  if (document.type !== "filter") return null;
  return { ...document.filter, level: "informational", tags: [] };
}

function valuesOf(
  names: readonly string[],
  answers: readonly PlaceholderAnswer[],
  pipelines: readonly Pipeline[],
): Placeholders {
  const vars = new Map(inOrder(pipelines).flatMap((pipeline) => [...pipeline.vars]));
  const found = names.flatMap((name): [string, readonly string[]][] => {
    const answer = answers.find(({ handles }) => handles(name));
    if (answer === undefined) return [];
    if (answer.kind === "wildcard") return [[name, ["*"]]];
    const values = vars.get(name);
    return values === undefined ? [] : [[name, values]];
  });
  return Object.fromEntries(found);
}
