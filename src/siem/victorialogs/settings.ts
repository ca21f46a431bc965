import { z } from "zod";
import { connectorShape, formatSchema } from "../connector/settings.js";
import { stampedShape } from "../connector/stamped.js";
import { proxyAuthSchema } from "../http/credentials.js";
import { connectionShape } from "../http/settings.js";
import { checkConnections, historyShape } from "../ruler/settings.js";

const fieldSchema = z.string().regex(/^[^\p{Cc}\p{Cs}]+$/u, "expected a field's name");

/** VictoriaLogs, with vmalert for its rules. A rule is bound by its name (`alert`). */
export const victoriaLogsSettingsSchema = z
  .strictObject({
    kind: z.literal("victorialogs"),
    ...connectionShape,
    ...connectorShape,
    ...historyShape,
    /** vmalert, which is asked with `auth` too. */
    vmalertUrl: connectionShape.url,
    auth: proxyAuthSchema,
    /** The headers `AccountID` and `ProjectID`. */
    tenant: z
      .string()
      .regex(/^\d{1,10}:\d{1,10}$/, "expected an account and a project, such as 0:0")
      .optional(),
    telemetry: z.strictObject({
      /** The streams of the sensor. */
      selector: z
        .string()
        .regex(/^\{(?:[^"{}]|"(?:[^"\\]|\\.)*")+\}$/, 'expected a filter of streams such as {job="audit"}'),
      /** VictoriaLogs has no documents of auditbeat's form. */
      format: formatSchema.exclude(["ecs"]),
      hostField: fieldSchema.default("host"),
      /** The record as the sensor wrote it. */
      textField: fieldSchema.default("_msg"),
      /** The field in which the collector says when it sent the record. */
      ingestedField: fieldSchema.default("ingested_at"),
      ...stampedShape,
    }),
  })
  .superRefine((settings, context) =>
    checkConnections(settings, context, { vmalertUrl: settings.vmalertUrl }),
  );
export type VictoriaLogsSettings = z.infer<typeof victoriaLogsSettingsSchema>;
