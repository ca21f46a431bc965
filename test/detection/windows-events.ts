import type { RuleEvent } from "../../src/detection/rule.js";

type Json = Record<string, unknown>;

const sysmonCategories: Readonly<Record<string, string>> = {
  "1": "process_creation",
  "2": "file_change",
  "3": "network_connection",
  "5": "process_termination",
  "6": "driver_load",
  "7": "image_load",
  "8": "create_remote_thread",
  "9": "raw_access_thread",
  "10": "process_access",
  "11": "file_event",
  "12": "registry_event",
  "13": "registry_event",
  "14": "registry_event",
  "15": "create_stream_hash",
  "17": "pipe_created",
  "18": "pipe_created",
  "22": "dns_query",
  "23": "file_delete",
};

const services: Readonly<Record<string, string>> = {
  "Microsoft-Windows-Sysmon/Operational": "sysmon",
  "Microsoft-Windows-WMI-Activity/Operational": "wmi",
  Security: "security",
  System: "system",
};

function asJson(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** The category of a registry event depends on what was done to the key, as in SigmaHQ's Sysmon pipeline. */
function registryCategory(eventId: string, eventType: unknown): string {
  if (eventId === "13") return "registry_set";
  if (eventId === "14") return "registry_rename";
  return eventType === "CreateKey" ? "registry_add" : "registry_delete";
}

/** One Windows event as JSON of evtx_dump (`Event.System`, `Event.EventData` or `Event.UserData`) as rules read it. */
export function windowsEvent(document: unknown, id: string): RuleEvent {
  const event = asJson(asJson(document)["Event"] ?? document);
  const system = asJson(event["System"]);
  const userData = Object.values(asJson(event["UserData"]))
    .map(asJson)
    .find((value) => value["#attributes"] !== undefined);
  // Specification, "Field Usage": names lose their spaces.
  const data = Object.fromEntries(
    Object.entries({ ...asJson(event["EventData"]), ...userData }).map(([name, value]) => [
      name.replaceAll(" ", ""),
      value,
    ]),
  );
  const channel = String(system["Channel"]);
  const eventId = String(system["EventID"]);
  const fields: Json = {
    ...data,
    EventID: system["EventID"],
    Channel: channel,
    Computer: system["Computer"],
  };
  const service = services[channel];
  let category = service === "sysmon" ? sysmonCategories[eventId] : undefined;
  if (category === "registry_event") category = registryCategory(eventId, data["EventType"]);
  return { id, logsource: { product: "windows", category, service }, fields };
}

/** The JSON documents of a text: one, an array of them, or one after the other. */
export function jsonDocuments(text: string): unknown[] {
  const documents: unknown[] = [];
  let depth = 0;
  let start = -1;
  let inText = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (inText) {
      if (character === "\\") index++;
      else if (character === '"') inText = false;
    } else if (character === '"') inText = true;
    else if (character === "{" || character === "[") {
      if (depth === 0) start = index;
      depth++;
    } else if (character === "}" || character === "]") {
      depth--;
      if (depth === 0) documents.push(JSON.parse(text.slice(start, index + 1)));
    }
  }
  return documents.flat();
}
