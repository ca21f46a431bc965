import { z } from "zod";
import { executionStatusSchema } from "./verdict.js";

export const proofResultSchema = z.strictObject({
  met: z.boolean(),
  /** One line a check: what was compared, what was wanted, what was found. */
  checks: z.array(
    z.strictObject({ check: z.string(), wanted: z.string(), found: z.string(), met: z.boolean() }),
  ),
});
export type ProofResult = z.infer<typeof proofResultSchema>;

/** What really happened on the target. */
export const executionSchema = z.strictObject({
  status: executionStatusSchema,
  /** A stable word and a sentence; null when it ran. */
  reason: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  /** The id of the control that prevented it; absent when none did. */
  control: z.string().optional(),
  /** ISO 8601, our clock; null when it never started. */
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  /** Milliseconds by a monotonic clock; null when it never started or its end is unknown. */
  durationMs: z.number().nullable(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  /** Capped; the rest is in the evidence files. */
  stdout: z.string(),
  stderr: z.string(),
  truncated: z.strictObject({ stdout: z.boolean(), stderr: z.boolean() }),
  /** Files of the run folder that hold output beyond the cap. */
  evidenceFiles: z.array(z.string()),
  proof: proofResultSchema.nullable(),
  /**
   * Programs that the wrapper itself executed between the sentinels, at least. There only when it said so after its end
   * sentinel: then that was executed too.
   */
  housekeeping: z.int().optional(),
  /** The login session was Tyrian's own, and no other trial used it between the sentinels. Absent: that is not known. */
  alone: z.boolean().optional(),
  /** Processes of the act were perhaps still running when the end sentinel closed its bracket: its events may be incomplete. */
  outlived: z.boolean().optional(),
  /** Those of them that were seen, as `number:start` (the host's number; clock ticks since boot, on a Mac the date): the cleanup sees whether they are gone. */
  strays: z.array(z.string()).optional(),
});
export type Execution = z.infer<typeof executionSchema>;

export const cleanupStatusSchema = z.enum(["clean", "dirty", "unverified"]);

export const cleanupResultSchema = z.strictObject({
  /** `clean` the probe proved it (or there was nothing to clean and the sweep found nothing) · `dirty` the probe failed · `unverified` the target could not be asked. */
  status: cleanupStatusSchema,
  detail: z.string(),
  attempts: z.int(),
});
export type CleanupResult = z.infer<typeof cleanupResultSchema>;
