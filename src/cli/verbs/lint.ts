import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { compileSigma } from "../../detection/sigma/compile.js";
import type { Diagnostic } from "../../errors.js";
import { loadAnalytics } from "../../plan/analytics.js";
import { lintPlaybook } from "../../playbook/lint.js";
import { loadPlaybooks } from "../../playbook/load.js";
import { counted } from "../../report/text.js";
import { diagnosticText, exitOf } from "../failure.js";
import type { Invocation } from "../invocation.js";

export function register(command: Command, invocation: Invocation): void {
  command
    .argument("<path...>", "playbook files, folders with playbooks, Sigma rules")
    .option(
      "--json",
      "print {diagnostics: [{file, line, column, severity, code, message, hint}], playbooks, rules}",
    )
    .addHelpText("after", "\nExit status: 0 no errors (there may be warnings), 2 errors.")
    .action(
      invocation.action(async (paths: string[], options: { json?: true }) => {
        const { diagnostics, playbooks, rules } = await lint(paths);
        if (options.json === true) {
          invocation.output.json({ diagnostics, playbooks, rules });
        } else {
          for (const diagnostic of diagnostics) invocation.output.data(diagnosticText(diagnostic));
          const errors = diagnostics.filter(({ severity }) => severity === "error").length;
          invocation.output.note(
            `${counted(playbooks, "playbook")} and ${counted(rules, "rule")} without errors; ` +
              `${counted(errors, "error")}, ${counted(diagnostics.length - errors, "warning")}`,
          );
        }
        return exitOf(diagnostics);
      }),
    );
}

/** Every problem of the playbooks, of what they do and of the rules that they name, in the order of files and lines. */
async function lint(
  paths: readonly string[],
): Promise<{ diagnostics: Diagnostic[]; playbooks: number; rules: number }> {
  const ruleTexts = new Map<string, string>();
  for (const path of paths) {
    const text = await ruleText(path);
    if (text !== null) ruleTexts.set(path, text);
  }
  const playbookPaths = paths.filter((path) => !ruleTexts.has(path));
  const loaded =
    playbookPaths.length > 0 ? await loadPlaybooks(playbookPaths) : { playbooks: [], diagnostics: [] };
  const analytics = await loadAnalytics(loaded.playbooks);
  const compiled = [...ruleTexts].map(([file, text]) => compileSigma(text, file));
  const linted = await Promise.all(loaded.playbooks.map((playbook) => lintPlaybook(playbook)));
  const diagnostics = [
    ...loaded.diagnostics,
    ...linted.flat(),
    ...analytics.diagnostics,
    ...compiled.flatMap((result) => result.diagnostics),
  ].sort(byPlace);
  return {
    diagnostics,
    playbooks: linted.filter((each) => each.every(({ severity }) => severity !== "error")).length,
    rules: analytics.rules.size + compiled.filter(({ rule }) => rule !== null).length,
  };
}

/** The file's text when it is a Sigma rule and no playbook: it has a detection. Null for all else. */
async function ruleText(path: string): Promise<string | null> {
  if (!/\.ya?ml$/i.test(path)) return null;
  const text = await readFile(path, "utf8").catch(() => "");
  return /^(detection|correlation)\s*:/m.test(text) ? text : null;
}

function byPlace(one: Diagnostic, other: Diagnostic): number {
  if (one.file !== other.file) return one.file < other.file ? -1 : 1;
  return one.line - other.line || one.column - other.column;
}
