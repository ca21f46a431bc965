import { z } from "zod";
import { tierSchema } from "./verdict.js";

/** One alert of a SIEM, as its connector reports it. */
export const alertSchema = z.strictObject({
  id: z.string(),
  /** The rule's id in the SIEM. */
  rule: z.string(),
  title: z.string(),
  tier: tierSchema,
  /** The host that the alert names, by the telemetry's name; null when it names none. */
  host: z.string().nullable(),
  /** Milliseconds since 1970: when it was first written, and when last changed (a grouped alert grows). */
  createdAt: z.number(),
  updatedAt: z.number(),
  /** When the rule was evaluated; null when the SIEM does not say. */
  evaluatedAt: z.number().nullable(),
  /** Ids of the events that it stands for; null when the SIEM cannot resolve them. */
  sourceEvents: z.array(z.string()).nullable(),
  /** Whether these are all that it stands for; false where the SIEM keeps only some of them. */
  sourcesWhole: z.boolean(),
  /** The alert was withheld or folded into this earlier alert (throttle, grouping); null when it stands alone. */
  foldedInto: z.string().nullable(),
});
export type Alert = z.infer<typeof alertSchema>;
