import type { HostEvent } from "../../model/event.js";
import { serviceOf } from "./channels.js";
import type { WindowsEvent, WindowsValues } from "./windows-event.js";

/** The sensors of Windows that tell which processes were created: Sysmon's event 1 and event 4688 of the Security log. */
export type ProcessSensor = "sysmon" | "security";

/** Logon sessions of Windows itself (MS-LSAD, "LUID"; winnt.h): SYSTEM, LOCAL SERVICE, NETWORK SERVICE. Everybody's services share them. */
const SHARED_LOGONS = new Set([0x3e7, 0x3e5, 0x3e4]);

/** Whether an event is a sensor's report of a created process. */
export function isProcessCreation({ channel, eventId }: WindowsEvent, sensor: ProcessSensor): boolean {
  return serviceOf(channel) === sensor && eventId === (sensor === "sysmon" ? 1 : 4688);
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
export function hostEventOf(event: WindowsEvent, sensor: ProcessSensor, now: number): HostEvent | null {
  const { host, sequence, time } = event;
  if (sequence === null || time === null) return null;
  const values = event.asProcess ?? event.fields;
  return {
    ...{ id: `${host}/${sensor}/${time}:${sequence}`, host, sensor, kind: "exec" },
    logsource: { product: "windows", category: "process_creation", service: sensor },
    ...{ time, ingestedAt: now, sequence },
    session: sessionOf(values),
    pid: event.process?.pid ?? null,
    ppid: event.parent?.pid ?? null,
    ...{ argv: [], error: null, fields: fieldsOf(values, sensor), original: event.fields },
  };
}

function sessionOf({ LogonId: logon }: WindowsValues): string | null {
  const text = typeof logon === "string" ? logon.trim() : "";
  if (!/^(?:0x[0-9a-f]{1,16}|[1-9]\d{0,18})$/i.test(text)) return null;
  const id = BigInt(text);
  return id === 0n || SHARED_LOGONS.has(Number(id)) ? null : `0x${id.toString(16)}`;
}

function fieldsOf(values: WindowsValues, sensor: ProcessSensor): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) if (typeof value === "string") fields[name] = value;
  if (sensor === "security") delete fields["ProcessId"];
  return fields;
}
