import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import {
  compileForFormat,
  eventFormats,
  parsePipeline,
  type EventFormat,
  type LoadedFormat,
  type RuleForFormat,
} from "../../../src/detection/pipelines/index.js";
import type { CompiledRule, RuleEvent } from "../../../src/detection/rule.js";
import { parseSigma } from "../../../src/detection/sigma/parse.js";

const folder = resolve(import.meta.dirname, "../../../pipelines");

const known = new Map<string, LoadedFormat>();

/** A format with its shipped pipeline, read once; throws with the findings when the pipeline is refused. */
export function loaded(format: EventFormat): LoadedFormat {
  const before = known.get(format.id);
  if (before !== undefined) return before;
  const { pipeline, diagnostics } = parsePipeline(
    readFileSync(resolve(folder, format.file), "utf8"),
    format.file,
  );
  if (pipeline === null || diagnostics.length > 0) throw new Error(JSON.stringify(diagnostics));
  const made = { format, pipeline };
  known.set(format.id, made);
  return made;
}

/** The format of an id. */
export function formatNamed(id: string): EventFormat {
  const format = eventFormats.find((each) => each.id === id);
  if (format === undefined) throw new Error(`no format ${id}`);
  return format;
}

/** A rule of a log source with one selection, whose lines are given. Its first line is line 5. */
export function ruleFor(logsource: string, lines: string): string {
  const inner = lines.trim().split("\n");
  return [
    "title: Test",
    `logsource: { ${logsource} }`,
    "detection:",
    "  selection:",
    ...inner.map((line) => `    ${line}`),
    "  condition: selection",
    "",
  ].join("\n");
}

/** The rule for the events of a format, with what was found in reading it. */
export function forFormat(id: string, logsource: string, lines: string): RuleForFormat {
  const source = { file: "rules/test.yml", text: ruleFor(logsource, lines) };
  const { rule, diagnostics } = parseSigma(source.text, source.file);
  if (rule === null) throw new Error(JSON.stringify(diagnostics));
  const fitted = compileForFormat(rule, source, loaded(formatNamed(id)));
  return { ...fitted, diagnostics: [...diagnostics, ...fitted.diagnostics] };
}

/** The compiled rule for the events of a format; throws with the findings when it is refused. */
export function compiledFor(id: string, logsource: string, lines: string): CompiledRule {
  const { rule, diagnostics } = forFormat(id, logsource, lines);
  if (rule === null) throw new Error(JSON.stringify(diagnostics));
  return rule;
}

/** An event of a format with the log source that its reader gives it. */
export function eventOf(id: string, fields: Record<string, unknown>): RuleEvent {
  return { id: "event-1", logsource: formatNamed(id).logsource, fields };
}

/** Why a rule is refused for a format: code, line and message of the first error. */
export function refusedFor(
  id: string,
  logsource: string,
  lines: string,
): { code: string; line: number; message: string } {
  const { rule, diagnostics } = forFormat(id, logsource, lines);
  const error = diagnostics.find(({ severity }) => severity === "error");
  if (rule !== null || error === undefined) throw new Error("the rule was not refused");
  return { code: error.code, line: error.line, message: error.message };
}
