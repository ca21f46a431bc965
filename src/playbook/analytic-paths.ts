import { realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { Diagnostic } from "../errors.js";
import type { Playbook } from "../model/playbook.js";
import { readAnalyticName } from "./analytic-name.js";
import { sourceOf } from "./sources.js";

/**
 * Checks that every analytic that a playbook names is a file in the playbook's own folder, or in an `analytics` folder
 * beside it or beside a folder above it; symbolic links are followed first. What the rule says is not read.
 */
export async function checkAnalytics(playbook: Playbook): Promise<Diagnostic[]> {
  const diagnostics: Diagnostic[] = [];
  for (const [procedureIndex, procedure] of playbook.procedures.entries()) {
    for (const [index, { analytic }] of procedure.expect.entries()) {
      const wrong = await whatIsWrong(dirname(playbook.file), readAnalyticName(analytic).path);
      if (wrong === null) continue;
      diagnostics.push({
        ...sourceOf(playbook).value(["procedures", procedureIndex, "expect", index, "analytic"]),
        severity: "error",
        code: "analytic-missing",
        ...wrong,
      });
    }
  }
  return diagnostics;
}

async function whatIsWrong(
  folder: string,
  analytic: string,
): Promise<{ message: string; hint: string } | null> {
  const outside = {
    message: `the analytic ${analytic} is outside the playbook's folder and outside every analytics folder`,
    hint: "the path is relative to the playbook's folder, such as analytics/rule.yml",
  };
  if (isAbsolute(analytic) || analytic.includes("\0")) return outside;
  const path = join(folder, analytic);
  // By name first: nothing outside is even asked for.
  if (!isAllowed(resolve(folder), resolve(path))) return outside;
  try {
    const [realFolder, realFile] = await Promise.all([realpath(folder), realpath(path)]);
    if (!isAllowed(realFolder, realFile)) return outside;
    if ((await stat(realFile)).isFile()) return null;
    return { message: `the analytic ${analytic} is not a file`, hint: `expected a rule at ${path}` };
  } catch {
    return { message: `the analytic ${analytic} does not exist`, hint: `expected a rule at ${path}` };
  }
}

function isAllowed(folder: string, file: string): boolean {
  if (isInside(folder, file)) return true;
  for (let above = dirname(folder); ; above = dirname(above)) {
    if (isInside(join(above, "analytics"), file)) return true;
    if (above === dirname(above)) return false;
  }
}

function isInside(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return path !== "" && path !== ".." && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}
