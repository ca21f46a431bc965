import { z } from "zod";

/** Who has taken on a known gap, and until when: it is no failure until then. */
export const acceptanceSchema = z.strictObject({
  owner: z.string().min(1),
  /** Where the work on it is tracked. */
  ticket: z.string().min(1),
  /** The last day (UTC) on which it is accepted. */
  expires: z.iso.date("expected a date such as 2026-12-31"),
  /** What is known of it. */
  because: z.string().min(1).optional(),
});
export type Acceptance = z.infer<typeof acceptanceSchema>;

/** An accepted miss of an analytic, as the plan of a run records it. */
export const acceptedMissSchema = acceptanceSchema.extend({
  /** The analytic's id. */
  analytic: z.string(),
  /** Ids of the procedures that it may miss; absent: all. */
  procedures: z.array(z.string()).optional(),
});
export type AcceptedMiss = z.infer<typeof acceptedMissSchema>;
