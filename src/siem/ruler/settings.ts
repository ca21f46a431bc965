import { z } from "zod";
import { proxyAuthSchema } from "../http/credentials.js";
import { checkConnection, connectionShape, type ConnectionSettings } from "../http/settings.js";

/** A name of a label of Prometheus. */
export const labelSchema = z.string().regex(/^[A-Za-z_]\w*$/, "expected a label's name");

/** How the alerts of a ruler are found; the same for Loki's and for vmalert. */
export const historyShape = {
  /** What has Prometheus' API (Prometheus, Mimir, VictoriaMetrics) and the series ALERTS, which the ruler writes there. */
  historyUrl: connectionShape.url,
  /** Where it differs from `auth`. */
  historyAuth: proxyAuthSchema.optional(),
  alertLabels: z
    .strictObject({
      /** The label of alerts that names the host. */
      host: labelSchema.default("host"),
      /** The label of alerts that holds the `ID` of laurel's event, where the rule keeps events apart by it. */
      event: labelSchema.optional(),
    })
    .default({ host: "host" }),
};
export type HistorySettings = z.infer<z.ZodObject<typeof historyShape>>;

/** @param urls further addresses, by their keys */
export function checkConnections(
  settings: ConnectionSettings & HistorySettings,
  context: z.RefinementCtx,
  urls: Readonly<Record<string, string>> = {},
): void {
  checkConnection(settings, context);
  for (const [key, url] of Object.entries({ ...urls, historyUrl: settings.historyUrl }))
    checkConnection({ ...settings, url }, context, key);
}
