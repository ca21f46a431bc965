import type { Procedure } from "../model/playbook.js";
import { languageOf } from "./language.js";
import type { LintReport } from "./lint-report.js";
import type { PathOf } from "./lint-templates.js";
import { isForDevices, programsOf } from "./render.js";
import { canPrintNothing } from "./effects/device.js";

/** Whether interpreter, platform and the parts of an action fit a network device; does nothing for other platforms. */
export function lintDevice(report: LintReport, action: Procedure, at: PathOf): void {
  const { interpreter, platforms, files } = action;
  const isDevice = programsOf(action).map((program) => languageOf(program) === "device");
  const wrong = (code: string, path: ReturnType<PathOf>, message: string, hint: string): void =>
    report.add("error", code, path, message, { hint });
  const program = [...at("interpreter"), "program"];
  if (!isForDevices(action)) {
    if (isDevice.includes(true))
      wrong(
        "interpreter-invalid",
        program,
        "a command line of a network device on another platform",
        "name the platform network",
      );
    return;
  }
  if (platforms.some((platform) => platform !== "network")) {
    const hint = "what is typed into a device is no shell script: write a procedure for each";
    wrong("platforms-mixed", at("platforms"), "network and another platform in one procedure", hint);
  }
  if (isDevice.includes(false)) {
    const hint = "name the profiles of the devices, such as frr or ios";
    wrong("interpreter-invalid", program, "a network device has no interpreters but its command line", hint);
  }
  if (interpreter.via !== "stdin" && interpreter.via !== "argument") {
    const hint = "write via: stdin for lines that are typed, via: argument for one command given one-shot";
    wrong("interpreter-invalid", [...at("interpreter"), "via"], "a network device takes no scripts", hint);
  }
  if (interpreter.options.length > 0) {
    wrong(
      "interpreter-invalid",
      [...at("interpreter"), "options"],
      "a command line takes no options",
      "remove them",
    );
  }
  if (files.length > 0) {
    wrong("files-invalid", at("files"), "a network device has no work folder for files", "remove them");
  }
  if (interpreter.via === "argument" && action.run.trim().includes("\n")) {
    wrong("command-line-invalid", at("run"), "one-shot is one command", "write one line, or via: stdin");
  }
  lintTexts(report, action, at);
}

/** The texts that are typed: no work folder stands in them, and checks can fail. */
function lintTexts(report: LintReport, action: Procedure, at: PathOf): void {
  const { cleanup, requires, run } = action;
  const texts = [run, ...(cleanup === "none" ? [] : [cleanup.run, cleanup.probe])];
  if (texts.some((text) => text.includes("{{work}}"))) {
    const message = "{{work}} is a folder, and a network device has none";
    report.add("error", "unknown-placeholder", at("run"), message, { hint: "leave it out" });
  }
  requires.forEach(({ check }, index) => {
    if (canPrintNothing(check)) return;
    const hint = "write a show command with a filter: the requirement is met when it prints something";
    const path = [...at("requires"), index, "check"];
    report.add("error", "requirement-cannot-fail", path, "this check prints something on every device", {
      hint,
    });
  });
  if (cleanup === "none" || canPrintNothing(cleanup.probe)) return;
  const hint = "write one show command with a filter: the device is clean when it prints nothing";
  const path = [...at("cleanup"), "probe"];
  report.add("error", "probe-cannot-fail", path, "this probe does not tell a clean device from another", {
    hint,
  });
}
