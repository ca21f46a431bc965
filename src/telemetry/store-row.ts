import { hostEventSchema } from "../model/event.js";
import type { HostEvent } from "../model/event.js";

/** The columns of the events table, in order, with their DuckDB types. Hot fields have their own; the rest is JSON. */
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
];

/** The cells of an event, in the order of `columns`. */
export function rowOf(event: HostEvent, ordinal: number): Cell[] {
  const { fields } = event;
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
    JSON.stringify(event.original ?? null),
  ];
}

/** An event from the cells of `readColumns`. */
export function eventOf(cells: readonly unknown[]): HostEvent {
  const [id, host, sensor, kind, time, ingestedAt, sequence, session, pid, ppid, error, ...texts] = cells;
  const [logsource, argv, fields, original] = texts.map((text) => JSON.parse(String(text)) as unknown);
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
    original,
  });
}

function textOf(value: string | number | undefined): string | null {
  return value === undefined ? null : String(value);
}
