import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type PipelineText, RulePipelines } from "../detection/pipelines/index.js";
import type { CompiledRule } from "../detection/rule.js";
import { type Diagnostic, messageOf } from "../errors.js";
import type { Expectation, Playbook } from "../model/playbook.js";
import type { Plan, PlanAnalytic } from "../model/trial.js";
import { readAnalyticName } from "../playbook/analytic-name.js";
import { type AnalyticSource, compileAnalytic, languageOf } from "./compile-analytic.js";
import { Companions } from "./companions.js";
import { readLookupsBeside } from "./lookup-files.js";

/** The analytics that playbooks expect something of: found, read and compiled. */
export interface AnalyticSet {
  readonly analytics: readonly PlanAnalytic[];
  /** Those that the Sigma rules were compiled with. */
  readonly pipelines: readonly PipelineText[];
  /** By analytic id. */
  readonly rules: ReadonlyMap<string, CompiledRule>;
  /** The id for an expectation's analytic: `FILE` or `FILE#RULE`. */
  idOf(playbook: Pick<Playbook, "file">, analytic: string): string | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** What names analytics: a playbook, or a file that has expectations as one has. */
export interface Expecting extends Pick<Playbook, "file"> {
  readonly procedures: readonly { readonly expect: readonly Pick<Expectation, "analytic">[] }[];
}

/** An analytic that a playbook names. */
interface Named {
  readonly file: string;
  readonly rule: string | null;
}

/**
 * Reads and compiles every analytic that the playbooks name. Problems are diagnostics at the rule's own positions.
 * @throws TyrianError `pipeline-invalid`.
 */
export async function loadAnalytics(
  playbooks: readonly Expecting[],
  pipelines: readonly PipelineText[] = [],
): Promise<AnalyticSet> {
  const named = new Map(
    playbooks
      .flatMap((playbook) =>
        playbook.procedures.flatMap((procedure) =>
          procedure.expect.map(({ analytic }) => namedBy(playbook, analytic)),
        ),
      )
      .map((each) => [keyOf(each), each]),
  );
  const prepared = new RulePipelines(pipelines);
  const companions = new Companions(prepared);
  const analytics = new Map<string, PlanAnalytic>();
  const rules = new Map<string, CompiledRule>();
  const ids = new Map<string, string>();
  const diagnostics: Diagnostic[] = [...prepared.warnings];
  for (const [key, each] of named) {
    const { file } = each;
    const refuse = (code: string, message: string, hint: string): void => {
      diagnostics.push({ file, line: 1, column: 1, severity: "error", code, message, hint });
    };
    let found: FoundSource;
    try {
      found = await sourceOf(each, companions);
    } catch (error) {
      refuse(
        "analytic-missing",
        `the analytic cannot be read: ${messageOf(error)}`,
        "Paths are relative to the playbook.",
      );
      continue;
    }
    const { source, problems } = found;
    const compiled = compileAnalytic(source, prepared);
    diagnostics.push(...problems, ...compiled.diagnostics);
    if (compiled.rule === null) continue;
    const { id, title } = compiled.rule;
    const earlier = analytics.get(id);
    if (earlier !== undefined && earlier.file !== file) {
      refuse(
        "duplicate-analytic",
        `the id ${id} is also that of ${earlier.file}`,
        "Give each rule an id of its own.",
      );
      continue;
    }
    ids.set(key, id);
    if (earlier !== undefined) continue;
    const hash = hashOf(source, pipelines);
    analytics.set(id, { id, title, language: languageOf(file), ...source, hash });
    rules.set(id, compiled.rule);
  }
  return {
    analytics: [...analytics.values()],
    pipelines,
    rules,
    idOf: (playbook, analytic) => ids.get(keyOf(namedBy(playbook, analytic))) ?? null,
    diagnostics: distinct(diagnostics),
  };
}

/** Each finding once: a file is compiled with every analytic that needs it. What is an error for one of them is an error. */
function distinct(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  for (const diagnostic of diagnostics) {
    const { severity, ...rest } = diagnostic;
    const key = JSON.stringify([rest.file, rest.line, rest.column, rest.code, rest.message]);
    if (severity === "error" || !found.has(key)) found.set(key, diagnostic);
  }
  return [...found.values()];
}

/**
 * Compiles the analytics of a recorded plan again, for a replay.
 * @throws Error when a text no longer compiles; it did when the plan was made.
 */
export function rulesOfPlan({
  analytics,
  pipelines = [],
}: Pick<Plan, "analytics" | "pipelines">): ReadonlyMap<string, CompiledRule> {
  const prepared = new RulePipelines(pipelines);
  return new Map(
    analytics.map((analytic) => {
      const { rule } = compileAnalytic(analytic, prepared);
      if (rule === null) throw new Error(`the recorded analytic ${analytic.id} does not compile`);
      return [analytic.id, rule];
    }),
  );
}

/**
 * The id of the analytic that `FILE` or `FILE#RULE` names, with what is wrong where it names none. Rules beside it count, as in a run.
 * @param file absolute
 * @throws what reading the file throws
 */
export async function analyticIdOf(
  file: string,
  rule: string | null,
): Promise<{ readonly id: string | null; readonly diagnostics: readonly Diagnostic[] }> {
  const prepared = new RulePipelines([]);
  const { source, problems } = await sourceOf({ file, rule }, new Companions(prepared));
  const { rule: compiled, diagnostics } = compileAnalytic(source, prepared);
  return { id: compiled?.id ?? null, diagnostics: [...problems, ...diagnostics] };
}

interface FoundSource {
  readonly source: AnalyticSource;
  /** What is wrong with lookup tables that it needs. */
  readonly problems: readonly Diagnostic[];
}

async function sourceOf({ file, rule }: Named, companions: Companions): Promise<FoundSource> {
  const text = await readFile(file, "utf8");
  const found =
    languageOf(file) === "spl"
      ? readLookupsBeside(file, text)
      : { files: await companions.of({ file, text }), diagnostics: [] };
  const source = {
    file,
    text,
    ...(rule === null ? {} : { rule }),
    ...(found.files.length === 0 ? {} : { with: [...found.files] }),
  };
  return { source, problems: found.diagnostics };
}

function hashOf(source: AnalyticSource, pipelines: readonly PipelineText[]): string {
  const { text, rule, with: others } = source;
  const isText = rule === undefined && others === undefined && pipelines.length === 0;
  const content = isText ? text : JSON.stringify([text, rule ?? null, others ?? [], pipelines]);
  return createHash("sha256").update(content).digest("hex");
}

function namedBy(playbook: Pick<Playbook, "file">, analytic: string): Named {
  const { path, rule } = readAnalyticName(analytic);
  return { file: resolve(dirname(playbook.file), path), rule };
}

function keyOf({ file, rule }: Named): string {
  return rule === null ? file : `${file}#${rule}`;
}
