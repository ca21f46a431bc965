import { z } from "zod";
import { playbookSchema } from "../model/playbook.js";

/** Where the schema is published. */
export const playbookSchemaId = "https://tyrian.dev/schema/playbook.json";

/** What editors show for a key, wherever it stands. */
const descriptions: Readonly<Record<string, string>> = {
  technique: "An ATT&CK id, such as T1059.004.",
  procedures: "Harmless interpreter invocations, each with its checks, its cleanup and what it expects.",
  guid: "Stable for ever, for VECTR and for history. `uuidgen` makes one.",
  platforms: "Where the procedure runs.",
  tags: "Words to select by (`--tag`).",
  arguments:
    "Values that templates use as {{name}}. {{work}} (the trial's folder) and {{program}} always exist.",
  variants: "One trial for each row, with each interpreter; what a row leaves out has its default.",
  requires: "What must hold before the procedure runs. The interpreter itself is always required.",
  check:
    "A command (/bin/sh; on Windows a batch script) that exits 0 when the requirement is met. It must be able to fail.",
  interpreter: "What reads the code, and how the code reaches it.",
  program: "A program by name (bash, python3) or absolute path. A list makes one variant for each.",
  via: "argument: on its command line; stdin: on its standard input; file: in a file of the work folder; encoded: as PowerShell's -EncodedCommand. It decides which command line a rule sees.",
  options: "Options before the code, such as -E.",
  extension:
    "The extension of the script file, where the program goes by it: vbs or js for cscript and wscript, cmd or bat for cmd.",
  run: "The code. {{name}} becomes a literal of the interpreter's language, so it stands outside quotes; {{{{ is a literal {{.",
  files: "Files put into the work folder before the act. Code files are read by lint as well.",
  effects:
    "What the procedure does beyond starting an interpreter and printing. Lint refuses what is not declared.",
  timeout:
    "Seconds after which the procedure's processes are ended. Its cleanup has as long, and 30 s at least.",
  proof: "Positive evidence that the procedure did its work: at least one text is compared.",
  equals: "The text is exactly this.",
  contains: "The text contains this.",
  matches: "A JavaScript regular expression with the flag m. Placeholders in it stand for their own text.",
  cleanup:
    "none (only with effects: [] or [computed-code]), or how the effects are undone and how that is proved.",
  probe:
    "A command (/bin/sh; on Windows a batch script) that exits 0 when the target is clean and 1 when it is not. It must be able to fail.",
  expect: "What each analytic should do.",
  analytic: "Path of the rule, relative to the playbook's folder.",
  outcome: "What is expected of the analytic.",
  because: "Why a miss is expected; shown beside the verdict.",
  twin: "A near-identical harmless control for which the analytics must stay silent. What it leaves out is its procedure's.",
};

/** The JSON Schema (draft 2020-12) of a playbook file as it is written: keys with defaults may be left out. */
export function playbookJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(playbookSchema, { target: "draft-2020-12", io: "input" });
  describe(schema);
  const { $schema, ...rest } = schema;
  return {
    $schema,
    $id: playbookSchemaId,
    title: "Tyrian playbook",
    description:
      "A playbook is about one ATT&CK technique: its procedures, and the analytics expected to see them.",
    ...rest,
  };
}

function describe(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    value.forEach(describe);
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    if (key === "properties") addDescriptions(inner);
    describe(inner);
  }
}

function addDescriptions(properties: unknown): void {
  if (typeof properties !== "object" || properties === null) return;
  for (const [key, property] of Object.entries(properties)) {
    const description = Object.hasOwn(descriptions, key) ? descriptions[key] : undefined;
    if (description === undefined || typeof property !== "object" || property === null) continue;
    if (!("description" in property)) Object.assign(property, { description });
  }
}
