import type { Procedure } from "../model/playbook.js";
import { languageOf, type Language } from "./language.js";
import type { LintReport } from "./lint-report.js";
import { misplacedPlaceholders } from "./placeholders.js";
import type { Quoting } from "./quote.js";
import { quotingOfFile, type Variant } from "./render.js";
import { suggestion } from "./suggest.js";
import { fillTemplate } from "./template.js";
import type { Path } from "./yaml-source.js";

/** Stands for the work folder while code is analysed: a path that no code writes out. */
export const lintWork = "/tyrian-work-folder/00000000";

/** Where a key of the action stands in the playbook: for a twin, in its procedure when the twin leaves it out. */
export type PathOf = (key: string) => Path;

interface Template {
  readonly path: Path;
  readonly text: string;
  readonly quoting: Quoting;
}

function templatesOf(action: Procedure, language: Language, pathOf: PathOf): Template[] {
  const { interpreter, run, files, requires, proof, cleanup } = action;
  const list: Template[] = [{ path: pathOf("run"), text: run, quoting: language }];
  const add = (path: Path, text: string | undefined, quoting: Quoting): void => {
    if (text !== undefined) list.push({ path, text, quoting });
  };
  interpreter.options.forEach((option, index) =>
    add([...pathOf("interpreter"), "options", index], option, "raw"),
  );
  files.forEach((file, index) =>
    add([...pathOf("files"), index, "content"], file.content, quotingOfFile(file.name)),
  );
  requires.forEach(({ check }, index) => add([...pathOf("requires"), index, "check"], check, "shell"));
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
  add([...pathOf("proof"), "command", "run"], proof.command?.run, "shell");
  if (cleanup !== "none") {
    add([...pathOf("cleanup"), "run"], cleanup.run, "shell");
    add([...pathOf("cleanup"), "probe"], cleanup.probe, "shell");
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
  const values = { ...variant, work: lintWork };
  const language = languageOf(String(variant["program"]), action.interpreter.options);
  let sound = true;
  for (const { path, text, quoting } of templatesOf(action, language, pathOf)) {
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
          `"${name}" cannot be filled in: the quoting of ${String(variant["program"])} is not known`,
          "write the values out",
        ],
      }[kind] as [string, string, string];
      report.add("error", problem[0], path, problem[1], { hint: problem[2], offset });
    }
    if (!sound || quoting === "raw" || quoting === "regular-expression") continue;
    for (const { name, offset } of await misplacedPlaceholders(text, quoting, values)) {
      sound = false;
      const message = `{{${name}}} stands inside quotes, a here-document or a comment; it brings its own quotes`;
      report.add("error", "placeholder-in-quotes", path, message, {
        hint: `write {{${name}}} outside the quotes`,
        offset,
      });
    }
  }
  return sound;
}
