import { z } from "zod";
import { kqlName } from "../../detection/convert/kql/name.js";
import { secretReferenceSchema } from "../../model/target.js";
import { connectorShape, formatSchema } from "../connector/settings.js";
import { checkConnection, connectionShape } from "../http/settings.js";

const guid = z.guid().transform((text) => text.toLowerCase());
const column = z.string().refine((name) => kqlName(name) !== null, "expected the name of a column or table");

/**
 * Microsoft Sentinel. `url` is the query API of Log Analytics; rules are asked about at Azure Resource Manager. A rule is bound by its
 * id, the GUID that is its resource's name.
 */
export const sentinelSettingsSchema = z
  .strictObject({
    kind: z.literal("sentinel"),
    ...connectionShape,
    ...connectorShape,
    /** Of the national clouds: `api.loganalytics.us`, `api.loganalytics.azure.cn`. */
    url: connectionShape.url.default("https://api.loganalytics.azure.com"),
    /** Azure Resource Manager. */
    managementUrl: connectionShape.url.default("https://management.azure.com"),
    /** Where tokens come from: Microsoft Entra. */
    loginUrl: connectionShape.url.default("https://login.microsoftonline.com"),
    workspace: z.strictObject({
      /** The workspace's own id, a GUID. */
      id: guid,
      subscription: guid,
      resourceGroup: z.string().regex(/^[\w().-]{1,90}$/, "expected the name of a resource group"),
      name: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/, "expected the name of a workspace"),
    }),
    /** An app registration with a client secret. */
    auth: z.strictObject({
      type: z.literal("client-credentials"),
      tenant: z.string().regex(/^[\w.-]+$/, "expected a tenant's id or domain"),
      client: guid,
      secret: secretReferenceSchema,
    }),
    telemetry: z.strictObject({
      table: column,
      /** Of the columns that Sentinel makes of auditbeat's documents nothing is known. */
      format: formatSchema.exclude(["ecs"]),
      hostField: column.default("Computer"),
      /** The record as the sensor wrote it. */
      textField: column.default("RawData"),
    }),
  })
  .superRefine((settings, context) => {
    for (const key of ["url", "managementUrl", "loginUrl"] as const)
      checkConnection({ ...settings, url: settings[key] }, context, key);
  });
export type SentinelSettings = z.infer<typeof sentinelSettingsSchema>;
