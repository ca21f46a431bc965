import { parse } from "csv-parse/sync";
import { z } from "zod";
import { messageOf } from "../../errors.js";
import { type ExecutionLog, heldTo, invalidExecutions } from "./log.js";
import type { RecordedExecution } from "./schema.js";

const rowSchema = z.object({
  "Execution Time (UTC)": z.iso.datetime("expected a time such as 2026-11-24T20:15:00Z"),
  Technique: z.string(),
  "Test Number": z.string(),
  "Test Name": z.string(),
  Hostname: z.string().min(1),
  // Versions before 2.0 have no more than these.
  GUID: z.string().default(""),
  ProcessId: z.string().default(""),
});

/**
 * The execution log that Invoke-AtomicRedTeam writes (Default-ExecutionLogger). It has no commands and no ends: a test is told by the
 * number of its process, and cannot be where the log lacks that too.
 */
export function atomicCsv(text: string, file: string): ExecutionLog {
  let records: unknown;
  try {
    records = parse(text, { columns: true, skip_empty_lines: true });
  } catch (error) {
    const message = `this is no CSV: ${messageOf(error)}`;
    const at = { file, line: 1, column: 1, severity: "error", code: "executions-form" } as const;
    throw invalidExecutions(file, [{ ...at, message, hint: "" }]);
  }
  const rows = heldTo(z.array(rowSchema), records, file, "an execution log of Invoke-AtomicRedTeam");
  const executions = rows.map((row): RecordedExecution => {
    const pid = /^[1-9]\d{0,9}$/.test(row.ProcessId) ? Number(row.ProcessId) : null;
    return {
      host: row.Hostname,
      startedAt: row["Execution Time (UTC)"],
      command: null,
      name: `${row.Technique} test ${row["Test Number"]}: ${row["Test Name"]}`,
      technique: row.Technique,
      ...(row.GUID === "" ? {} : { guid: row.GUID }),
      ...(pid === null ? {} : { pid }),
    };
  });
  return { recorder: "Invoke-AtomicRedTeam", executions, refused: [] };
}
