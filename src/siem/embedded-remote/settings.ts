import { z } from "zod";
import { tokenSchema } from "../http/credentials.js";
import { checkConnection, connectionShape } from "../http/settings.js";

/** An embedded SIEM that `tyrian siem serve` serves on another machine. */
export const remoteSiemSettingsSchema = z
  .strictObject({
    kind: z.literal("tyrian"),
    ...connectionShape,
    /** One of the tokens of the served SIEM's `api`. */
    auth: tokenSchema,
    /** What takes longer from the host into the SIEM is taken for lost: rather too long than too short. */
    delivery: z
      .strictObject({ longestLagSeconds: z.number().min(0).max(86_400).default(60) })
      .default({ longestLagSeconds: 60 }),
  })
  .superRefine(checkConnection);
export type RemoteSiemSettings = z.infer<typeof remoteSiemSettingsSchema>;
