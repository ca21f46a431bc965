import { z } from "zod";
import type { Delivery } from "../../model/observation.js";

/** The part of a SIEM's configuration that is the same for all, beside the connection's. */

/** In what form the sensor's records reach the SIEM. */
export const formatSchema = z.enum([
  /** One JSON line of laurel an event, as the document's text. */
  "laurel",
  /** audit.log line by line, a document a record, as the document's text. */
  "auditd",
  /** Fields of auditbeat, or of Elastic Agent's Auditd Manager. */
  "ecs",
]);
export type TelemetryFormat = z.infer<typeof formatSchema>;

const seconds = z.number().min(0).max(86_400);

export const connectorShape = {
  /** The SIEM's own rules by the ids of the analytics that they stand for. */
  rules: z
    .record(z.string().min(1), z.string().min(1))
    .refine(
      (rules) => new Set(Object.values(rules)).size === Object.keys(rules).length,
      "a rule of the SIEM stands for one analytic only",
    )
    .default({}),
  /**
   * Analytics without a rule of the SIEM are run as queries by Tyrian itself. Their names of fields become the SIEM's by processing
   * pipelines: files, or names of those that Tyrian brings along.
   */
  onDemand: z.strictObject({ pipelines: z.array(z.string().min(1)).default([]) }).optional(),
  /** How long records and alerts may be under way. What takes longer is taken for lost: rather too long than too short. */
  delivery: z
    .strictObject({
      /** From the host until it can be searched. */
      longestLagSeconds: seconds.default(120),
      /** From the end of an evaluation (of a streaming rule: from the ingest) until the alert can be found. */
      longestAlertLagSeconds: seconds.default(120),
    })
    .default({ longestLagSeconds: 120, longestAlertLagSeconds: 120 }),
  /** Questions that it is asked within a minute, at most; one question may be several requests. */
  questionsPerMinute: z.int().min(1).max(6_000).default(120),
};

export type ConnectorSettings = z.infer<z.ZodObject<typeof connectorShape>>;

/** @param slowestAlertMs what an alert may take at least, whatever is declared */
export function deliveryOf({ delivery }: ConnectorSettings, slowestAlertMs: number): Delivery {
  return {
    type: "shipped",
    longestLagMs: delivery.longestLagSeconds * 1000,
    longestAlertLagMs: Math.max(delivery.longestAlertLagSeconds * 1000, slowestAlertMs),
  };
}
