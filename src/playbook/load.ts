import { createHash } from "node:crypto";
import type { Diagnostic } from "../errors.js";
import { playbookSchema, type Playbook } from "../model/playbook.js";
import { checkAnalytics } from "./analytic-paths.js";
import { explainIssues } from "./explain-issue.js";
import { findPlaybookFiles } from "./find-files.js";
import { readText } from "./read-text.js";
import { rememberSource, sourceOf } from "./sources.js";
import { readYaml } from "./yaml-source.js";

/** What became of one file. `playbook` is null when any diagnostic is an error. */
export interface ParsedPlaybook {
  readonly playbook: Playbook | null;
  readonly diagnostics: Diagnostic[];
}

/**
 * Parses one playbook's text. Never throws; every problem is a diagnostic with its position (lines and columns from 1,
 * columns in UTF-16 units). What needs the file system (do the analytics exist?) is `loadPlaybooks`' work.
 */
export function parsePlaybook(text: string, file: string): ParsedPlaybook {
  return parse(text, file, new TextEncoder().encode(text));
}

function parse(text: string, file: string, bytes: Uint8Array): ParsedPlaybook {
  const yaml = readYaml(text, file);
  if (yaml.source === null) return { playbook: null, diagnostics: [...yaml.diagnostics] };
  const parsed = playbookSchema.safeParse(yaml.value, { reportInput: true });
  if (!parsed.success) {
    const diagnostics = explainIssues(parsed.error.issues, playbookSchema, yaml.value, yaml.source);
    return { playbook: null, diagnostics };
  }
  const hash = createHash("sha256").update(bytes).digest("hex");
  const playbook: Playbook = { ...parsed.data, file, hash };
  rememberSource(playbook, yaml.source);
  const diagnostics = duplicatesWithin(playbook);
  return { playbook: diagnostics.length > 0 ? null : playbook, diagnostics };
}

/**
 * Loads playbooks from files and folders (every `playbook.yaml` below). Never throws for what is in the files: all
 * problems of all files are listed, and only playbooks without an error are returned, in the order of their paths.
 */
export async function loadPlaybooks(
  paths: readonly string[],
): Promise<{ playbooks: Playbook[]; diagnostics: Diagnostic[] }> {
  const { files, diagnostics } = await findPlaybookFiles(paths);
  const loaded: Playbook[] = [];
  for (const file of files) {
    const read = await readText(file);
    if (read.text === null) {
      diagnostics.push(read.diagnostic);
      continue;
    }
    const parsed = parse(read.text, file, read.bytes);
    diagnostics.push(...parsed.diagnostics);
    if (parsed.playbook === null) continue;
    const analytics = await checkAnalytics(parsed.playbook);
    diagnostics.push(...analytics);
    if (analytics.length === 0) loaded.push(parsed.playbook);
  }
  const { playbooks, clashes } = withoutClashes(loaded);
  return { playbooks, diagnostics: [...diagnostics, ...clashes] };
}

function duplicatesWithin(playbook: Playbook): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const key of ["id", "guid"] as const) {
    const first = new Map<string, number>();
    playbook.procedures.forEach((procedure, index) => {
      const value = key === "guid" ? procedure.guid.toLowerCase() : procedure.id;
      const before = first.get(value);
      if (before === undefined) first.set(value, index);
      else diagnostics.push(duplicate(playbook, index, key, place(playbook, before, key)));
    });
  }
  return diagnostics;
}

/** Keeps the first of playbooks that share an id or a procedure's guid, and reports the others. */
function withoutClashes(loaded: readonly Playbook[]): { playbooks: Playbook[]; clashes: Diagnostic[] } {
  const ids = new Map<string, string>();
  const guids = new Map<string, string>();
  const clashes: Diagnostic[] = [];
  const playbooks: Playbook[] = [];
  for (const playbook of loaded) {
    const found: Diagnostic[] = [];
    const sameId = ids.get(playbook.id);
    if (sameId !== undefined) {
      found.push({
        ...sourceOf(playbook).value(["id"]),
        severity: "error",
        code: "duplicate-id",
        message: `the playbook id "${playbook.id}" is already that of ${sameId}`,
        hint: "give each playbook its own id",
      });
    }
    playbook.procedures.forEach((procedure, index) => {
      const other = guids.get(procedure.guid.toLowerCase());
      if (other !== undefined) found.push(duplicate(playbook, index, "guid", other));
    });
    clashes.push(...found);
    if (found.length > 0) continue;
    ids.set(playbook.id, playbook.file);
    playbook.procedures.forEach(({ guid }, index) =>
      guids.set(guid.toLowerCase(), place(playbook, index, "guid")),
    );
    playbooks.push(playbook);
  }
  return { playbooks, clashes };
}

function place(playbook: Playbook, index: number, key: "id" | "guid"): string {
  const { file, line } = sourceOf(playbook).value(["procedures", index, key]);
  return `${file}:${line}`;
}

function duplicate(playbook: Playbook, index: number, key: "id" | "guid", other: string): Diagnostic {
  const value = playbook.procedures[index]?.[key] ?? "";
  return {
    ...sourceOf(playbook).value(["procedures", index, key]),
    severity: "error",
    code: `duplicate-${key}`,
    message: `the procedure ${key} "${value}" is already used at ${other}`,
    hint: key === "guid" ? "`uuidgen` makes a new one" : "give each procedure of a playbook its own id",
  };
}
