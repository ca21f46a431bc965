import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parse } from "yaml";
import type { CompiledRule, CompileResult, RuleEvent } from "../../src/detection/rule.js";
import { compileAnalytic } from "../../src/plan/compile-analytic.js";

/** The folder of the playbooks that Tyrian ships. */
export const shelf = resolve(import.meta.dirname, "../../playbooks");

/** Its playbooks about a technique; those about mitigations have a test of their own. */
export const techniqueFolders: readonly string[] = readdirSync(shelf)
  .filter((name) => /^T\d/.test(name))
  .map((name) => join(shelf, name));

/** A path as it stands below the shelf. */
export function short(file: string): string {
  return relative(shelf, file);
}

/** Every analytic of theirs, compiled, whether or not a playbook names it. */
export const analytics: readonly { readonly file: string; readonly result: CompileResult }[] = readdirSync(
  shelf,
  {
    recursive: true,
    encoding: "utf8",
  },
)
  .filter((name) => /\.(?:yml|spl)$/.test(name) && /^T\d.*\/analytics\//.test(name))
  .sort()
  .map((name) => join(shelf, name))
  .map((file) => ({ file, result: compileAnalytic({ file, text: readFileSync(file, "utf8") }) }));

/** Whether it is a search of the reference page: each is as wide as the page makes it, and finds much of everything. */
export function isWide(file: string): boolean {
  return /reference-page-.*\.spl$/.test(file);
}

/** What an analytic's file says of it: a rule is such a document, a query has it as its first comment. */
export function documentOf(file: string): Record<string, unknown> {
  const text = readFileSync(file, "utf8");
  return parse(file.endsWith(".spl") ? (text.split("```")[1] ?? "") : text) as Record<string, unknown>;
}

/** Those that compiled. */
export const rules: readonly { readonly file: string; readonly rule: CompiledRule }[] = analytics.flatMap(
  ({ file, result }) => (result.rule === null ? [] : [{ file, rule: result.rule }]),
);

/** The files of the rules that match any of these programs' starts, given by their fields. */
export function matchesOf(starts: readonly Readonly<Record<string, string>>[]): Set<string> {
  const events: RuleEvent[] = starts.map((fields, index) => ({
    id: String(index),
    logsource: { product: "linux", category: "process_creation" },
    fields,
  }));
  return new Set(
    rules.filter(({ rule }) => events.some((event) => rule.matches(event))).map(({ file }) => file),
  );
}
