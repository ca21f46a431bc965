import type { Argument, Procedure } from "../model/playbook.js";
import type { LintReport } from "./lint-report.js";
import { reservedNames } from "./render.js";
import { describeValue } from "./schema-walk.js";
import { suggestion } from "./suggest.js";
import type { Path } from "./yaml-source.js";

/** Checks a procedure's arguments and variants. Returns whether every value can be filled in. */
export function lintArguments(report: LintReport, procedure: Procedure, path: Path): boolean {
  let sound = true;
  const wrong = (at: Path, code: string, message: string, hint = "", key = false): void => {
    sound = false;
    report.add("error", code, at, message, { hint, key });
  };
  for (const [name, argument] of Object.entries(procedure.arguments)) {
    const at = [...path, "arguments", name];
    if ((reservedNames as readonly string[]).includes(name)) {
      wrong(
        at,
        "reserved-argument",
        `the name "${name}" always has its own meaning in templates`,
        "choose another name",
        true,
      );
    }
    if (argument.pattern !== undefined && patternOf(argument.pattern) === null) {
      wrong([...at, "pattern"], "regex-invalid", "the pattern is not a regular expression");
      continue;
    }
    argument.choices?.forEach((choice, index) => {
      const problem = typeProblem(choice, argument);
      if (problem !== null) wrong([...at, "choices", index], "argument-invalid", `${name}: ${problem}`);
    });
    const problem = valueProblem(argument.default, argument);
    if (problem !== null) wrong([...at, "default"], "argument-invalid", `${name}: ${problem}`);
  }
  const names = Object.keys(procedure.arguments);
  procedure.variants.forEach((row, index) => {
    for (const [name, value] of Object.entries(row)) {
      const at = [...path, "variants", index, name];
      const argument = Object.hasOwn(procedure.arguments, name) ? procedure.arguments[name] : undefined;
      if (argument === undefined) {
        wrong(at, "unknown-argument", `there is no argument "${name}"`, suggestion(name, names), true);
        continue;
      }
      const problem = valueProblem(value, argument);
      if (problem !== null) wrong(at, "argument-invalid", `${name}: ${problem}`);
    }
  });
  return sound;
}

function patternOf(pattern: string): RegExp | null {
  try {
    return new RegExp(`^(?:${pattern})$`, "s");
  } catch {
    return null;
  }
}

function typeProblem(value: string | number, argument: Argument): string | null {
  if (argument.type === "integer") {
    return Number.isSafeInteger(value) ? null : `expected a whole number, found ${describeValue(value)}`;
  }
  if (typeof value !== "string") return `expected a text, found ${describeValue(value)} (write it in quotes)`;
  if (value.includes("\0")) return "a text cannot hold a NUL character";
  return /\p{Surrogate}/u.test(value)
    ? "the text holds half of a surrogate pair, which is no character"
    : null;
}

function valueProblem(value: string | number, argument: Argument): string | null {
  const problem = typeProblem(value, argument);
  if (problem !== null) return problem;
  if (argument.choices !== undefined && !argument.choices.includes(value)) {
    return `expected one of ${argument.choices.join(", ")}; found ${describeValue(value)}`;
  }
  if (argument.pattern !== undefined && patternOf(argument.pattern)?.test(String(value)) === false) {
    return `expected a text that matches ${argument.pattern}, found ${describeValue(value)}`;
  }
  return null;
}
