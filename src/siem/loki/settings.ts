import { z } from "zod";
import { connectorShape, formatSchema } from "../connector/settings.js";
import { stampedShape } from "../connector/stamped.js";
import { proxyAuthSchema } from "../http/credentials.js";
import { connectionShape } from "../http/settings.js";
import { checkConnections, historyShape, labelSchema } from "../ruler/settings.js";

/** Grafana Loki with its ruler. A rule is bound by its name (`alert`). */
export const lokiSettingsSchema = z
  .strictObject({
    kind: z.literal("loki"),
    ...connectionShape,
    ...connectorShape,
    ...historyShape,
    auth: proxyAuthSchema,
    /** The header `X-Scope-OrgID`. */
    tenant: z
      .string()
      .regex(/^[\w!.*'()-]{1,150}$/, "expected the id of one tenant")
      .optional(),
    telemetry: z.strictObject({
      /** The streams of the sensor. */
      selector: z
        .string()
        .regex(
          /^\{(?:[^"`{}]|"(?:[^"\\\n]|\\.)*")+\}$/,
          'expected a selector of streams such as {job="audit"}',
        ),
      /** Makes labels of a record, for the queries of `onDemand`. */
      parser: z.enum(["json", "logfmt"]).default("json"),
      /** Loki has no documents of auditbeat's form. */
      format: formatSchema.exclude(["ecs"]),
      /** The label, or structured metadata, that names the host. */
      hostLabel: labelSchema.default("host"),
      /** The label, or structured metadata, in which the collector says when it sent the record. */
      ingestedLabel: labelSchema.default("ingested_at"),
      ...stampedShape,
    }),
  })
  .superRefine((settings, context) => checkConnections(settings, context));
export type LokiSettings = z.infer<typeof lokiSettingsSchema>;
