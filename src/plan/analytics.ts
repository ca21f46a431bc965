import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { CompiledRule } from "../detection/rule.js";
import { type Diagnostic, messageOf } from "../errors.js";
import type { Playbook } from "../model/playbook.js";
import type { PlanAnalytic } from "../model/trial.js";
import { compileAnalytic, languageOf } from "./compile-analytic.js";

/** The analytics that playbooks expect something of: found, read and compiled. */
export interface AnalyticSet {
  readonly analytics: readonly PlanAnalytic[];
  /** By analytic id. */
  readonly rules: ReadonlyMap<string, CompiledRule>;
  /** The id for an expectation's path. */
  idOf(playbook: Playbook, path: string): string | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads and compiles every analytic that the playbooks name. Problems are diagnostics at the rule's own positions. */
export async function loadAnalytics(playbooks: readonly Playbook[]): Promise<AnalyticSet> {
  const files = new Set(
    playbooks.flatMap((playbook) =>
      playbook.procedures.flatMap((procedure) =>
        procedure.expect.map((expectation) => pathOf(playbook, expectation.analytic)),
      ),
    ),
  );
  const analytics = new Map<string, PlanAnalytic>();
  const rules = new Map<string, CompiledRule>();
  const idByFile = new Map<string, string>();
  const diagnostics: Diagnostic[] = [];
  for (const file of files) {
    const refuse = (code: string, message: string, hint: string): void => {
      diagnostics.push({ file, line: 1, column: 1, severity: "error", code, message, hint });
    };
    let text: string;
    try {
      text = await readFile(file, "utf8");
    } catch (error) {
      refuse(
        "analytic-missing",
        `the analytic cannot be read: ${messageOf(error)}`,
        "Paths are relative to the playbook.",
      );
      continue;
    }
    const compiled = compileAnalytic(text, file);
    diagnostics.push(...compiled.diagnostics);
    if (compiled.rule === null) continue;
    const { id, title } = compiled.rule;
    const earlier = analytics.get(id);
    if (earlier !== undefined) {
      refuse(
        "duplicate-analytic",
        `the id ${id} is also that of ${earlier.file}`,
        "Give each rule an id of its own.",
      );
      continue;
    }
    const hash = createHash("sha256").update(text).digest("hex");
    analytics.set(id, { id, title, language: languageOf(file), file, text, hash });
    rules.set(id, compiled.rule);
    idByFile.set(file, id);
  }
  return {
    analytics: [...analytics.values()],
    rules,
    idOf: (playbook, path) => idByFile.get(pathOf(playbook, path)) ?? null,
    diagnostics,
  };
}

/**
 * Compiles the analytics of a recorded plan again, for a replay.
 * @throws Error when a text no longer compiles; it did when the plan was made.
 */
export function rulesOfPlan(analytics: readonly PlanAnalytic[]): ReadonlyMap<string, CompiledRule> {
  return new Map(
    analytics.map((analytic) => {
      const { rule } = compileAnalytic(analytic.text, analytic.file);
      if (rule === null) throw new Error(`the recorded analytic ${analytic.id} does not compile`);
      return [analytic.id, rule];
    }),
  );
}

function pathOf(playbook: Playbook, analytic: string): string {
  return resolve(dirname(playbook.file), analytic);
}
