import type { RuleEvent } from "../../rule.js";
import type { SplEvent } from "../events/spl-event.js";

/** Fields in which events say when they happened, the most exact first. */
const timeFields = ["_time", "UtcTime", "TimeCreated", "@timestamp", "EventTime", "timestamp"];

function timeOf(value: unknown): number | null {
  if (typeof value === "number" && Number.isFinite(value)) {
    // Seconds until the year 5138; larger numbers are milliseconds.
    return value < 1e11 ? value * 1000 : value;
  }
  if (typeof value !== "string") return null;
  const date = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})?$/.exec(
    value.trim(),
  );
  if (date === null) return null;
  const [, day = "", clock = "", fraction = "", zone = "Z"] = date;
  // Without a zone it is UTC, as Sysmon writes it.
  const time = Date.parse(`${day}T${clock}${fraction.slice(0, 4)}${zone}`);
  return Number.isNaN(time) ? null : time;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/**
 * An event of a rule as a query sees it: its own time, else that of the field that holds one, `_raw`, index, sourcetype, source and host
 * from fields of these names, and otherwise from its log source.
 */
export function eventOfRule({ id, fields, logsource, time: own }: RuleEvent): SplEvent {
  const told = timeFields.map((name) => timeOf(fields[name])).find((each) => each !== null) ?? null;
  const time = own ?? told;
  return {
    id,
    time,
    fields,
    logsource,
    raw: textOf(fields["_raw"]),
    index: textOf(fields["index"]),
    sourcetype: textOf(fields["sourcetype"]),
    source: textOf(fields["source"]),
    host: textOf(fields["host"]),
  };
}
