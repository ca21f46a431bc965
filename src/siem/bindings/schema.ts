import { z } from "zod";
import { acceptanceSchema } from "../../model/accepted-miss.js";

/** A SIEM of the configuration, or `NAME@ENVIRONMENT`: one of the environments that it watches. */
const place = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*(?:@[a-z0-9][a-z0-9-]*)?$/i, "expected a SIEM's name, or NAME@ENVIRONMENT");

const bindingSchema = z.strictObject({
  /** The id of a Sigma rule, or `FILE` or `FILE#RULE` relative to this file. */
  analytic: z.string().min(1),
  /** The SIEM's own rule by place. `NAME` is for every environment that has no line of its own. */
  rules: z.record(place, z.string().min(1)).default({}),
  /** Known gaps: a miss is no failure until they expire. */
  acceptedMisses: z
    .array(
      acceptanceSchema.extend({
        /** Where it is accepted; everywhere when absent. */
        at: place.optional(),
        /** Ids of the procedures that may be missed; all when absent. */
        procedures: z.array(z.string().min(1)).min(1).optional(),
      }),
    )
    .default([]),
});

/** A bindings file, as a person writes it. */
export const bindingsSchema = z.strictObject({ bindings: z.array(bindingSchema) });

/** One entry of it; `analytic` is the id by then. */
export type Binding = z.infer<typeof bindingSchema>;

/** The JSON Schema of a bindings file. */
export function bindingsJsonSchema(): Record<string, unknown> {
  return {
    title: "Tyrian bindings",
    description: "Which rule of which SIEM an analytic stands for, and which misses are accepted until when.",
    ...z.toJSONSchema(bindingsSchema, { io: "input" }),
  };
}
