import type { Diagnostic } from "../../errors.js";
import { explainIssues } from "../../playbook/explain-issue.js";
import { readYaml } from "../../playbook/yaml-source.js";
import { atomicCsv } from "./atomic-csv.js";
import { attireLog, isAttire } from "./attire.js";
import { calderaReport, isCaldera } from "./caldera.js";
import { type ExecutionLog, invalidExecutions } from "./log.js";
import { executionsSchema, type RecordedExecution, recordedExecutionSchema } from "./schema.js";

/**
 * Reads a file of executions: Tyrian's own form (YAML, JSON, NDJSON), an execution log of Invoke-AtomicRedTeam (CSV), an ATTiRe log or an
 * operation report of Caldera. What it is, is told by its content.
 * @throws TyrianError `executions-invalid` with every problem and its position
 */
export function readExecutions(text: string, file: string): ExecutionLog {
  // Windows PowerShell begins its files so.
  const content = text.replace(/^\uFEFF/, "");
  if (/^"?Execution Time \(UTC\)"?,/.test(content)) return atomicCsv(content, file);
  const lines = content.split("\n").filter((line) => line.trim() !== "");
  if (lines.length > 1 && lines.every((line) => line.startsWith("{"))) return ndjson(content, file);
  const json = jsonOf(content);
  if (isAttire(json)) return attireLog(json, file);
  if (isCaldera(json)) return calderaReport(json, file);
  const whole = /^\s*\{/.test(content) && lines.length === 1 && !/^\s*\{\s*"executions"/.test(content);
  return whole ? ndjson(content, file) : ownFile(content, file);
}

function ownFile(text: string, file: string): ExecutionLog {
  const yaml = readYaml(text, file);
  if (yaml.source === null) throw invalidExecutions(file, yaml.diagnostics);
  const parsed = executionsSchema.safeParse(yaml.value);
  if (!parsed.success)
    throw invalidExecutions(
      file,
      explainIssues(parsed.error.issues, executionsSchema, yaml.value, yaml.source),
    );
  return { recorder: "a person", executions: parsed.data.executions, refused: [] };
}

function ndjson(text: string, file: string): ExecutionLog {
  const diagnostics: Diagnostic[] = [];
  const executions = text.split("\n").flatMap((line, index): RecordedExecution[] => {
    if (line.trim() === "") return [];
    // A line of JSON is a line of YAML, which tells where in it something stands.
    const yaml = readYaml(line, file);
    const parsed = yaml.source === null ? null : recordedExecutionSchema.safeParse(yaml.value);
    if (parsed?.success === true) return [parsed.data];
    const found =
      yaml.source === null || parsed === null
        ? yaml.diagnostics
        : explainIssues(parsed.error.issues, recordedExecutionSchema, yaml.value, yaml.source);
    diagnostics.push(...found.map((each) => ({ ...each, line: each.line + index })));
    return [];
  });
  if (diagnostics.length > 0) throw invalidExecutions(file, diagnostics);
  return { recorder: "a person", executions, refused: [] };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
