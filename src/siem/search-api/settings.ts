import { z } from "zod";
import { formatSchema } from "../connector/settings.js";

/** Where Elasticsearch, or what descends from it, holds the sensor's records, and under which names. */
export const indexTelemetrySchema = z.strictObject({
  /** Indexes, data streams or patterns, with commas between them. */
  index: z.string().regex(/^[^\s/?#]+$/, "expected names or patterns of indexes, with commas between them"),
  format: formatSchema,
  /** The event's own time. */
  timeField: z.string().min(1).default("@timestamp"),
  hostField: z.string().min(1).default("host.name"),
  /** When it was stored; an ingest pipeline sets it from `_ingest.timestamp`. */
  ingestedField: z.string().min(1).default("event.ingested"),
  /** The record as the sensor wrote it, searchable by its words. */
  textField: z.string().min(1).default("message"),
  /** Narrows the indexes to the sensor's records: a query in Lucene's syntax. */
  filter: z.string().min(1).optional(),
});
export type IndexTelemetry = z.infer<typeof indexTelemetrySchema>;
