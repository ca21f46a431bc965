import { z } from "zod";
import { tierSchema } from "./verdict.js";

/** The levels of Sigma. */
const levelSchema = z.enum(["informational", "low", "medium", "high", "critical"]);
export type Level = z.infer<typeof levelSchema>;

/** A SIEM's severity in its own word, and the levels that the word stands for; none where the word is not known. */
const alertSeveritySchema = z.strictObject({ text: z.string(), levels: z.array(levelSchema) });
export type AlertSeverity = z.infer<typeof alertSeveritySchema>;

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
  /** Null when the alert has none; absent when the SIEM does not tell. */
  severity: alertSeveritySchema.nullable().optional(),
  /** Whom an analyst sees the alert to be about, by the names that it has; a kind is absent when the SIEM does not tell it. */
  entities: z
    .strictObject({ hosts: z.array(z.string()).optional(), users: z.array(z.string()).optional() })
    .optional(),
  /** ATT&CK ids of the alert's tags; absent when the SIEM does not tell. */
  techniques: z.array(z.string()).optional(),
});
export type Alert = z.infer<typeof alertSchema>;
