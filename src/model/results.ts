import { z } from "zod";
import { cleanupStatusSchema, executionSchema } from "./execution.js";
import { fidelitySchema, platformSchema } from "./target.js";
import { detectionOutcomeSchema, verdictSchema } from "./verdict.js";

/** `results.json`: the contract with scripts. A change that breaks one raises schemaVersion. */
export const resultsSchema = z.strictObject({
  schemaVersion: z.literal(1),
  run: z.strictObject({
    id: z.string(),
    startedAt: z.string(),
    endedAt: z.string().nullable(),
    lab: z.string(),
    siem: z.string(),
    version: z.string(),
    /** How it ended; null while it runs. */
    ended: z.enum(["completed", "interrupted", "killed", "failed", "recovered"]).nullable(),
  }),
  trials: z.array(
    z.strictObject({
      id: z.string(),
      playbook: z.string(),
      procedure: z.string(),
      guid: z.string(),
      name: z.string(),
      technique: z.string(),
      target: z.string(),
      platform: platformSchema,
      fidelity: fidelitySchema,
      variant: z.record(z.string(), z.union([z.string(), z.number()])),
      twin: z.boolean(),
      execution: executionSchema,
      verdicts: z.array(verdictSchema),
      cleanup: z.strictObject({ status: cleanupStatusSchema, detail: z.string() }),
    }),
  ),
  summary: z.strictObject({
    byOutcome: z.partialRecord(detectionOutcomeSchema, z.int()),
    met: z.int(),
    notMet: z.int(),
  }),
});
export type Results = z.infer<typeof resultsSchema>;
