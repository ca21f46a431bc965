import { z } from "zod";
import { secretReferenceSchema } from "../../model/target.js";
import { connectorShape, formatSchema } from "../connector/settings.js";
import { checkConnection, connectionShape } from "../http/settings.js";

/** Google SecOps. `url` is the Chronicle API of the instance's region. A rule is bound by its id (`ru_...`). */
export const secOpsSettingsSchema = z
  .strictObject({
    kind: z.literal("google-secops"),
    ...connectionShape,
    ...connectorShape,
    /** As the instance's profile shows it. */
    instance: z
      .string()
      .regex(
        /^projects\/[\w:.-]+\/locations\/[\w-]+\/instances\/[\w-]+$/,
        "expected projects/PROJECT/locations/REGION/instances/ID",
      ),
    /** Where tokens come from. */
    loginUrl: connectionShape.url.default("https://oauth2.googleapis.com"),
    auth: z.strictObject({
      type: z.literal("service-account"),
      /** The account's key, the JSON file that Google Cloud gives. */
      key: secretReferenceSchema,
    }),
    telemetry: z.strictObject({
      logType: z.string().regex(/^[A-Z0-9_]+$/, "expected a log type such as AUDITD"),
      /** Of what Google's own parsers make of records nothing is known. */
      format: formatSchema.exclude(["ecs"]),
      /** The name among an event's `additional` fields under which the parser keeps the record as the sensor wrote it. */
      recordField: z
        .string()
        .regex(/^\w+$/, "expected a name of letters, digits and underscores")
        .default("record"),
    }),
  })
  .superRefine((settings, context) => {
    for (const key of ["url", "loginUrl"] as const)
      checkConnection({ ...settings, url: settings[key] }, context, key);
  });
export type SecOpsSettings = z.infer<typeof secOpsSettingsSchema>;
