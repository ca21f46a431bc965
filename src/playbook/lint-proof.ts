import type { Proof, TextCheck } from "../model/playbook.js";
import type { LintReport } from "./lint-report.js";
import type { Path } from "./yaml-source.js";

/** Checks a proof whose templates are filled in: it must not hold when the procedure prints nothing. */
export function lintProof(report: LintReport, proof: Proof, path: Path): void {
  const checks: (readonly [Path, TextCheck])[] = [];
  if (proof.stdout !== undefined) checks.push([[...path, "stdout"], proof.stdout]);
  if (proof.stderr !== undefined) checks.push([[...path, "stderr"], proof.stderr]);
  if (proof.command !== undefined) checks.push([[...path, "command", "stdout"], proof.command.stdout]);
  let evidence = false;
  for (const [at, check] of checks) {
    if (check.matches !== undefined) {
      const pattern = compile(check.matches);
      if (pattern === null) {
        report.add(
          "error",
          "regex-invalid",
          [...at, "matches"],
          "this is not a JavaScript regular expression",
        );
        evidence = true;
        continue;
      }
      if (pattern.test("")) {
        const message = "the expression matches an empty text, so it holds whatever happened";
        report.add("error", "proof-cannot-fail", [...at, "matches"], message, {
          hint: "anchor it or ask for a character",
        });
      }
    }
    if (check.contains === "") {
      report.add("error", "proof-cannot-fail", [...at, "contains"], "every text contains the empty text");
    }
    // An empty error output may stand beside other evidence; an empty output proves nothing.
    if (check.equals === "" && at.at(-1) === "stdout") {
      const message = "an empty output is what a procedure that did nothing prints";
      report.add("error", "proof-cannot-fail", [...at, "equals"], message, {
        hint: "let the procedure print what it did",
      });
    }
    if (!holdsForNothing(check)) evidence = true;
  }
  // Said once: the checks above name the key that is at fault.
  const named = ([at, check]: readonly [Path, TextCheck]): boolean =>
    check.matches !== undefined || check.contains === "" || (check.equals === "" && at.at(-1) === "stdout");
  if (!evidence && !checks.some(named)) {
    report.add("error", "proof-cannot-fail", path, "the proof holds for a procedure that prints nothing");
  }
}

function compile(expression: string): RegExp | null {
  try {
    return new RegExp(expression, "m");
  } catch {
    return null;
  }
}

function holdsForNothing(check: TextCheck): boolean {
  return (
    (check.equals === undefined || check.equals === "") &&
    (check.contains === undefined || check.contains === "") &&
    (check.matches === undefined || compile(check.matches)?.test("") === true)
  );
}
