import type { DocumentKeys } from "../../detection/match/read-values.js";

/** By field: keys that documents have for it, of the shippers whose fields have other names (windows/shippers.ts). */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  Provider_Name: ["SourceName", "provider_name"],
  Provider_Guid: ["provider_guid"],
  Computer: ["Hostname", "computer_name"],
  EventRecordID: ["RecordNumber", "record_id"],
  Version: ["version"],
  TimeCreated_SystemTime: ["EventTime", "@timestamp"],
  Correlation_ActivityID: ["activity_id"],
  Execution_ProcessID: ["ExecutionProcessID", "ProcessID", "pid"],
  Execution_ThreadID: ["ExecutionThreadID", "ThreadID", "id"],
  Security_UserID: ["identifier"],
  Message: ["message"],
};

/**
 * The innermost keys under which a document, in whatever shape it is told by (event-shape.ts), may have a value of a
 * field. Not those of documents whose fields are made.
 */
export const documentKeys: DocumentKeys = {
  keysOf(name) {
    const keys = new Set(otherNames[name] ?? []);
    // The text of an element counts as the element's own (isElementText).
    const field = name.replace(/(?:\.#text)+$/, "");
    keys.add(field);
    for (let at = 0; at < field.length; at++) {
      // A path into what is nested; an element's attribute is joined to its name (windows/exported.ts).
      if (field[at] === "." || field[at] === "_") keys.add(field.slice(at + 1));
    }
    return [...keys];
  },
  any: ["Data"],
  telling: ["Channel", "channel", "EventID", "event_id", "code", "product", "category", "service"],
};

const HASH = 0x23;
const AT = 0x40;
const SPACE = 0x20;
const elementText = Buffer.from("#text");
const parameter = Buffer.from("param");

/** Whether a key says that the value is that of the object's own key: the text of an element that has attributes, too. */
export function isElementText(bytes: Uint8Array, from: number, to: number): boolean {
  return bytes[from] === HASH && to - from === elementText.length && begins(bytes, from, to, elementText);
}

/** Whether a field with a name other than a key's may be made of it, whatever the field. */
export function isRenamed(bytes: Uint8Array, from: number, to: number): boolean {
  // Attributes; data without names, which are named by their place.
  if (bytes[from] === AT || begins(bytes, from, to, parameter)) return true;
  for (let at = from; at < to; at++) {
    // Names lose their spaces. What is not ASCII may be spelled in several ways.
    const byte = bytes[at] as number;
    if (byte === SPACE || byte >= 0x80) return true;
  }
  return false;
}

function begins(bytes: Uint8Array, from: number, to: number, wanted: Uint8Array): boolean {
  if (to - from < wanted.length) return false;
  for (let index = 0; index < wanted.length; index++) {
    if (bytes[from + index] !== wanted[index]) return false;
  }
  return true;
}
