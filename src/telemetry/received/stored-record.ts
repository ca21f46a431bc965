import { z } from "zod";
import type { ReceivedRecord } from "../receivers/receiver.js";
import type { Place } from "../receivers/spool.js";

/** A record that is on disk. */
export interface StoredRecord extends Pick<ReceivedRecord, "host" | "channel" | "time" | "content"> {
  readonly about?: ReceivedRecord["about"] | undefined;
  readonly name?: string | undefined;
  /** When it was taken, milliseconds since 1970, our clock. */
  readonly receivedAt: number;
  readonly place: Place;
}

const lineSchema = z.object({
  receivedAt: z.number(),
  host: z.string(),
  channel: z.string(),
  time: z.number().nullable(),
  name: z.string().optional(),
  about: z.record(z.string(), z.unknown()).optional(),
  content: z.union([z.string(), z.record(z.string(), z.unknown())]),
});

/** A record as a line of the spool. */
export function lineOf(record: ReceivedRecord, receivedAt: number): string {
  const { host, channel, time, name, about, content, json } = record;
  const head = JSON.stringify({ receivedAt, host, channel, time, name, about });
  return `${head.slice(0, -1)},"content":${json ?? JSON.stringify(content)}}`;
}

/** The record of a line; null for a line that is none (a damaged disk). */
export function recordOfLine(line: string, place: Place): StoredRecord | null {
  try {
    const { name, about, ...rest } = lineSchema.parse(JSON.parse(line));
    return {
      ...rest,
      place,
      ...(name === undefined ? {} : { name }),
      ...(about === undefined ? {} : { about }),
    };
  } catch {
    return null;
  }
}
