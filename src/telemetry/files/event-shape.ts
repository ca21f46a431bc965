import type { RuleEvent } from "../../detection/rule.js";
import { LaurelParser } from "../laurel.js";
import { asObject, exportedEvent, windowsEvent, winlogEvent } from "./windows-event.js";

export type Logsource = RuleEvent["logsource"];

/** An event as rules read it. */
export interface ReadEvent {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Those that rules may ask for: a registry event is one of `registry_set` and of `registry_event`. None when unknown. */
  readonly logsources: readonly Logsource[];
}

/** Keys of which a document has at least one when its shape tells what it is. */
export const SHAPE_KEYS = [
  "logsource",
  "Event",
  "System",
  "winlog",
  "Channel",
  "SYSCALL",
  "eventSource",
] as const;

/** The key of a form of which fields are made that the document does not have as they are: laurel's. */
export const MAKING_KEY = "SYSCALL";

/**
 * Tells by its shape what an event is, and gives its fields the names that rules use. Values are only moved, never made
 * or changed, unless the document has the key {@link MAKING_KEY}: what no rule can match by its values need not be read.
 */
export function readShape(document: unknown): ReadEvent {
  const object = asObject(document) ?? {};
  const stored = storedEvent(object);
  if (stored !== null) return stored;
  const event = asObject(object["Event"]) ?? object;
  const system = asObject(event["System"]);
  if (system !== null) return exportedEvent(event, system);
  const winlog = asObject(object["winlog"]);
  if (winlog !== null && winlog["channel"] !== undefined) return winlogEvent(object, winlog);
  if (object["Channel"] !== undefined && object["EventID"] !== undefined) return windowsEvent(object);
  if (asObject(object[MAKING_KEY]) !== null) return auditEvent(object);
  if (
    object["eventSource"] !== undefined &&
    object["eventName"] !== undefined &&
    object["awsRegion"] !== undefined
  ) {
    return { fields: object, logsources: [{ product: "aws", service: "cloudtrail" }] };
  }
  return { fields: object, logsources: [] };
}

/** Tyrian's own form, of the store and of evidence files. */
function storedEvent(object: Readonly<Record<string, unknown>>): ReadEvent | null {
  const logsource = asObject(object["logsource"]);
  const fields = asObject(object["fields"]);
  if (logsource === null || fields === null || typeof logsource["product"] !== "string") return null;
  const name = (key: string): string | undefined =>
    typeof logsource[key] === "string" ? logsource[key] : undefined;
  return {
    fields,
    logsources: [{ product: logsource["product"], category: name("category"), service: name("service") }],
  };
}

/** One event of laurel, by itself: its parent is not known beyond what the event says. */
function auditEvent(object: Readonly<Record<string, unknown>>): ReadEvent {
  const [event] = new LaurelParser().push(JSON.stringify(object), 0, 0);
  return event === undefined
    ? { fields: object, logsources: [{ product: "linux", service: "auditd" }] }
    : { fields: event.fields, logsources: [event.logsource] };
}
