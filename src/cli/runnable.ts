import { type Diagnostic, TyrianError } from "../errors.js";
import type { PipelineText } from "../detection/pipelines/index.js";
import type { Playbook } from "../model/playbook.js";
import { type AnalyticSet, loadAnalytics } from "../plan/analytics.js";
import { lintPlaybook } from "../playbook/lint.js";
import { counted } from "../report/text.js";
import { loadCatalogue } from "./catalogue.js";

/** Playbooks that may be run: read, linted, their analytics compiled. */
export interface Runnable {
  readonly playbooks: readonly Playbook[];
  readonly analytics: AnalyticSet;
}

/**
 * Reads, lints and compiles everything that a run would use, before any host is touched.
 * @param paths playbooks or folders of them; the shipped ones when empty.
 * @param pipelines that the Sigma rules are compiled with
 * @throws TyrianError `pipeline-invalid`, `playbook-invalid` or `analytic-invalid` with every finding.
 */
export async function openRunnable(
  paths: readonly string[],
  pipelines: readonly PipelineText[],
): Promise<Runnable> {
  const { playbooks } = await loadCatalogue(paths);
  const [linted, analytics] = await Promise.all([
    Promise.all(playbooks.map(lintPlaybook)),
    loadAnalytics(playbooks, pipelines),
  ]);
  refuse("playbook-invalid", "the playbooks have", linted.flat());
  refuse("analytic-invalid", "the analytics have", analytics.diagnostics);
  return { playbooks, analytics };
}

function refuse(
  code: "playbook-invalid" | "analytic-invalid",
  what: string,
  diagnostics: readonly Diagnostic[],
): void {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return;
  throw new TyrianError(code, `${what} ${counted(errors.length, "error")}; nothing was run`, {
    diagnostics: errors,
  });
}
