import { categoriesOf, serviceOf } from "./windows-channels.js";
import type { Logsource, ReadEvent } from "./event-shape.js";

type Json = Readonly<Record<string, unknown>>;

export function asObject(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

/** Text of an element that may have attributes, empty when it has nothing else; the value itself when it has none. */
function contentOf(value: unknown): unknown {
  const element = asObject(value);
  if (element === null) return value;
  if (Object.hasOwn(element, "#text")) return element["#text"];
  return Object.hasOwn(element, "#attributes") && Object.keys(element).length === 1 ? "" : value;
}

function attributesOf(value: unknown): Json {
  return asObject(asObject(value)?.["#attributes"]) ?? {};
}

/** The section System: elements by name, attributes joined to the name by `_` (specification, "Field names"). */
function systemFields(system: Json): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(system)) {
    if (name === "#attributes" || name === "xmlns") continue;
    for (const [attribute, inner] of Object.entries(attributesOf(value)))
      fields[`${name}_${attribute}`] = inner;
    const element = asObject(value);
    const onlyAttributes = element !== null && !Object.hasOwn(element, "#text");
    if (!onlyAttributes && value !== null && value !== undefined) fields[name] = contentOf(value);
  }
  return fields;
}

function withoutSpaces(name: string): string {
  return name.includes(" ") ? name.replaceAll(" ", "") : name;
}

/** Names lose their spaces, and elements without a name are `Data` (specification, "Field names"). */
function dataFields(data: unknown, into: Record<string, unknown>): void {
  const section = asObject(data);
  if (section === null) return;
  const unnamed: unknown[] = [];
  for (const [name, value] of Object.entries(section)) {
    if (name === "#attributes" || name === "xmlns") continue;
    const elements: readonly unknown[] = name === "Data" && Array.isArray(value) ? value : [value];
    for (const element of elements) {
      const label = name === "Data" ? attributesOf(element)["Name"] : undefined;
      const content = contentOf(element);
      if (typeof label === "string") into[withoutSpaces(label)] = content;
      else if (name === "Data") unnamed.push(content);
      else into[withoutSpaces(name)] = content;
    }
  }
  if (unnamed.length > 0) into["Data"] = unnamed.length === 1 ? unnamed[0] : unnamed;
}

/** An event with the sections System and EventData or UserData, as it is exported from EVTX. */
export function exportedEvent(event: Json, system: Json): ReadEvent {
  const head = systemFields(system);
  const fields = systemFields(system);
  dataFields(event["EventData"], fields);
  for (const [name, section] of Object.entries(asObject(event["UserData"]) ?? {})) {
    if (name !== "#attributes") dataFields(section, fields);
  }
  for (const name of ["EventID", "Channel", "Computer"]) {
    if (Object.hasOwn(head, name)) fields[name] = head[name];
  }
  return windowsEvent(fields);
}

/** The form of winlogbeat and the Elastic agent. */
export function winlogEvent(document: Json, winlog: Json): ReadEvent {
  const fields: Record<string, unknown> = {};
  dataFields(winlog["event_data"], fields);
  dataFields(winlog["user_data"], fields);
  const names = {
    EventID: winlog["event_id"],
    Channel: winlog["channel"],
    Computer: winlog["computer_name"],
    Provider_Name: winlog["provider_name"],
    Message: document["message"],
  };
  for (const [name, value] of Object.entries(names)) if (value !== undefined) fields[name] = value;
  return windowsEvent(fields);
}

/** Fields that already have Sigma's names, `Channel` and `EventID` among them. */
export function windowsEvent(fields: Json): ReadEvent {
  const service = serviceOf(String(fields["Channel"]));
  const eventId = String(fields["EventID"]).trim();
  const categories = service === null ? [] : categoriesOf(service, eventId, fields["EventType"]);
  const shared = service === null ? { product: "windows" } : { product: "windows", service };
  const logsources: Logsource[] = categories.map((category) => ({ ...shared, category }));
  return {
    fields: service === "security" && eventId === "4688" ? withSysmonNames(fields) : fields,
    logsources: logsources.length === 0 ? [shared] : logsources,
  };
}

/** Rules about processes use Sysmon's names; Security 4688 has its own for the same. */
function withSysmonNames(fields: Json): Json {
  const named: Record<string, unknown> = { ...fields };
  for (const [own, sysmon] of [
    ["NewProcessName", "Image"],
    ["ParentProcessName", "ParentImage"],
  ] as const) {
    if (fields[sysmon] === undefined && fields[own] !== undefined) named[sysmon] = fields[own];
  }
  return named;
}
