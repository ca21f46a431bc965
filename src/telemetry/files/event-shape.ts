import type { RuleEvent } from "../../detection/rule.js";
import { LaurelParser } from "../laurel.js";
import { EsloggerParser } from "../macos/eslogger.js";
import { asObject } from "../windows/json.js";
import {
  readWindows,
  WINDOWS_KEYS,
  WINDOWS_MAKING_KEYS,
  WINDOWS_MAKING_VALUES,
} from "../windows/windows-fields.js";

export type Logsource = RuleEvent["logsource"];

/** An event as rules read it. */
export interface ReadEvent {
  readonly fields: Readonly<Record<string, unknown>>;
  /** The fields for rules about processes, where the event has other names for the same. */
  readonly asProcess?: Readonly<Record<string, unknown>>;
  /**
   * Every value of the fields, in either form, that was made and that the document does not have, unless it has one of
   * {@link MAKING_KEYS}. Absent when it is not known. There whenever `asProcess` is.
   */
  readonly made?: readonly string[];
  /** Those that rules may ask for: a registry event is one of `registry_set` and of `registry_event`. None when unknown. */
  readonly logsources: readonly Logsource[];
}

/** Keys of which a document has at least one when its shape tells what it is. */
export const SHAPE_KEYS = ["logsource", "SYSCALL", "global_seq_num", "eventSource", ...WINDOWS_KEYS] as const;

/** Keys of forms of which fields are made that the document does not have as they are: laurel's, eslogger's and some of Windows. */
export const MAKING_KEYS = ["SYSCALL", "global_seq_num", ...WINDOWS_MAKING_KEYS] as const;
/** Values, in lower case, of which the same is true. */
export const MAKING_VALUES = WINDOWS_MAKING_VALUES;

/**
 * Tells by its shape what an event is, and gives its fields the names that rules use. Values are only moved, never made
 * or changed, unless the document has one of {@link MAKING_KEYS} or {@link MAKING_VALUES}: what no rule can match by its
 * values need not be read. @throws EventDefect for an event that is known and cannot be read
 */
export function readShape(document: unknown): ReadEvent {
  const object = asObject(document) ?? {};
  const stored = storedEvent(object) ?? readWindows(object);
  if (stored !== null) return stored;
  if (asObject(object["SYSCALL"]) !== null) return auditEvent(object);
  if (typeof object["global_seq_num"] === "number") return macosEvent(object);
  if (
    object["eventSource"] !== undefined &&
    object["eventName"] !== undefined &&
    object["awsRegion"] !== undefined
  ) {
    return { fields: object, logsources: [{ product: "aws", service: "cloudtrail" }] };
  }
  return { fields: object, logsources: [] };
}

/** The fields that a rule for a log source reads. */
export function fieldsFor({ fields, asProcess }: ReadEvent, { category }: Logsource): ReadEvent["fields"] {
  return category === "process_creation" && asProcess !== undefined ? asProcess : fields;
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

/** One message of eslogger, by itself; only an exec is of a log source. */
function macosEvent(object: Readonly<Record<string, unknown>>): ReadEvent {
  const [event] = new EsloggerParser("").push(JSON.stringify(object), 0, 0);
  return event === undefined
    ? { fields: object, logsources: [] }
    : { fields: event.fields, logsources: [event.logsource] };
}

/** One event of laurel, by itself: its parent is not known beyond what the event says. */
function auditEvent(object: Readonly<Record<string, unknown>>): ReadEvent {
  const [event] = new LaurelParser().push(JSON.stringify(object), 0, 0);
  return event === undefined
    ? { fields: object, logsources: [{ product: "linux", service: "auditd" }] }
    : { fields: event.fields, logsources: [event.logsource] };
}
