import { type Diagnostic, TyrianError } from "../errors.js";
import type { Playbook } from "../model/playbook.js";
import { loadPlaybooks } from "../playbook/load.js";
import { counted } from "../report/text.js";
import { playbooksFolder } from "./places.js";

/**
 * The playbooks at the paths, or the catalogue when there are none.
 * @throws TyrianError `playbook-invalid` with every error of every file; `file-unreadable` when that is all there is.
 */
export async function loadCatalogue(
  paths: readonly string[],
): Promise<{ playbooks: Playbook[]; warnings: Diagnostic[] }> {
  const { playbooks, diagnostics } = await loadPlaybooks(paths.length > 0 ? paths : [playbooksFolder()]);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const [first] = errors;
  if (first?.code === "file-unreadable" && errors.length === 1)
    throw new TyrianError("file-unreadable", first.message, { diagnostics: errors });
  if (errors.length > 0) {
    throw new TyrianError("playbook-invalid", `the playbooks have ${counted(errors.length, "error")}`, {
      diagnostics: errors,
    });
  }
  return { playbooks, warnings: diagnostics };
}
