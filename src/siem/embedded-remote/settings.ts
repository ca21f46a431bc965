import { z } from "zod";
import { secretReferenceSchema } from "../../model/target.js";

/** A SIEM of `siems:` in the configuration that `tyrian siem serve` serves. */
export const remoteSiemSettingsSchema = z.strictObject({
  kind: z.literal("tyrian"),
  url: z
    .url({ protocol: /^https?$/ })
    .refine(
      (url) => new URL(url).protocol === "https:" || isLoopback(new URL(url).hostname),
      "the token goes to other machines over https only",
    ),
  token: secretReferenceSchema,
  /** A file of certificates in PEM that the server's is checked against; absent: the system's. */
  ca: z.string().min(1).optional(),
  /** Seconds that records need at most from a host into the SIEM: what has not come by then is taken for lost. */
  longestLagSeconds: z.number().positive().max(86_400).default(60),
});
export type RemoteSiemSettings = z.infer<typeof remoteSiemSettingsSchema>;

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host);
}
