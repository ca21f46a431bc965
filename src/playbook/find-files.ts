import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Diagnostic } from "../errors.js";
import { messageOf } from "../errors.js";

/** The name of a playbook's file inside its folder. */
export const playbookFileName = "playbook.yaml";

/** Folders that hold no playbooks of this project. */
const skipped = new Set(["node_modules"]);

/**
 * The playbook files that paths name: a file is taken as it is, a folder is searched for `playbook.yaml` at any depth
 * (hidden folders and symbolic links to folders are not entered). Sorted, each file once.
 */
export async function findPlaybookFiles(
  paths: readonly string[],
): Promise<{ files: string[]; diagnostics: Diagnostic[] }> {
  const diagnostics: Diagnostic[] = [];
  const files = new Map<string, string>();
  for (const path of paths) {
    const found: string[] = [];
    try {
      if ((await stat(path)).isDirectory()) {
        const before = diagnostics.length;
        await search(path, found, diagnostics);
        if (found.length === 0 && diagnostics.length === before) diagnostics.push(await nothingIn(path));
      } else found.push(path);
    } catch (thrown) {
      diagnostics.push(unreadable(path, thrown));
    }
    for (const file of found) {
      const real = await realpath(file).catch(() => file);
      if (!files.has(real)) files.set(real, file);
    }
  }
  const sorted = [...files.values()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return { files: sorted, diagnostics };
}

async function search(folder: string, found: string[], diagnostics: Diagnostic[]): Promise<void> {
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!entry.name.startsWith(".") && !skipped.has(entry.name)) await search(path, found, diagnostics);
      } else if (entry.name === playbookFileName) found.push(path);
    }
  } catch (thrown) {
    diagnostics.push(unreadable(folder, thrown));
  }
}

async function nothingIn(folder: string): Promise<Diagnostic> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const near = names.find((name) => /^playbooks?\.ya?ml$/i.test(basename(name)));
  return diagnostic(
    folder,
    "no-playbooks",
    `there is no ${playbookFileName} in ${folder} or below`,
    near === undefined ? `a playbook is a file named ${playbookFileName}` : `rename ${join(folder, near)}`,
  );
}

function unreadable(path: string, thrown: unknown): Diagnostic {
  const missing = thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
  const message = missing ? `${path} does not exist` : `${path} cannot be read: ${messageOf(thrown)}`;
  return diagnostic(path, "file-unreadable", message, "check the path and its permissions");
}

function diagnostic(file: string, code: string, message: string, hint: string): Diagnostic {
  return { file, line: 1, column: 1, severity: "error", code, message, hint };
}
