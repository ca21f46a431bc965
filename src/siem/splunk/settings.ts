import { z } from "zod";
import { connectorShape, formatSchema } from "../connector/settings.js";
import { tokenSchema } from "../http/credentials.js";
import { checkConnection, connectionShape } from "../http/settings.js";
import { secretReferenceSchema } from "../../model/target.js";

/** Splunk's management port. A rule is bound by the name of its saved search. */
export const splunkSettingsSchema = z
  .strictObject({
    kind: z.literal("splunk"),
    ...connectionShape,
    ...connectorShape,
    auth: z.discriminatedUnion("type", [
      /** An authentication token (Settings, Tokens). */
      tokenSchema,
      /** A session is opened with the password, and opened again when it has ended. */
      z.strictObject({ type: z.literal("login"), user: z.string().min(1), password: secretReferenceSchema }),
    ]),
    /** Where alerts are: triggered alerts of saved searches, or notables and risk events of Enterprise Security. */
    alerts: z.enum(["triggered", "enterprise-security"]).default("triggered"),
    telemetry: z.strictObject({
      index: z.string().regex(/^[\w*-]+$/, "expected the name or pattern of one index"),
      sourcetype: z
        .string()
        .regex(/^[\w:.*-]+$/, "expected the name or pattern of a source type")
        .optional(),
      /** In `_raw`. Splunk has no documents of auditbeat's form. */
      format: formatSchema.exclude(["ecs"]),
    }),
  })
  .superRefine(checkConnection);
export type SplunkSettings = z.infer<typeof splunkSettingsSchema>;
