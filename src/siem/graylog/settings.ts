import { z } from "zod";
import { connectorShape, formatSchema } from "../connector/settings.js";
import { stampedShape } from "../connector/stamped.js";
import { basicSchema, tokenSchema } from "../http/credentials.js";
import { checkConnection, connectionShape } from "../http/settings.js";

const fieldSchema = z.string().regex(/^[\w.@-]+$/, "expected a field's name");

/** Graylog, by its HTTP API. A rule is bound by the id of its event definition. */
export const graylogSettingsSchema = z
  .strictObject({
    kind: z.literal("graylog"),
    ...connectionShape,
    ...connectorShape,
    auth: z.discriminatedUnion("type", [
      /** An access token of a user. */
      tokenSchema,
      basicSchema,
    ]),
    /** The field of an event that names the host, where no message is named by it. */
    eventHostField: fieldSchema.default("source"),
    telemetry: z.strictObject({
      /** Ids of the streams of the sensor; all that the account may read when absent. */
      streams: z.array(z.string().min(1)).default([]),
      /** Narrows them to the sensor's messages. */
      query: z.string().min(1).optional(),
      /** Graylog has no documents of auditbeat's form. */
      format: formatSchema.exclude(["ecs"]),
      hostField: fieldSchema.default("source"),
      /** The record as the sensor wrote it. */
      textField: fieldSchema.default("message"),
      ...stampedShape,
      /** Seconds from a message's processing until it can be searched at most: the output's batch, and the index's refresh. */
      storedWithinSeconds: stampedShape.storedWithinSeconds.default(10),
    }),
  })
  .superRefine(checkConnection);
export type GraylogSettings = z.infer<typeof graylogSettingsSchema>;
