import { z } from "zod";
import { connectorShape } from "../connector/settings.js";
import { basicSchema, tokenSchema } from "../http/credentials.js";
import { checkConnection, connectionShape } from "../http/settings.js";
import { indexTelemetrySchema } from "../search-api/settings.js";

/** Elastic Security. `url` is Elasticsearch; the detection engine is asked through Kibana. A rule is bound by its `rule_id`. */
export const elasticSettingsSchema = z
  .strictObject({
    kind: z.literal("elastic"),
    ...connectionShape,
    ...connectorShape,
    kibanaUrl: connectionShape.url,
    /** Kibana's space in which the rules are. */
    space: z
      .string()
      .regex(/^[a-z0-9_-]+$/, "expected a space's id: lower-case letters, digits, hyphens and underscores")
      .default("default"),
    auth: z.discriminatedUnion("type", [
      /** An API key, encoded as Elasticsearch gives it (`encoded`). */
      tokenSchema,
      basicSchema,
    ]),
    telemetry: indexTelemetrySchema,
  })
  .superRefine((settings, context) => {
    checkConnection(settings, context);
    checkConnection({ ...settings, url: settings.kibanaUrl }, context, "kibanaUrl");
  });
export type ElasticSettings = z.infer<typeof elasticSettingsSchema>;
