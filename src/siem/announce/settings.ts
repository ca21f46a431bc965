import { z } from "zod";
import { secretReferenceSchema } from "../../model/target.js";
import { checkConnection, connectionShape } from "../http/settings.js";

const name = z.string().regex(/^[a-z0-9][a-z0-9-]*$/i, "expected a name of letters, digits and hyphens");

const webhookSchema = z
  .strictObject({
    kind: z.literal("webhook"),
    name,
    ...connectionShape,
    /** The key of the signature: any text, or base64 behind `whsec_`. */
    secret: secretReferenceSchema,
  })
  .superRefine((settings, context) => checkConnection(settings, context));
export type WebhookSettings = z.infer<typeof webhookSchema>;

const siemPlaceSchema = z.strictObject({
  kind: z.literal("siem"),
  /** One of `siems:`. */
  siem: name,
  /** The index in which the SIEM keeps it; of Elasticsearch and OpenSearch, a data stream too. */
  index: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]*$/, "expected lower-case letters, digits, hyphens and underscores")
    .default("tyrian"),
});

/** Where runs are announced (`announce:` of the configuration). */
export const announceSettingsSchema = z
  .strictObject({
    /** `required`: a run that could not be announced everywhere does not begin. `wanted`: it begins, with a warning. */
    need: z.enum(["required", "wanted"]).default("required"),
    /** Whom the SOC can ask, in words. */
    contact: z.string().min(1),
    places: z.array(z.discriminatedUnion("kind", [webhookSchema, siemPlaceSchema])).min(1),
  })
  .superRefine(({ places }, context) => {
    const names = places.map(nameOfPlace);
    names.forEach((each, index) => {
      if (names.indexOf(each) !== index)
        context.addIssue({
          code: "custom",
          path: ["places", index],
          message: `there is a place ${each} already`,
        });
    });
  });
export type AnnounceSettings = z.infer<typeof announceSettingsSchema>;
export type PlaceSettings = AnnounceSettings["places"][number];

export function nameOfPlace(place: PlaceSettings): string {
  return place.kind === "webhook" ? place.name : place.siem;
}
