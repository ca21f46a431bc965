import { hostEventSchema } from "../model/event.js";
import type { HostEvent } from "../model/event.js";

/** The columns of the events table, in order, with their DuckDB types. Hot fields have their own; the rest is JSON, but a record. */
export const columns = [
  ["ordinal", "DOUBLE"],
  ["id", "VARCHAR"],
  ["host", "VARCHAR"],
  ["sensor", "VARCHAR"],
  ["kind", "VARCHAR"],
  ["time", "DOUBLE"],
  ["ingested_at", "DOUBLE"],
  ["sequence", "DOUBLE"],
  ["session", "VARCHAR"],
  ["pid", "DOUBLE"],
  ["ppid", "DOUBLE"],
  ["image", "VARCHAR"],
  ["command_line", "VARCHAR"],
  ["parent_image", "VARCHAR"],
  ["user_name", "VARCHAR"],
  ["error", "VARCHAR"],
  ["logsource", "VARCHAR"],
  ["argv", "VARCHAR"],
  ["fields", "VARCHAR"],
  ["record", "VARCHAR"],
  ["original", "VARCHAR"],
] as const;

export type Cell = string | number | null;

/** The columns that `eventOf` needs, for a SELECT. */
export const readColumns = [
  "id",
  "host",
  "sensor",
  "kind",
  "time",
  "ingested_at",
  "sequence",
  "session",
  "pid",
  "ppid",
  "error",
  "logsource",
  "argv",
  "fields",
  "original",
  "record",
];

/** The cells of an event, in the order of `columns`. */
export function rowOf(event: HostEvent, ordinal: number): Cell[] {
  const { fields } = event;
  const record = recordOf(event.original);
  return [
    ordinal,
    event.id,
    event.host,
    event.sensor,
    event.kind,
    event.time,
    event.ingestedAt,
    event.sequence,
    event.session,
    event.pid,
    event.ppid,
    textOf(fields["Image"]),
    textOf(fields["CommandLine"]),
    textOf(fields["ParentImage"]),
    textOf(fields["User"]),
    event.error,
    JSON.stringify(event.logsource),
    JSON.stringify(event.argv),
    JSON.stringify(fields),
    record,
    record === null ? JSON.stringify(event.original ?? null) : "null",
  ];
}

/** An event from the cells of `readColumns`. */
export function eventOf(cells: readonly unknown[]): HostEvent {
  const [id, host, sensor, kind, time, ingestedAt, sequence, session, pid, ppid, error, ...rest] = cells;
  const record = rest.pop() as string | null;
  const [logsource, argv, fields, original] = rest.map((text) => JSON.parse(String(text)) as unknown);
  return hostEventSchema.parse({
    id,
    host,
    sensor,
    kind,
    logsource,
    time,
    ingestedAt,
    sequence,
    session,
    pid,
    ppid,
    argv,
    error,
    fields,
    original: record === null ? original : { record },
  });
}

/** The sensor's record where nothing is kept beside it: it is stored as it is, which is half of the work of a row. */
function recordOf(original: unknown): string | null {
  if (typeof original !== "object" || original === null) return null;
  const { record } = original as { record?: unknown };
  if (typeof record !== "string" || Object.keys(original).length > 1) return null;
  return needsEscape.test(record) ? null : record;
}

/** What a text of the database cannot hold, or not as it is: NUL, and half a character of UTF-16. */
const needsEscape = /[\0\ud800-\udfff]/;

function textOf(value: HostEvent["fields"][string] | undefined): string | null {
  return value === undefined ? null : String(value);
}
