import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Diagnostic } from "../../errors.js";
import { messageOf } from "../../errors.js";
import { readLookupsBeside } from "../../plan/lookup-files.js";

/** Larger files are no rules; the parser refuses smaller ones than this by itself. */
const mostBytes = 2 * 1024 * 1024;
/** A YAML file with none of these keys is no Sigma rule, but something that lives beside rules. */
const ruleKey = /^["']?(?:detection|logsource|correlation|filter)["']?[ \t]*:/m;
/** The same in a file in JSON's form, which YAML can have. */
const ruleKeyInJson = /["'{,\s](?:detection|logsource|correlation|filter)["']?\s*:/;

function isRule(text: string): boolean {
  return (/^\s*\{/.test(text) ? ruleKeyInJson : ruleKey).test(text);
}

/** A query of SPL with the tables that it looks up. */
export interface QueryText {
  readonly file: string;
  readonly text: string;
  readonly lookups: readonly { readonly file: string; readonly text: string }[];
}

/** Texts of the files that rule paths name. */
export interface RuleTexts {
  readonly texts: readonly { readonly file: string; readonly text: string }[];
  readonly queries: readonly QueryText[];
  /** YAML files in folders that are no rules. */
  readonly others: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

function unreadable(file: string, code: string, message: string, hint: string): Diagnostic {
  return { file, line: 1, column: 1, severity: "error", code, message, hint };
}

/** Files of YAML and SPL of a folder and those below, in the order of their names. Hidden folders and links to folders are not entered. */
function ruleFiles(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return entry.name.startsWith(".") || entry.name === "node_modules" ? [] : ruleFiles(path);
    }
    return /\.(?:ya?ml|spl)$/i.test(entry.name) ? [path] : [];
  });
}

/** Reads the rules that paths name: files as they are, folders with all below that are rules of Sigma or queries of SPL. Each file once. */
export function readRuleTexts(paths: readonly string[]): RuleTexts {
  const texts = new Map<string, string>();
  const queries = new Map<string, QueryText>();
  const others: string[] = [];
  const diagnostics: Diagnostic[] = [];
  const read = (file: string, named: boolean): void => {
    if (texts.has(file) || queries.has(file)) return;
    const { size } = statSync(file);
    if (size > mostBytes) {
      const message = `${file} has more than ${mostBytes / 1024 / 1024} MiB`;
      diagnostics.push(unreadable(file, "file-too-large", message, "a rule is a small text file"));
      return;
    }
    const text = readFileSync(file, "utf8");
    if (/\.spl$/i.test(file)) {
      const lookups = readLookupsBeside(file, text);
      diagnostics.push(...lookups.diagnostics);
      queries.set(file, { file, text, lookups: lookups.files });
    } else if (named || isRule(text)) texts.set(file, text);
    else others.push(file);
  };
  for (const path of paths) {
    try {
      const folder = statSync(path).isDirectory();
      const files = folder ? ruleFiles(path) : [path];
      for (const file of files) read(file, !folder);
      if (folder && !files.some((file) => texts.has(file) || queries.has(file))) {
        const message = `there is no rule in ${path} or below`;
        diagnostics.push(
          unreadable(path, "no-rules", message, "rules are files that end in .yml, .yaml or .spl"),
        );
      }
    } catch (thrown) {
      const missing = thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
      const message = missing ? `${path} does not exist` : `${path} cannot be read: ${messageOf(thrown)}`;
      diagnostics.push(unreadable(path, "file-unreadable", message, "check the path and its permissions"));
    }
  }
  return {
    texts: [...texts].map(([file, text]) => ({ file, text })),
    queries: [...queries.values()],
    others,
    diagnostics,
  };
}
