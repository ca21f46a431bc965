import { asObject, objectAt, type Json } from "./json.js";

/**
 * Events in the nesting that Windows itself gives them: sections System and EventData or UserData (Windows SDK, event.xsd).
 * As XML it comes from Windows Event Forwarding, wevtutil and Splunk; as JSON from tools that read EVTX, which differ in
 * where they put an element's attributes:
 *
 * - `"Provider": {"#attributes": {"Name": ...}}` evtx_dump, hayabusa, and our reading of XML
 * - `"Provider_attributes": {"Name": ...}` evtx_dump --separate-json-attributes, Chainsaw
 * - `"Provider": {"@Name": ...}` xmltodict and others that name attributes with `@`
 * - `"Provider": {"Name": ...}` OpenWEC and others that make no difference
 */

const separate = "_attributes";

/** Text of an element that may have attributes, empty when it has nothing else; the value itself when it has none. */
function contentOf(value: unknown): unknown {
  const element = asObject(value);
  if (element === null) return value;
  if (Object.hasOwn(element, "#text")) return element["#text"];
  const names = Object.keys(element);
  return names.length > 0 && names.every(isAttribute) ? "" : value;
}

function isAttribute(name: string): boolean {
  return name === "#attributes" || name.startsWith("@");
}

function attributesOf(value: unknown): Json {
  const element = asObject(value);
  if (element === null) return {};
  const grouped = objectAt(element, "#attributes");
  if (grouped !== null) return grouped;
  const named = Object.entries(element).filter(([name]) => name.startsWith("@"));
  return Object.fromEntries(named.map(([name, inner]) => [name.slice(1), inner]));
}

/** What is about the XML and not about the event. */
function isMarkup(name: string): boolean {
  return name === "#attributes" || name === "#text" || name === "xmlns" || name.startsWith("@");
}

function addAttributes(element: string, attributes: Json, into: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(attributes))
    if (name !== "xmlns") into[`${element}_${name}`] = value;
}

/** The section System: elements by name, attributes joined to the name by `_` (Sigma specification, "Field names"). */
function systemFields(system: Json): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(system)) {
    if (isMarkup(name)) continue;
    const element = asObject(value);
    if (name.endsWith(separate) && element !== null) {
      addAttributes(name.slice(0, -separate.length), element, fields);
    } else if (element === null) {
      // An element of System that is empty says nothing.
      if (value !== null && value !== undefined && value !== "") fields[name] = value;
    } else {
      addAttributes(name, attributesOf(element), fields);
      if (Object.hasOwn(element, "#text")) fields[name] = element["#text"];
      addAttributes(name, withoutMarkup(element), fields);
    }
  }
  return fields;
}

function withoutMarkup(element: Json): Json {
  return Object.fromEntries(Object.entries(element).filter(([name]) => !isMarkup(name)));
}

function withoutSpaces(name: string): string {
  return name.includes(" ") ? name.replaceAll(" ", "") : name;
}

/** Names lose their spaces, and elements without a name are `Data` (Sigma specification, "Field names"). */
export function dataFields(data: unknown, into: Record<string, unknown>): void {
  const section = asObject(data);
  if (section === null) return;
  const unnamed: unknown[] = [];
  for (const [name, value] of Object.entries(section)) {
    if (isMarkup(name) || name.endsWith(separate)) continue;
    // Elements of one name are a list; without attributes of their own they are the values of the list.
    const elements: readonly unknown[] = name === "Data" ? elementsOf(value) : [value];
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

function elementsOf(value: unknown): readonly unknown[] {
  const element = asObject(value);
  if (element !== null && Array.isArray(element["#text"])) return element["#text"] as unknown[];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

/** What an event is told apart by; its data may have names like these. */
const identifying = ["EventID", "Channel", "Computer", "EventRecordID"] as const;

/** The fields of an event with the sections System and EventData or UserData. */
export function exportedFields(event: Json, system: Json): Record<string, unknown> {
  const head = systemFields(system);
  const fields = { ...head };
  dataFields(event["EventData"], fields);
  // UserData has one element of the provider's own, with elements of its own.
  for (const [name, section] of Object.entries(asObject(event["UserData"]) ?? {})) {
    if (!isMarkup(name)) dataFields(section, fields);
  }
  const message = asObject(event["RenderingInfo"])?.["Message"];
  if (typeof message === "string" && !Object.hasOwn(fields, "Message")) fields["Message"] = message;
  for (const name of identifying) if (Object.hasOwn(head, name)) fields[name] = head[name];
  return fields;
}
