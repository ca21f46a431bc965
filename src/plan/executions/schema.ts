import { z } from "zod";
import { detectionOutcomeSchema } from "../../model/verdict.js";

/** What somebody else's execution must say of itself to be judged. */
export const recordedExecutionSchema = z.strictObject({
  /** The name by which the SIEM knows the host. */
  host: z.string().min(1),
  /** With a time zone. */
  startedAt: z.iso.datetime({
    offset: true,
    error: "expected a time such as 2026-11-24T20:15:00Z, with its zone",
  }),
  /** Absent: not known. Then a miss cannot be proved. */
  endedAt: z.iso
    .datetime({ offset: true, error: "expected a time such as 2026-11-24T20:15:00Z, with its zone" })
    .optional(),
  /** Exactly as it was given to its interpreter, or the exact command line of its process. */
  command: z.string().min(1),
  /** The number of its process on the host; it must be that of the process with the command line. */
  pid: z.int().positive().optional(),
  name: z.string().min(1).optional(),
  technique: z
    .string()
    .regex(/^T\d{4}(\.\d{3})?$/, "expected an ATT&CK id such as T1059.004")
    .optional(),
  /** The guid of the procedure, atomic test or ability that it was. */
  guid: z.string().min(1).optional(),
  /** What was expected; absent: what the playbooks expect of the guid, and what `--analytic` says. */
  expect: z
    .array(
      z.strictObject({
        /** `FILE` or `FILE#RULE`, relative to this file. */
        analytic: z.string().min(1),
        outcome: detectionOutcomeSchema.default("detected"),
      }),
    )
    .min(1)
    .optional(),
});
/** One execution as a person or a program wrote it down. The command is null where a log has only the process. */
export interface RecordedExecution extends Omit<z.infer<typeof recordedExecutionSchema>, "command"> {
  readonly command: string | null;
}

/** A file of them, as YAML or JSON. NDJSON has one a line. */
export const executionsSchema = z.strictObject({ executions: z.array(recordedExecutionSchema).min(1) });

/** The JSON Schema of an executions file. */
export function executionsJsonSchema(): Record<string, unknown> {
  return {
    title: "Tyrian executions",
    description: "What somebody else executed, where and when, for `tyrian verify --from`.",
    ...z.toJSONSchema(executionsSchema, { io: "input" }),
  };
}
