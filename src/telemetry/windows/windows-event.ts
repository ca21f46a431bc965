import { serviceOf } from "./channels.js";
import { EventDefect } from "./event-defect.js";
import { integerOf, textOf, type Json } from "./json.js";
import { windowsTime } from "./time.js";
import type { WindowsFields, WindowsLogsource } from "./windows-fields.js";

/** Which process it was. Process ids are used again: without a GUID the time tells which process had the id. */
export interface ProcessIdentity {
  /** Sysmon's GUID in upper case without braces, unique on its host; null when the event has none. */
  readonly guid: string | null;
  readonly pid: number | null;
  /** A time at which the process had its id, milliseconds since 1970. */
  readonly at: number | null;
}

/** Values of fields: texts whatever the shipper makes of numbers, and lists of texts for what has several values. */
export type WindowsValues = Readonly<Record<string, string | readonly string[]>>;

/** An event of Windows, the same whichever shipper sent it. */
export interface WindowsEvent {
  /** As Windows names the computer that logged it. */
  readonly host: string;
  readonly channel: string;
  readonly provider: string | null;
  readonly eventId: number;
  /** When it was logged, milliseconds since 1970 with the fraction that the source has; null when the source does not tell. */
  readonly time: number | null;
  /** The record's own number (EventRecordID): grows by one within a channel of a host, until that is cleared. */
  readonly sequence: number | null;
  /** The process that the event is about; null when it is about none. */
  readonly process: ProcessIdentity | null;
  readonly parent: ProcessIdentity | null;
  readonly logsources: readonly WindowsLogsource[];
  readonly fields: WindowsValues;
  /** The fields for rules about processes, where they are others (Security 4688). */
  readonly asProcess: WindowsValues | null;
}

/** The event that fields make. @throws EventDefect when they do not say which event of which computer it is */
export function windowsEvent({ fields, asProcess, logsources }: WindowsFields): WindowsEvent {
  const eventId = integerOf(fields["EventID"]);
  const channel = textOf(fields["Channel"]);
  const host = textOf(fields["Computer"]);
  if (eventId === null || channel === null || host === null || host === "") {
    throw new EventDefect(
      "event-not-windows",
      "the event has no number as EventID, no Channel or no Computer",
      "every event of Windows has them in its section System",
    );
  }
  const time = windowsTime(fields);
  return {
    ...{ host, channel, eventId, time, logsources },
    provider: textOf(fields["Provider_Name"]),
    sequence: integerOf(fields["EventRecordID"]),
    process: processOf(channel, fields, asProcess, time),
    parent: parentOf(fields, asProcess, time),
    fields: valuesOf(fields),
    asProcess: asProcess === undefined ? null : valuesOf(asProcess),
  };
}

function processOf(
  channel: string,
  fields: Json,
  asProcess: Json | undefined,
  at: number | null,
): ProcessIdentity | null {
  if (asProcess !== undefined) return identity(undefined, asProcess["ProcessId"], at);
  switch (serviceOf(channel)) {
    case "sysmon":
      // Events about two processes (8 and 10) are about what the first did.
      return (
        identity(fields["ProcessGuid"], fields["ProcessId"], at) ??
        identity(fields["SourceProcessGuid"] ?? fields["SourceProcessGUID"], fields["SourceProcessId"], at)
      );
    case "powershell":
    case "powershell-classic":
      // These are logged by the process itself. The classic log names no process before Windows 11.
      return identity(undefined, fields["Execution_ProcessID"], at);
    default:
      return null;
  }
}

function parentOf(fields: Json, asProcess: Json | undefined, at: number | null): ProcessIdentity | null {
  const named = asProcess ?? fields;
  return identity(named["ParentProcessGuid"], named["ParentProcessId"], at);
}

function identity(guid: unknown, pid: unknown, at: number | null): ProcessIdentity | null {
  const letters = (textOf(guid) ?? "").replace(/^\{(.*)\}$/, "$1").toUpperCase();
  const known = /^[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}$/.test(letters) && !/^[0-]+$/.test(letters);
  const number = integerOf(pid);
  // Process 0 is how the classic log says that it does not know.
  if (!known && (number === null || number === 0)) return null;
  return { guid: known ? letters : null, pid: number, at };
}

/** Texts of values; absent means unknown. Objects, which only flat documents have beside an event's own data, are left out. */
function valuesOf(fields: Json): WindowsValues {
  const values: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(fields)) {
    const text = textOf(value);
    if (text !== null) values[name] = text;
    else if (Array.isArray(value)) values[name] = value.flatMap((each) => textOf(each) ?? []);
  }
  return values;
}
