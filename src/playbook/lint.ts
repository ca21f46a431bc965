import type { Diagnostic } from "../errors.js";
import type { Playbook, Procedure } from "../model/playbook.js";
import { ActionLint } from "./lint-action.js";
import { lintArguments } from "./lint-arguments.js";
import { LintReport } from "./lint-report.js";
import { twinAsProcedure } from "./render.js";
import type { Path } from "./yaml-source.js";

/**
 * Everything that can be told about a loaded playbook without running it, for every variant of every procedure and
 * twin: templates, undeclared effects (by parsing), checks that cannot fail, cleanups. An error means that it must not run.
 * Positions are exact for a playbook that was parsed in this process.
 */
export async function lintPlaybook(playbook: Playbook): Promise<Diagnostic[]> {
  const report = new LintReport(playbook);
  for (const [index, procedure] of playbook.procedures.entries()) {
    const path: Path = ["procedures", index];
    lintExpectations(report, procedure, path);
    if (!lintArguments(report, procedure, path)) continue;
    const own = new ActionLint(report, procedure, (key) => [...path, key]);
    await own.run();
    const twin = twinAsProcedure(procedure);
    if (twin === null || procedure.twin === undefined) continue;
    const given: ReadonlySet<string> = new Set(
      Object.keys(procedure.twin).filter((key) => procedure.twin?.[key as "run"] !== undefined),
    );
    const control = new ActionLint(report, twin, (key) =>
      given.has(key) ? [...path, "twin", key] : [...path, key],
    );
    await control.run();
    if (own.same(control)) {
      const message = "the twin does exactly what its procedure does, so the analytic cannot tell them apart";
      report.add("error", "twin-identical", [...path, "twin", "run"], message);
    }
  }
  return report.diagnostics();
}

const misses: ReadonlySet<string> = new Set(["logged", "blind", "other-alert", "suppressed"]);

function lintExpectations(report: LintReport, procedure: Procedure, path: Path): void {
  const seen = new Set<string>();
  procedure.expect.forEach((expectation, index) => {
    const at = [...path, "expect", index];
    const { analytic, outcome } = expectation;
    if (seen.has(analytic)) {
      report.add(
        "error",
        "duplicate-expectation",
        [...at, "analytic"],
        `the analytic ${analytic} is expected twice`,
      );
    }
    seen.add(analytic);
    if (outcome === "quiet" || outcome === "false-alarm") {
      const hint = "a twin expects quiet of every analytic by itself";
      report.add("error", "expectation-invalid", [...at, "outcome"], `"${outcome}" is an outcome of twins`, {
        hint,
      });
    }
    if (misses.has(outcome) && expectation.because === undefined) {
      const hint = 'add "because", which is shown beside the verdict';
      report.add(
        "warning",
        "because-missing",
        [...at, "outcome"],
        `the miss "${outcome}" is expected without a reason`,
        { hint },
      );
    }
  });
}
