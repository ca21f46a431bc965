import { z } from "zod";
import { secretReferenceSchema } from "../../model/target.js";
import { connectorShape, formatSchema } from "../connector/settings.js";
import { stampedShape } from "../connector/stamped.js";
import { checkConnection, connectionShape } from "../http/settings.js";

const attribute = z.string().regex(/^[\w.-]+$/, "expected the path of an attribute, without its @");

/** Datadog with Cloud SIEM. `url` is the API of the organisation's site. A rule is bound by its id. */
export const datadogSettingsSchema = z
  .strictObject({
    kind: z.literal("datadog"),
    ...connectionShape,
    ...connectorShape,
    url: connectionShape.url.default("https://api.datadoghq.com"),
    auth: z.strictObject({
      type: z.literal("keys"),
      apiKey: secretReferenceSchema,
      applicationKey: secretReferenceSchema,
    }),
    /** The attribute of signals that holds the `ID` of laurel's event, where the rule groups by it. */
    signalEvent: attribute.optional(),
    telemetry: z.strictObject({
      /** Narrows the logs to the sensor's: a query in Datadog's syntax, such as `source:laurel`. */
      query: z.string().min(1).optional(),
      indexes: z.array(z.string().min(1)).min(1).default(["*"]),
      /** Datadog has no documents of auditbeat's form. */
      format: formatSchema.exclude(["ecs"]),
      /** The attribute in which the collector says when it sent the record: Datadog does not tell when it got it. */
      ingestedAttribute: attribute.default("ingested_at"),
      ...stampedShape,
    }),
  })
  .superRefine((settings, context) => {
    checkConnection(settings, context);
    if (settings.onDemand !== undefined)
      context.addIssue({
        code: "custom",
        path: ["onDemand"],
        message: "Sigma rules are not converted to Datadog's language",
      });
  });
export type DatadogSettings = z.infer<typeof datadogSettingsSchema>;
