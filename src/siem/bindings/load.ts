import { dirname, resolve } from "node:path";
import { type Diagnostic, messageOf, TyrianError } from "../../errors.js";
import { analyticIdOf } from "../../plan/analytics.js";
import { readAnalyticName } from "../../playbook/analytic-name.js";
import { explainIssues } from "../../playbook/explain-issue.js";
import { readText } from "../../playbook/read-text.js";
import { readYaml, type YamlSource } from "../../playbook/yaml-source.js";
import { type Binding, bindingsSchema } from "./schema.js";

/**
 * Reads a bindings file. Analytics that are named by their file have their id afterwards.
 * @throws TyrianError `bindings-invalid` with every problem and its position, `file-unreadable`
 */
export async function loadBindings(file: string): Promise<Binding[]> {
  const read = await readText(file);
  if (read.diagnostic !== null) {
    const { code, message } = read.diagnostic;
    if (code === "file-unreadable")
      throw new TyrianError("file-unreadable", message, { diagnostics: [read.diagnostic] });
    throw invalid(file, [read.diagnostic]);
  }
  const yaml = readYaml(read.text, file);
  if (yaml.source === null) throw invalid(file, yaml.diagnostics);
  const parsed = bindingsSchema.safeParse(yaml.value);
  if (!parsed.success)
    throw invalid(file, explainIssues(parsed.error.issues, bindingsSchema, yaml.value, yaml.source));
  const { source } = yaml;
  const diagnostics: Diagnostic[] = [];
  const bindings = await Promise.all(
    parsed.data.bindings.map(async (binding, index): Promise<Binding> => {
      const named = await idOf(binding.analytic, file);
      if ("id" in named) return { ...binding, analytic: named.id };
      diagnostics.push(problem(source, ["bindings", index, "analytic"], "analytic-missing", named.problem));
      return binding;
    }),
  );
  diagnostics.push(...doubles(bindings, source));
  if (diagnostics.length > 0) throw invalid(file, diagnostics);
  return bindings;
}

/** The id of an analytic that is named by it, or by its file. */
async function idOf(
  analytic: string,
  file: string,
): Promise<{ readonly id: string } | { readonly problem: string }> {
  const { path, rule } = readAnalyticName(analytic);
  if (!/\.(?:ya?ml|spl)$/i.test(path)) return { id: analytic };
  try {
    const { id, diagnostics } = await analyticIdOf(resolve(dirname(file), path), rule);
    const first = diagnostics.find(({ severity }) => severity === "error");
    return id === null
      ? { problem: `the analytic is refused: ${first?.message ?? "it has no rule"}` }
      : { id };
  } catch (thrown) {
    return { problem: `the analytic cannot be read: ${messageOf(thrown)}` };
  }
}

/** An analytic that is bound twice, and a rule that would stand for two analytics in one place. */
function doubles(bindings: readonly Binding[], source: YamlSource): Diagnostic[] {
  const seen = new Set<string>();
  const once = (key: string): boolean => !seen.has(key) && seen.add(key) !== undefined;
  return bindings.flatMap(({ analytic, rules }, index) => {
    const at = ["bindings", index] as const;
    const again = once(analytic)
      ? []
      : [problem(source, [...at, "analytic"], "duplicate-analytic", `${analytic} is bound already`)];
    const shared = Object.entries(rules)
      .filter(([place, rule]) => !once(JSON.stringify([place, rule])))
      .map(([place, rule]) =>
        problem(
          source,
          [...at, "rules", place],
          "duplicate-rule",
          `the rule ${rule} of ${place} stands for another analytic already`,
        ),
      );
    return [...again, ...shared];
  });
}

function problem(
  source: YamlSource,
  path: readonly (string | number)[],
  code: string,
  message: string,
): Diagnostic {
  return { ...source.value(path), severity: "error", code, message, hint: "" };
}

function invalid(file: string, diagnostics: readonly Diagnostic[]): TyrianError {
  const problems = diagnostics.length === 1 ? "1 error" : `${diagnostics.length} errors`;
  return new TyrianError("bindings-invalid", `the bindings ${file} have ${problems}; nothing was done`, {
    diagnostics: [...diagnostics].sort((one, other) => one.line - other.line || one.column - other.column),
  });
}
