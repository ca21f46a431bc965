import { z } from "zod";
import { connectorShape } from "../connector/settings.js";
import { basicSchema, tokenSchema } from "../http/credentials.js";
import { checkConnection, connectionShape } from "../http/settings.js";
import { indexTelemetrySchema } from "../search-api/settings.js";

/** OpenSearch with Security Analytics. A rule is bound by its id there: that of the custom or pre-packaged rule of a detector. */
export const openSearchSettingsSchema = z
  .strictObject({
    kind: z.literal("opensearch"),
    ...connectionShape,
    ...connectorShape,
    auth: z.discriminatedUnion("type", [
      basicSchema,
      /** A JSON Web Token, for the domain of that type in the security plugin. */
      tokenSchema,
    ]),
    telemetry: indexTelemetrySchema,
  })
  .superRefine(checkConnection);
export type OpenSearchSettings = z.infer<typeof openSearchSettingsSchema>;
