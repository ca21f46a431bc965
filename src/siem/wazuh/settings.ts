import { z } from "zod";
import { connectorShape } from "../connector/settings.js";
import { basicSchema } from "../http/credentials.js";
import { checkConnection, connectionShape } from "../http/settings.js";

const indexSchema = z
  .string()
  .regex(/^[^\s/?#]+$/, "expected names or patterns of indexes, with commas between them");

/** Wazuh 4. `url` is the indexer, `managerUrl` the manager's API. A rule is bound by its id. */
export const wazuhSettingsSchema = z
  .strictObject({
    kind: z.literal("wazuh"),
    ...connectionShape,
    ...connectorShape,
    managerUrl: connectionShape.url,
    /** Of the indexer. */
    auth: basicSchema,
    /** Of the manager's API. */
    managerAuth: basicSchema,
    alertsIndex: indexSchema.default("wazuh-alerts-*"),
    telemetry: z.strictObject({
      /** All events, whether a rule matched them or not (`logall_json`). */
      index: indexSchema.default("wazuh-archives-*"),
      /** Decoded as JSON, in `full_log`. */
      format: z.literal("laurel"),
      hostField: z.string().min(1).default("agent.name"),
    }),
  })
  .superRefine((settings, context) => {
    checkConnection(settings, context);
    checkConnection({ ...settings, url: settings.managerUrl }, context, "managerUrl");
    for (const [analytic, id] of Object.entries(settings.rules))
      if (!/^\d{1,9}$/.test(id))
        context.addIssue({
          code: "custom",
          path: ["rules", analytic],
          message: "expected the id of a rule of Wazuh, a number such as 100100",
        });
  });
export type WazuhSettings = z.infer<typeof wazuhSettingsSchema>;
