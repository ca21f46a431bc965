import type { Diagnostic } from "../../src/errors.js";
import type { Playbook } from "../../src/model/playbook.js";
import { lintPlaybook } from "../../src/playbook/lint.js";
import { parsePlaybook } from "../../src/playbook/load.js";

/** The keys of a procedure that a test changes; the rest is a small sound procedure. Values are YAML. */
export type Changes = Readonly<Record<string, string>>;

const procedure: Changes = {
  id: "only",
  guid: "4f0d1c2e-9a3b-4c5d-8e6f-0123456789ab",
  name: "a procedure",
  platforms: "[linux]",
  interpreter: "{ program: bash, via: argument }",
  run: "echo hello",
  effects: "[]",
  proof: "{ stdout: { contains: hello } }",
  cleanup: "none",
  expect: "[ { analytic: analytics/rule.yml } ]",
};

/** A playbook with one procedure, each key on a line of its own from line 5, in the order of `procedure`. */
export function playbookText(changes: Changes = {}): string {
  const keys = Object.entries({ ...procedure, ...changes });
  const lines = keys.map(([key, value], index) => `${index === 0 ? "  - " : "    "}${key}: ${value}`);
  return ["id: fixture", "technique: T1059.004", "name: a fixture", "procedures:", ...lines, ""].join("\n");
}

/** Parses, which must succeed. */
export function parsed(text: string): Playbook {
  const { playbook, diagnostics } = parsePlaybook(text, "p.yaml");
  if (playbook === null) throw new Error(diagnostics.map((one) => show(one)).join("\n"));
  return playbook;
}

export async function lint(changes: Changes): Promise<Diagnostic[]> {
  return lintPlaybook(parsed(playbookText(changes)));
}

/** `line:column code`. */
export function place({ line, column, code }: Diagnostic): string {
  return `${line}:${column} ${code}`;
}

export function show(diagnostic: Diagnostic): string {
  return `${place(diagnostic)} ${diagnostic.message} ${diagnostic.hint}`;
}

/** A text as one YAML scalar. */
export function scalar(text: string): string {
  return JSON.stringify(text);
}
