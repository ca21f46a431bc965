import { TyrianError } from "../errors.js";
import type { Cleanup, Procedure, Proof, Requirement, TextCheck } from "../model/playbook.js";
import type { Act } from "../model/trial.js";
import { languageOf, languageOfFile } from "./language.js";
import { quote, type Quoting } from "./quote.js";
import { fillTemplate } from "./template.js";

/** One set of argument values, with the interpreter under `program`. */
export type Variant = Readonly<Record<string, string | number>>;

/** Names that templates always have and that no argument may take. */
export const reservedNames = ["program", "work"] as const;

/** What a trial does, with every template filled in. */
export interface RenderedAction {
  readonly act: Act;
  readonly proof: Proof;
  readonly cleanup: Cleanup;
  readonly requires: Requirement[];
}

/** The interpreters that a procedure names, as a list. */
export function programsOf(procedure: Procedure): readonly string[] {
  const { program } = procedure.interpreter;
  return typeof program === "string" ? [program] : program;
}

/**
 * Every set of values that a procedure runs with: each row of `variants` (defaults filled in) with each program, rows
 * first. Sets that are equal appear once. Nothing is checked here: lint does that.
 */
export function variantsOf(procedure: Procedure): Variant[] {
  const defaults = Object.entries(procedure.arguments).map(([name, argument]) => [name, argument.default]);
  const variants = new Map<string, Variant>();
  for (const row of procedure.variants) {
    for (const program of programsOf(procedure)) {
      const variant: Variant = { ...Object.fromEntries(defaults), ...row, program };
      const key = JSON.stringify(Object.entries(variant).sort(([a], [b]) => (a < b ? -1 : 1)));
      if (!variants.has(key)) variants.set(key, variant);
    }
  }
  return [...variants.values()];
}

/**
 * The twin as a procedure of its own: what it leaves out is its procedure's, and it expects `quiet` of every analytic.
 * Null when there is no twin.
 */
export function twinAsProcedure(procedure: Procedure): Procedure | null {
  const { twin, ...base } = procedure;
  if (twin === undefined) return null;
  return {
    ...base,
    name: twin.name,
    interpreter: twin.interpreter ?? base.interpreter,
    run: twin.run,
    files: twin.files ?? base.files,
    effects: twin.effects ?? base.effects,
    timeout: twin.timeout ?? base.timeout,
    proof: twin.proof,
    cleanup: twin.cleanup ?? base.cleanup,
    expect: base.expect.map(({ analytic }) => ({ analytic, outcome: "quiet", execution: "ran" })),
  };
}

/** The requirement that every variant has: its interpreter is there. */
export function interpreterRequirement(program: string, checks: CheckLanguage = "shell"): Requirement {
  if (checks === "device") return { check: "show version", description: `the command line of ${program}` };
  const path = /^[A-Za-z]:\\/.test(program);
  return {
    check: path
      ? `if not exist "${program.replaceAll("%", "%%")}" exit /b 1`
      : checks === "batch"
        ? `where /q ${String(quote(program, "batch"))}`
        : `command -v ${String(quote(program, "shell"))}`,
    description: `the interpreter ${program}`,
  };
}

/** Whether an action runs on Windows: lint sees to it that it then runs nowhere else. */
export function isForWindows(action: Procedure): boolean {
  return action.platforms.includes("windows");
}

/** Whether an action runs on network devices: lint sees to it that it then runs nowhere else. */
export function isForDevices(action: Procedure): boolean {
  return action.platforms.includes("network");
}

/** What reads a procedure's checks and cleanup: /bin/sh, cmd.exe as a batch script, or the command line of a network device. */
type CheckLanguage = "shell" | "batch" | "device";

export function checkLanguage(action: Procedure): CheckLanguage {
  if (isForDevices(action)) return "device";
  return isForWindows(action) ? "batch" : "shell";
}

/** How the placeholders of an action's code are written. */
export function quotingOfCode(
  action: Procedure,
  program: string,
): Exclude<Quoting, "raw" | "regular-expression"> {
  const { options, extension, via } = action.interpreter;
  const language = languageOf(program, options, extension);
  return language === "batch" && via !== "file" ? "batch-line" : language;
}

/** How a file's placeholders are written: by its extension, as they are when it is not code. */
export function quotingOfFile(name: string): Quoting {
  return languageOfFile(name) ?? "raw";
}

/**
 * Fills every template of a procedure (or of `twinAsProcedure`) for one variant. `work` is the trial's work folder on
 * the target, an absolute path.
 * @throws TyrianError `playbook-invalid` for a placeholder without a value or without known quoting.
 */
export function renderAction(action: Procedure, variant: Variant, work: string): RenderedAction {
  const values = { ...variant, work };
  const fill = (template: string, quoting: Quoting): string => {
    const { text, problems } = fillTemplate(template, values, quoting);
    const problem = problems[0];
    if (problem === undefined) return text;
    const reason = {
      unknown: `there is no argument "${problem.name}"`,
      invalid: `"{{" begins no placeholder (write "{{{{" for a literal "{{")`,
      unquotable: `the placeholder "${problem.name}" cannot be quoted for ${String(variant["program"])}`,
    }[problem.kind];
    throw new TyrianError("playbook-invalid", `procedure ${action.id}: ${reason}`);
  };
  const program = String(variant["program"]);
  const { interpreter } = action;
  const checks = checkLanguage(action);
  return {
    act: {
      program,
      options: interpreter.options.map((option) => fill(option, "raw")),
      via: interpreter.via,
      ...(interpreter.extension === undefined ? {} : { extension: interpreter.extension }),
      code: fill(action.run, quotingOfCode(action, program)),
      files: action.files.map((file) => ({ ...file, content: fill(file.content, quotingOfFile(file.name)) })),
      timeoutMs: action.timeout * 1000,
    },
    proof: fillProof(action.proof, fill, checks),
    cleanup:
      action.cleanup === "none"
        ? "none"
        : { run: fill(action.cleanup.run, checks), probe: fill(action.cleanup.probe, checks) },
    requires: [
      interpreterRequirement(program, checks),
      ...action.requires.map((requirement) => ({ ...requirement, check: fill(requirement.check, checks) })),
    ],
  };
}

type Fill = (template: string, quoting: Quoting) => string;

function fillProof(proof: Proof, fill: Fill, checks: Quoting): Proof {
  return {
    exitCode: proof.exitCode,
    ...(proof.stdout === undefined ? {} : { stdout: fillCheck(proof.stdout, fill) }),
    ...(proof.stderr === undefined ? {} : { stderr: fillCheck(proof.stderr, fill) }),
    ...(proof.command === undefined
      ? {}
      : {
          command: {
            run: fill(proof.command.run, checks),
            stdout: fillCheck(proof.command.stdout, fill),
          },
        }),
  };
}

function fillCheck(check: TextCheck, fill: Fill): TextCheck {
  return {
    ...(check.equals === undefined ? {} : { equals: fill(check.equals, "raw") }),
    ...(check.contains === undefined ? {} : { contains: fill(check.contains, "raw") }),
    ...(check.matches === undefined ? {} : { matches: fill(check.matches, "regular-expression") }),
  };
}
