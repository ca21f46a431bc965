import { parseSigma } from "../sigma/parse.js";
import { inOrder, startRun, type ApplyOptions } from "./apply.js";
import type { Pipeline, PlaceholderAnswer } from "./pipeline.js";
import { PipelineProblem, type RuleSource } from "./problem.js";

type Placeholders = Readonly<Record<string, readonly string[]>>;

const standIn = ["placeholder"];

/** Every name that may be that of a placeholder: more than there are does no harm, only `expand` asks for them. */
function namesIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/%([\w.-]{1,128})%/g)].map((match) => match[1] ?? ""))];
}

/**
 * What the steps of the pipelines say of placeholders for this rule. Their conditions look at the rule with a stand-in
 * for every placeholder.
 */
function answersFor(
  source: RuleSource,
  names: readonly string[],
  pipelines: readonly Pipeline[],
  options: ApplyOptions,
): readonly PlaceholderAnswer[] {
  const placeholders = Object.fromEntries(names.map((name) => [name, standIn]));
  const { rule } = parseSigma(source.text, source.file, { placeholders });
  if (rule === null) return [];
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
  const vars = new Map(inOrder(pipelines).flatMap((pipeline) => [...pipeline.vars]));
  const answers = answersFor(source, names, pipelines, options);
  const found = names.flatMap((name): [string, readonly string[]][] => {
    const answer = answers.find(({ handles }) => handles(name));
    if (answer === undefined) return [];
    if (answer.kind === "wildcard") return [[name, ["*"]]];
    const values = vars.get(name);
    return values === undefined ? [] : [[name, values]];
  });
  return { ...given, ...Object.fromEntries(found) };
}
