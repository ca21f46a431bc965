import type { Procedure } from "../model/playbook.js";
import type { LintReport } from "./lint-report.js";
import { misplacedPlaceholders } from "./placeholders.js";
import type { Quoting } from "./quote.js";
import { checkLanguage, isForWindows, quotingOfCode, quotingOfFile, type Variant } from "./render.js";
import { suggestion } from "./suggest.js";
import { fillTemplate } from "./template.js";
import type { Path } from "./yaml-source.js";

/** Stands for the work folder while code is analysed: a path that no code writes out. */
export function lintWorkOf(action: Procedure): string {
  return isForWindows(action) ? "C:\\Tyrian-Work-Folder\\00000000" : "/tyrian-work-folder/00000000";
}

/** Where a key of the action stands in the playbook: for a twin, in its procedure when the twin leaves it out. */
export type PathOf = (key: string) => Path;

interface Template {
  readonly path: Path;
  readonly text: string;
  readonly quoting: Quoting;
}

function templatesOf(action: Procedure, quoting: Quoting, pathOf: PathOf): Template[] {
  const { interpreter, run, files, requires, proof, cleanup } = action;
  const list: Template[] = [{ path: pathOf("run"), text: run, quoting }];
  const checks = checkLanguage(action);
  const add = (path: Path, text: string | undefined, as: Quoting): void => {
    if (text !== undefined) list.push({ path, text, quoting: as });
  };
  interpreter.options.forEach((option, index) =>
    add([...pathOf("interpreter"), "options", index], option, "raw"),
  );
  files.forEach((file, index) =>
    add([...pathOf("files"), index, "content"], file.content, quotingOfFile(file.name)),
  );
  requires.forEach(({ check }, index) => add([...pathOf("requires"), index, "check"], check, checks));
  const texts = [
    [["stdout"], proof.stdout],
    [["stderr"], proof.stderr],
    [["command", "stdout"], proof.command?.stdout],
  ] as const;
  for (const [keys, check] of texts) {
    const at = [...pathOf("proof"), ...keys];
    add([...at, "equals"], check?.equals, "raw");
    add([...at, "contains"], check?.contains, "raw");
    add([...at, "matches"], check?.matches, "regular-expression");
  }
  add([...pathOf("proof"), "command", "run"], proof.command?.run, checks);
  if (cleanup !== "none") {
    add([...pathOf("cleanup"), "run"], cleanup.run, checks);
    add([...pathOf("cleanup"), "probe"], cleanup.probe, checks);
  }
  return list;
}

/** Checks the templates; false when something cannot be filled in. */
export async function lintTemplates(
  report: LintReport,
  action: Procedure,
  variant: Variant,
  pathOf: PathOf,
): Promise<boolean> {
  const values = { ...variant, work: lintWorkOf(action) };
  const code = quotingOfCode(action, String(variant["program"]));
  let sound = true;
  for (const { path, text, quoting } of templatesOf(action, code, pathOf)) {
    for (const { kind, name, offset } of fillTemplate(text, values, quoting).problems) {
      sound = false;
      const problem = {
        unknown: [
          "unknown-placeholder",
          `there is no argument "${name}"`,
          suggestion(name, Object.keys(values)),
        ],
        invalid: ["template-invalid", `"{{" begins no placeholder here`, `write "{{{{" for a literal "{{"`],
        unquotable: [
          "placeholder-unquotable",
          quoting.startsWith("batch")
            ? `"${name}" cannot be filled in: cmd.exe has no way to write this value here`
            : `"${name}" cannot be filled in: the quoting of ${String(variant["program"])} is not known`,
          quoting.startsWith("batch")
            ? "a batch file cannot hold line breaks, a command line no percent signs either"
            : "write the values out",
        ],
      }[kind] as [string, string, string];
      report.add("error", problem[0], path, problem[1], { hint: problem[2], offset });
    }
    if (!sound || quoting === "raw" || quoting === "regular-expression") continue;
    const delayed =
      quoting.startsWith("batch") && action.interpreter.options.some((option) => /^\/v/i.test(option));
    for (const { name, offset } of await misplacedPlaceholders(text, quoting, values, delayed)) {
      sound = false;
      const batch = quoting.startsWith("batch");
      const message = batch
        ? `{{${name}}} stands where cmd.exe reads it a second time, or within quotes`
        : `{{${name}}} stands inside quotes, a here-document or a comment; it brings its own quotes`;
      report.add("error", "placeholder-in-quotes", path, message, {
        hint: batch
          ? `write {{${name}}} outside quotes, in a command that is no part of a pipe, a loop's list, call, start or cmd`
          : `write {{${name}}} outside the quotes`,
        offset,
      });
    }
  }
  return sound;
}
