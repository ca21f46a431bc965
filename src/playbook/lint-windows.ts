import type { Procedure } from "../model/playbook.js";
import type { Act } from "../model/trial.js";
import { takesCode } from "./act-arguments.js";
import { languageOf, programName, windowsPrograms } from "./language.js";
import type { LintReport } from "./lint-report.js";
import type { PathOf } from "./lint-templates.js";
import { isForWindows, programsOf } from "./render.js";
import { cmdLineLimit, windowsBatchLine, windowsCommandLine } from "./windows-command-line.js";

const scriptHosts = new Set(["cscript", "wscript"]);

/** Whether interpreter, platform and the way of the code fit together. */
export function lintInterpreter(report: LintReport, action: Procedure, at: PathOf): void {
  const { interpreter, platforms } = action;
  const windows = isForWindows(action);
  const wrong = (code: string, key: string, message: string, hint: string): void =>
    report.add("error", code, [...at("interpreter"), key], message, { hint });
  if (windows && platforms.some((platform) => platform !== "windows")) {
    const hint =
      "checks are batch scripts on Windows and shell scripts elsewhere: write a procedure for each";
    report.add("error", "platforms-mixed", at("platforms"), "Windows and another platform in one procedure", {
      hint,
    });
  }
  for (const program of programsOf(action)) {
    const name = programName(program).toLowerCase();
    const language = languageOf(program, interpreter.options, interpreter.extension);
    const host = scriptHosts.has(name);
    if (!windows && windowsPrograms.has(name)) {
      const hint = name === "powershell" ? "elsewhere PowerShell is pwsh" : "name the platform windows";
      wrong("interpreter-invalid", "program", `${program} exists on Windows only`, hint);
    }
    if (windows && ["shell", "python", "lua"].includes(language))
      wrong(
        "interpreter-invalid",
        "program",
        `lint cannot read ${language} code for Windows`,
        "use an interpreter of Windows, or node",
      );
    if (interpreter.via === "encoded" && language !== "powershell")
      wrong(
        "interpreter-invalid",
        "via",
        `${program} takes no encoded command`,
        "encoded is for powershell and pwsh",
      );
    if (host && interpreter.via !== "file")
      wrong("interpreter-invalid", "via", `${program} takes its code from a file only`, "write via: file");
    else if (interpreter.via !== "encoded" && !takesCode(program, interpreter.via))
      wrong(
        "interpreter-invalid",
        "via",
        `${program} has no way to take its code by ${interpreter.via}`,
        "write via: file",
      );
    if (host && language === "unknown")
      wrong(
        "interpreter-invalid",
        "program",
        `${program} goes by the extension of the script`,
        "give extension: vbs or js",
      );
    if (name === "cmd" && !/^(cmd|bat)$/.test(interpreter.extension ?? "cmd"))
      wrong("interpreter-invalid", "extension", "cmd runs cmd and bat files", "write extension: cmd or bat");
  }
}

/** Whether cmd.exe, through which every command reaches a Windows target, can carry the act's command line. */
export function lintCommandLine(report: LintReport, act: Act, work: string, at: PathOf): void {
  if (windowsBatchLine(act, work) !== null) return;
  const line = windowsCommandLine(act, work);
  if (/[\r\n]/.test(line)) {
    const hint = "write the code in one line, or use via: file, stdin or encoded";
    report.add(
      "error",
      "command-line-invalid",
      at("run"),
      "a command line on Windows cannot hold a line break",
      { hint },
    );
    return;
  }
  const message = `the command line has ${line.length} characters; cmd.exe cuts what is longer than ${cmdLineLimit}`;
  const hint =
    act.via === "encoded"
      ? "-EncodedCommand takes 8 characters for 3 of the script, so that about 3,000 fit; use via: file or stdin"
      : "use via: file or stdin";
  report.add("error", "command-line-too-long", at("run"), message, { hint });
}
