import { effectSchema, type Effect, type Procedure } from "../model/playbook.js";
import { analyseCode, type CodeToAnalyse } from "./effects/analyse.js";
import type { Act } from "../model/trial.js";
import type { Finding } from "./effects/finding.js";
import { shebang } from "./effects/interpreters.js";
import { exitStatusOf, type ExitStatusKnowledge } from "./exit-status.js";
import { languageOf, languageOfFile, type Language } from "./language.js";
import { lintDevice } from "./lint-device.js";
import { lintProof } from "./lint-proof.js";
import type { LintReport } from "./lint-report.js";
import { batchExitStatus } from "./batch-exit-status.js";
import { lintTemplates, lintWorkOf, type PathOf } from "./lint-templates.js";
import { lintCommandLine, lintInterpreter } from "./lint-windows.js";
import type { Quoting } from "./quote.js";
import {
  checkLanguage,
  isForWindows,
  programsOf,
  quotingOfCode,
  quotingOfFile,
  renderAction,
  variantsOf,
  type Variant,
} from "./render.js";
import { fillTemplate, templateOffset, type FilledTemplate } from "./template.js";
import type { Path } from "./yaml-source.js";

/** Effects of which nothing is left that a cleanup could undo. */
const LEAVING_NOTHING: ReadonlySet<Effect> = new Set(["computed-code", "configuration-read", "cloud-read"]);

/** Who reads the checks and the cleanup. */
const programOfChecks = { shell: "sh", batch: "cmd", device: "device" } as const;

/** Lints what one procedure or twin does, over all its variants. */
export class ActionLint {
  readonly #report: LintReport;
  readonly #action: Procedure;
  readonly #at: PathOf;
  readonly #needed = new Set<Effect>();
  readonly #rendered: string[] = [];
  readonly #work: string;
  readonly #windows: boolean;

  constructor(report: LintReport, action: Procedure, at: PathOf) {
    this.#report = report;
    this.#action = action;
    this.#at = at;
    this.#work = lintWorkOf(action);
    this.#windows = isForWindows(action);
  }

  /** Whether another action does the same for every variant. */
  same(other: ActionLint): boolean {
    return JSON.stringify(this.#rendered) === JSON.stringify(other.#rendered) && this.#rendered.length > 0;
  }

  async run(): Promise<void> {
    for (const program of programsOf(this.#action)) this.#program(program);
    lintInterpreter(this.#report, this.#action, this.#at);
    lintDevice(this.#report, this.#action, this.#at);
    this.#cleanupKind();
    let whole = true;
    for (const variant of variantsOf(this.#action)) {
      if (!(await lintTemplates(this.#report, this.#action, variant, this.#at))) {
        whole = false;
        continue;
      }
      const { act, proof } = renderAction(this.#action, variant, this.#work);
      if (this.#windows) lintCommandLine(this.#report, act, this.#work, this.#at);
      this.#rendered.push(JSON.stringify(act));
      lintProof(this.#report, proof, this.#at("proof"));
      await this.#effects(variant);
    }
    if (whole) this.#unneeded();
  }

  #program(program: string): void {
    if (!/\s/.test(program)) return;
    const hint = "a program is one name or path; what follows it goes into options";
    this.#report.add(
      "error",
      "interpreter-invalid",
      [...this.#at("interpreter"), "program"],
      `"${program}" holds a space`,
      { hint },
    );
  }

  #language(variant: Variant): Language {
    const { options, extension } = this.#action.interpreter;
    return languageOf(String(variant["program"]), options, extension);
  }

  async #effects(variant: Variant): Promise<void> {
    const { interpreter, run, files, requires, proof, cleanup } = this.#action;
    const program = String(variant["program"]);
    const values = { ...variant, work: this.#work };
    const fill = (text: string, quoting: Quoting): FilledTemplate => fillTemplate(text, values, quoting);
    const filled = files.map((file) => fill(file.content, quotingOfFile(file.name)));
    const contents = new Map(files.map((file, index) => [file.name, filled[index]?.text ?? ""]));
    const language = this.#language(variant);
    const base = { work: this.#work, files: contents, windows: this.#windows };
    const code = fill(run, quotingOfCode(this.#action, program));
    const viaStdin = interpreter.via === "stdin";
    const act = await this.#analyse(this.#at("run"), code, {
      ...base,
      language,
      program,
      code: code.text,
      viaStdin,
    });
    await this.#options(variant, language, base);
    for (const [index, file] of files.entries()) {
      const content = filled[index] as FilledTemplate;
      const first = content.text.startsWith("#!") ? shebang(content.text) : null;
      const reader =
        first?.language ??
        languageOfFile(file.name) ??
        (file.executable ? shebang(content.text).language : null);
      if (reader === null) continue;
      const path = [...this.#at("files"), index, "content"];
      // Windows opens what ends in .js with its own JScript.
      const host = this.#windows && /\.js$/i.test(file.name);
      await this.#analyse(path, content, {
        ...base,
        language: host ? "jscript" : reader,
        program: first?.program ?? reader,
        code: content.text,
      });
    }
    const checks = checkLanguage(this.#action);
    const shell = { ...base, language: checks, program: programOfChecks[checks] } as const;
    for (const [index, { check }] of requires.entries()) {
      const path = [...this.#at("requires"), index, "check"];
      const text = fill(check, checks);
      await this.#analyse(path, text, { ...shell, code: text.text });
      if ((await this.#exitStatus(text.text)) === "succeeds") {
        this.#report.add(
          "error",
          "requirement-cannot-fail",
          path,
          "this check succeeds whatever the target has",
        );
      }
    }
    if (proof.command !== undefined) {
      const text = fill(proof.command.run, checks);
      await this.#analyse([...this.#at("proof"), "command", "run"], text, { ...shell, code: text.text });
    }
    if (cleanup === "none") return;
    const created = new Set(act);
    await this.#cleanup(fill(cleanup.run, checks), { ...shell, code: "", created });
    const probe = fill(cleanup.probe, checks);
    const path = [...this.#at("cleanup"), "probe"];
    await this.#analyse(path, probe, { ...shell, code: probe.text });
    await this.#probe(path, probe.text);
  }

  /** Analyses code and reports what it does without saying so. Returns what it creates outside the work folder. */
  async #analyse(path: Path, filled: FilledTemplate, code: CodeToAnalyse): Promise<readonly string[]> {
    const { findings, created } = await analyseCode(code);
    for (const finding of findings) {
      if (finding.kind === "syntax") this.#syntax(path, filled, finding);
      else {
        this.#needed.add(finding.effect);
        if (!this.#action.effects.includes(finding.effect)) this.#undeclared(path, filled, finding);
      }
    }
    return [...created];
  }

  #syntax(path: Path, filled: FilledTemplate, finding: Finding): void {
    const hint = "lint refuses code that it cannot read";
    this.#report.add("error", "syntax-error", path, finding.reason, {
      hint,
      offset: templateOffset(filled, finding.at),
    });
  }

  #undeclared(path: Path, filled: FilledTemplate, finding: Finding & { readonly kind: "effect" }): void {
    const message = `the effect "${finding.effect}" is not declared: ${finding.reason}`;
    const hint = `add "${finding.effect}" to effects, or change the code`;
    this.#report.add("error", "undeclared-effect", path, message, {
      hint,
      offset: templateOffset(filled, finding.at),
    });
  }

  /** The interpreter's options, read as a command line with no code behind them. */
  async #options(
    variant: Variant,
    language: Language,
    base: Pick<CodeToAnalyse, "work" | "files" | "windows">,
  ): Promise<void> {
    const { options } = this.#action.interpreter;
    if (options.length === 0) return;
    const { act } = renderAction(this.#action, variant, this.#work);
    const code = optionsAsCommand(language, act, this.#windows);
    const path = [...this.#at("interpreter"), "options"];
    const { findings } = await analyseCode({
      ...base,
      files: new Map([
        ["script", ""],
        ["script.vbs", ""],
        ["script.js", ""],
      ]),
      ...(this.#windows ? { language: "batch", program: "cmd" } : { language: "shell", program: "sh" }),
      code,
    });
    for (const finding of findings) {
      if (finding.kind !== "effect") continue;
      this.#needed.add(finding.effect);
      if (this.#action.effects.includes(finding.effect)) continue;
      const message = `the effect "${finding.effect}" is not declared: ${finding.reason}`;
      this.#report.add("error", "undeclared-effect", path, message, {
        hint: `add "${finding.effect}" to effects, or change the options`,
      });
    }
  }

  async #cleanup(filled: FilledTemplate, code: CodeToAnalyse): Promise<void> {
    const path = [...this.#at("cleanup"), "run"];
    const { effects } = this.#action;
    const { findings } = await analyseCode({ ...code, code: filled.text });
    for (const finding of findings) {
      if (finding.kind === "syntax") {
        this.#syntax(path, filled, finding);
        continue;
      }
      const { effect, program } = finding;
      // Ending the process that the procedure left running is what its cleanup is for.
      const ends = (program === "kill" || program === "pkill") && effects.includes("background-process");
      if (effect === "destructive" && !ends && (program === null || !effects.includes("destructive"))) {
        const message = `the cleanup is destructive beyond what the procedure made: ${finding.reason}`;
        const hint = "remove only what is under {{work}} or what the procedure itself creates";
        this.#report.add("error", "cleanup-destructive", path, message, {
          hint,
          offset: templateOffset(filled, finding.at),
        });
      } else if (effect !== "destructive" && effect !== "work-folder" && !effects.includes(effect)) {
        this.#undeclared(path, filled, finding);
      }
    }
  }

  async #probe(path: Path, probe: string): Promise<void> {
    const status = await this.#exitStatus(probe);
    if (status === "succeeds") {
      const example = this.#windows ? "if exist {{work}}\\file exit /b 1" : "test ! -e {{work}}/file";
      const hint = `test what the procedure leaves behind, such as: ${example}`;
      this.#report.add("error", "probe-cannot-fail", path, "this probe succeeds whatever the target holds", {
        hint,
      });
    }
    if (status === "fails")
      this.#report.add("error", "probe-cannot-succeed", path, "this probe never finds the target clean");
  }

  async #exitStatus(check: string): Promise<ExitStatusKnowledge> {
    // A device has no exit status: lintDevice sees to it that a check can fail.
    if (checkLanguage(this.#action) === "device") return "varies";
    return this.#windows ? batchExitStatus(check) : exitStatusOf(check);
  }

  #cleanupKind(): void {
    const { cleanup, effects } = this.#action;
    const leaving = effects.filter((effect) => !LEAVING_NOTHING.has(effect));
    const path = this.#at("cleanup");
    if (cleanup === "none" && leaving.length > 0) {
      const message = `a procedure with the effect "${leaving[0] as Effect}" needs a cleanup`;
      this.#report.add("error", "cleanup-missing", path, message, { hint: "give { run, probe }" });
    }
    if (cleanup !== "none" && effects.length === 0) {
      const message = "there is a cleanup, but no effect that it could undo";
      this.#report.add("warning", "cleanup-not-needed", path, message, { hint: "write cleanup: none" });
    }
  }

  /** Declared effects that no variant has. */
  #unneeded(): void {
    const unread = variantsOf(this.#action).every((variant) => this.#language(variant) === "unknown");
    this.#action.effects.forEach((effect, index) => {
      // Of code in a language that lint cannot read, only its author can say what it does.
      if (this.#needed.has(effect) || unread) return;
      const message = `the effect "${effect}" is declared, but nothing that lint can read has it`;
      const hint = "remove it, so that the declaration says what happens";
      this.#report.add("warning", "effect-not-needed", [...this.#at("effects"), index], message, { hint });
    });
    const known = new Set(effectSchema.options);
    const repeated = this.#action.effects.findIndex((effect) => !known.delete(effect));
    if (repeated !== -1) {
      this.#report.add(
        "warning",
        "duplicate-effect",
        [...this.#at("effects"), repeated],
        "the effect is declared twice",
      );
    }
  }
}

/** The interpreter with its options and code that does nothing, as a command of the system's shell. */
function optionsAsCommand(language: Language, act: Act, windows: boolean): string {
  const nothing: Readonly<Record<Language, readonly string[]>> = {
    shell: ["-c", ""],
    python: ["-c", ""],
    javascript: ["-e", ""],
    lua: ["-e", ""],
    powershell: ["-Command", "0"],
    batch: ["/c", "rem"],
    vbscript: ["script.vbs"],
    jscript: ["script.js"],
    device: [],
    unknown: [],
  };
  const words = [act.program, ...act.options, ...nothing[language]];
  if (windows) return words.map((word) => (/\s/.test(word) || word === "" ? `"${word}"` : word)).join(" ");
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}
