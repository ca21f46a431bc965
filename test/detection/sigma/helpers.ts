import type { CompiledRule, RuleEvent } from "../../../src/detection/rule.js";
import type { Diagnostic } from "../../../src/errors.js";
import { compileSigma } from "../../../src/detection/sigma/compile.js";

/** The text of a rule with the given detection section, which is indented as a whole. Its line 1 is line 6 of the rule. */
export function ruleText(detection: string): string {
  const lines = detection.trim().split("\n");
  const head = [
    "title: Test",
    "logsource:",
    "  product: linux",
    "  category: process_creation",
    "detection:",
  ];
  return [...head, ...lines.map((line) => `  ${line}`), ""].join("\n");
}

/** A rule of one selection, whose lines are given, as the whole condition. */
export function selection(lines: string): string {
  const inner = lines.trim().split("\n");
  return ["selection:", ...inner.map((line) => `  ${line}`), "condition: selection"].join("\n");
}

export function event(fields: Record<string, unknown>): RuleEvent {
  return { id: "event-1", logsource: { product: "linux", category: "process_creation" }, fields };
}

/** The compiled rule; throws with the findings when it is refused. */
export function compiled(detection: string): CompiledRule {
  const { rule, diagnostics } = compileSigma(ruleText(detection), "rules/test.yml");
  if (rule === null) throw new Error(JSON.stringify(diagnostics));
  return rule;
}

/** Whether a rule of one selection matches an event. */
export function matches(lines: string, fields: Record<string, unknown>): boolean {
  return compiled(selection(lines)).matches(event(fields));
}

/** What is found in a rule that must be refused. */
export function refused(text: string): readonly Diagnostic[] {
  const { rule, diagnostics } = compileSigma(text, "rules/test.yml");
  if (rule !== null) throw new Error("the rule was not refused");
  return diagnostics;
}
