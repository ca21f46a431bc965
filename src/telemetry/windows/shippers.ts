import { EventDefect } from "./event-defect.js";
import { namedInserts } from "./inserts.js";
import { objectAt, textOf, type Json } from "./json.js";
import { dataFields } from "./exported.js";

/** Adds values under their new names, where there are any and the name is free. */
function move(values: Readonly<Record<string, unknown>>, into: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && into[name] === undefined) into[name] = value;
  }
}

/**
 * The form of winlogbeat and the Elastic agent (their reference: "Winlogbeat fields"). They leave out data that is empty,
 * and call data without a name `param1`, `param2`, ... by its place. A provider without a GUID is a classic event source,
 * whose data never have names: there they are Windows' unnamed Data again.
 */
export function winlogFields(document: Json, winlog: Json): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  dataFields(winlog["event_data"], fields);
  dataFields(winlog["user_data"], fields);
  if (winlog["provider_guid"] === undefined && winlog["provider_name"] !== undefined) unnameData(fields);
  const process = objectAt(winlog, "process");
  const named = {
    EventID: winlog["event_id"] ?? objectAt(document, "event")?.["code"],
    Channel: winlog["channel"],
    Computer: winlog["computer_name"],
    EventRecordID: winlog["record_id"],
  };
  for (const [name, value] of Object.entries(named)) if (value !== undefined) fields[name] = value;
  move(
    {
      Provider_Name: winlog["provider_name"],
      Provider_Guid: winlog["provider_guid"],
      Version: winlog["version"],
      TimeCreated_SystemTime: document["@timestamp"],
      Correlation_ActivityID: winlog["activity_id"],
      Execution_ProcessID: process?.["pid"],
      Execution_ThreadID: process === null ? undefined : objectAt(process, "thread")?.["id"],
      Security_UserID: objectAt(winlog, "user")?.["identifier"],
      Message: document["message"],
    },
    fields,
  );
  return fields;
}

const parameter = /^param([1-9]\d{0,2})$/;

function unnameData(fields: Record<string, unknown>): void {
  const names = Object.keys(fields)
    .filter((name) => parameter.test(name))
    .sort((one, other) => Number(one.slice(5)) - Number(other.slice(5)));
  if (names.length === 0 || Object.hasOwn(fields, "Data")) return;
  const values = names.map((name) => fields[name]);
  for (const name of names) delete fields[name];
  fields["Data"] = values.length === 1 ? values[0] : values;
}

/**
 * The form of Wazuh's event channel reader (alerts and archives, or what its agent sends): names begin in lower case, and
 * texts are escaped as in JSON once more, so that a path has two backslashes where Windows has one.
 */
export function wazuhFields(win: Json, system: Json): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(objectAt(win, "eventdata") ?? {})) {
    fields[capital(name)] = typeof value === "string" ? unescaped(value) : value;
  }
  const named = {
    EventID: system["eventID"],
    Channel: system["channel"],
    Computer: system["computer"],
    EventRecordID: system["eventRecordID"],
  };
  for (const [name, value] of Object.entries(named)) if (value !== undefined) fields[name] = value;
  const message = system["message"];
  move(
    {
      Provider_Name: system["providerName"],
      Provider_Guid: system["providerGuid"],
      Version: system["version"],
      Level: system["level"],
      Task: system["task"],
      Opcode: system["opcode"],
      Keywords: system["keywords"],
      TimeCreated_SystemTime: system["systemTime"],
      Execution_ProcessID: system["processID"],
      Execution_ThreadID: system["threadID"],
      Message: typeof message === "string" ? unescaped(message).replace(/^"([^]*)"$/, "$1") : message,
    },
    fields,
  );
  return fields;
}

function capital(name: string): string {
  return parameter.test(name) ? name : name.charAt(0).toUpperCase() + name.slice(1);
}

/** Escapes undone; the text as it is when something in it is no escape, and it was therefore not escaped. */
function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  try {
    // Quotes that were not escaped, and line ends, stand for themselves.
    const value: unknown = JSON.parse(
      `"${text.replaceAll(/\\[^]|["\n\r\t]/g, (found) => (found.length > 1 ? found : JSON.stringify(found).slice(1, -1)))}"`,
    );
    return typeof value === "string" ? value : text;
  } catch {
    return text;
  }
}

/** The flat form of NXLog (im_msvistalog with to_json): data beside the names that NXLog gives to System. */
function isNxlog(document: Json): boolean {
  return document["SourceName"] !== undefined && document["Provider_Name"] === undefined;
}

/** Fluent Bit's winevtlog: flat, with data as a list in the order of the provider's template. */
function isFluentBit(document: Json): boolean {
  return document["ProviderName"] !== undefined && Array.isArray(document["StringInserts"]);
}

/** Fields that stand beside one another, `Channel` and `EventID` among them: Sigma's names, NXLog's or Fluent Bit's. */
export function flatFields(document: Json): Json {
  if (isFluentBit(document)) return fluentBitFields(document);
  if (!isNxlog(document)) return document;
  const fields = { ...document };
  // Without an offset it is in the time of the host, whose zone the event does not tell.
  const time = textOf(document["EventTime"]);
  move(
    {
      Provider_Name: document["SourceName"],
      Computer: document["Hostname"],
      EventRecordID: document["RecordNumber"],
      Execution_ProcessID: document["ExecutionProcessID"] ?? document["ProcessID"],
      Execution_ThreadID: document["ExecutionThreadID"] ?? document["ThreadID"],
      TimeCreated_SystemTime: time !== null && /(?:Z|[+-]\d\d:?\d\d)$/.test(time) ? time : undefined,
    },
    fields,
  );
  return fields;
}

function fluentBitFields(document: Json): Json {
  const provider = textOf(document["ProviderName"]) ?? "";
  const inserts = document["StringInserts"] as readonly unknown[];
  const fields: Record<string, unknown> = {};
  if (textOf(document["ProviderGuid"]) === "") {
    // A classic event source, whose data have no names.
    if (inserts.length > 0) fields["Data"] = inserts.length === 1 ? inserts[0] : inserts;
  } else {
    const id = textOf(document["EventID"]) ?? "";
    const event = `${id}/${textOf(document["Version"]) ?? ""}`;
    const named = namedInserts(provider, event, textOf(document["Message"]) ?? "", inserts);
    if (named === null) {
      throw new EventDefect(
        "event-data-unnamed",
        `Fluent Bit sends no names with the data of event ${id} of ${provider}, and this event's are not known`,
        "ship this channel with winlogbeat, NXLog or Windows Event Forwarding",
      );
    }
    Object.assign(fields, named);
  }
  for (const name of [
    "EventID",
    "Channel",
    "Computer",
    "EventRecordID",
    "Version",
    "Level",
    "Task",
    "Opcode",
    "Keywords",
  ]) {
    if (document[name] !== undefined) fields[name] = document[name];
  }
  move(
    {
      Provider_Name: provider,
      Provider_Guid: document["ProviderGuid"],
      TimeCreated_SystemTime: document["TimeCreated"],
      Execution_ProcessID: document["ProcessID"],
      Execution_ThreadID: document["ThreadID"],
      Correlation_ActivityID: document["ActivityID"],
      Message: document["Message"],
    },
    fields,
  );
  return fields;
}
