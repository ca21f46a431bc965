import type { HostEvent } from "../../model/event.js";
import { channelsOf, serviceOf } from "./channels.js";
import type { WindowsEvent, WindowsValues } from "./windows-event.js";
import type { WindowsLogsource } from "./windows-fields.js";

/** The sensors of Windows that tell which processes were created: Sysmon's event 1 and event 4688 of the Security log. */
export type ProcessSensor = "sysmon" | "security";

/** Logon sessions of Windows itself (MS-LSAD, "LUID"; winnt.h): SYSTEM, LOCAL SERVICE, NETWORK SERVICE. Everybody's services share them. */
const SHARED_LOGONS = new Set([0x3e7, 0x3e5, 0x3e4]);

/** What a process does besides starting others, and what rules call it: the events that verdicts read. Each tells one process, which did it. */
const ACTIVITIES: Readonly<Record<string, Readonly<Record<number, string | undefined>>>> = {
  sysmon: { 3: "network_connection", 7: "image_load", 11: "file_event", 22: "dns_query" },
  powershell: { 4103: "ps_module", 4104: "ps_script" },
  "powershell-classic": { 400: "ps_classic_start", 403: undefined },
};

/** What tells their kind, and nothing of what happened, as rules read it. */
export const ACTIVITY_KINDS: readonly Pick<HostEvent, "logsource" | "fields">[] = Object.entries(
  ACTIVITIES,
).flatMap(([service, ids]) =>
  Object.entries(ids).flatMap(([EventID, category]) =>
    channelsOf(service).map((Channel) => ({
      logsource: logsourceOf(service, category),
      fields: { EventID, Channel },
    })),
  ),
);

/** What an event is to the verifier: a created process by the sensor that tells of them, an activity, or null for neither. */
export function kindOf(
  { channel, eventId }: WindowsEvent,
  sensor: ProcessSensor,
): "exec" | "activity" | null {
  const service = serviceOf(channel);
  if (service === sensor && eventId === (sensor === "sysmon" ? 1 : 4688)) return "exec";
  return eventId in (ACTIVITIES[service ?? ""] ?? {}) ? "activity" : null;
}

/**
 * What a process did, as the verifier takes it: of its own channel's number and without a session. `pid` is null where the event does
 * not tell the process. Null as with {@link createdProcess}.
 */
export function activityOf(event: WindowsEvent, now: number): HostEvent | null {
  const service = serviceOf(event.channel) ?? "";
  // Each of PowerShell's logs counts its own records.
  const isCore = event.channel.toLowerCase().startsWith("powershellcore/");
  return hostEventOf(event, now, {
    sensor: isCore ? "powershell-core" : (service as HostEvent["sensor"]),
    kind: "activity",
    logsource: logsourceOf(service, ACTIVITIES[service]?.[event.eventId]),
    ...{ session: null, ppid: null, fields: fieldsOf(event.fields) },
  });
}

function logsourceOf(service: string, category: string | undefined): WindowsLogsource {
  return { product: "windows", service, ...(category === undefined ? {} : { category }) };
}

/**
 * A created process as the verifier takes it. What the event does not tell is null or absent:
 *
 * - `session` is the logon id of the new process's token. Null where the event has none (4688 before its version 2 knows only the
 *   creator's), and for the logons that all services of Windows share.
 * - `ppid` is null where the creator is not told; `argv` is empty: a process of Windows has one command line.
 * - `sequence` is the record's number in its channel, which only grows until the channel is cleared.
 * - 4688 calls the creator `ProcessId`, rules for `process_creation` the new process: with both log sources on one event the field is absent.
 *
 * @returns null for an event without a record number or a time: nothing tells where it belongs
 */
export function createdProcess(event: WindowsEvent, sensor: ProcessSensor, now: number): HostEvent | null {
  const values = event.asProcess ?? event.fields;
  const fields = fieldsOf(values);
  if (sensor === "security") delete fields["ProcessId"];
  return hostEventOf(event, now, {
    ...{ sensor, kind: "exec" },
    logsource: logsourceOf(sensor, "process_creation"),
    ...{ session: sessionOf(values), ppid: event.parent?.pid ?? null, fields },
  });
}

function hostEventOf(
  { host, sequence, time, process, fields: original }: WindowsEvent,
  now: number,
  own: Pick<HostEvent, "sensor" | "kind" | "logsource" | "session" | "ppid" | "fields">,
): HostEvent | null {
  if (sequence === null || time === null) return null;
  return {
    ...{ id: `${host}/${own.sensor}/${time}:${sequence}`, host, ...own },
    ...{ time, ingestedAt: now, sequence, pid: process?.pid ?? null, argv: [], error: null, original },
  };
}

function sessionOf({ LogonId: logon }: WindowsValues): string | null {
  const text = typeof logon === "string" ? logon.trim() : "";
  if (!/^(?:0x[0-9a-f]{1,16}|[1-9]\d{0,18})$/i.test(text)) return null;
  const id = BigInt(text);
  return id === 0n || SHARED_LOGONS.has(Number(id)) ? null : `0x${id.toString(16)}`;
}

function fieldsOf(values: WindowsValues): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(values))
    fields[name] = typeof value === "string" ? value : [...value];
  return fields;
}
