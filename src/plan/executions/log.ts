import type { z } from "zod";
import { type Diagnostic, TyrianError } from "../../errors.js";
import type { RecordedExecution } from "./schema.js";

/** What a file has. */
export interface ExecutionLog {
  /** Who wrote it down, in words. */
  readonly recorder: string;
  readonly executions: readonly RecordedExecution[];
  /** What of the log cannot be judged, and why. */
  readonly refused: readonly string[];
}

/** An error of the file. */
export function invalidExecutions(file: string, diagnostics: readonly Diagnostic[]): TyrianError {
  const problems = diagnostics.length === 1 ? "1 error" : `${diagnostics.length} errors`;
  return new TyrianError("executions-invalid", `the executions ${file} have ${problems}; nothing was asked`, {
    diagnostics,
  });
}

/** What a foreign log must have, and where it has something else. @throws TyrianError `executions-invalid` */
export function heldTo<T>(schema: z.ZodType<T>, value: unknown, file: string, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const diagnostics = parsed.error.issues.map(({ path, message }) => ({
    ...{ file, line: 1, column: 1, severity: "error" as const, code: "executions-form", hint: "" },
    message: `${what}: ${path.map(String).join(".")}: ${message}`,
  }));
  throw invalidExecutions(file, diagnostics);
}
