import { categoriesOf, serviceOf } from "./channels.js";
import { exportedFields } from "./exported.js";
import { objectAt, textOf, type Json } from "./json.js";
import { classicLines } from "./powershell-classic.js";
import { asProcessCreation, madeValues, processNames } from "./security-process.js";
import { flatFields, wazuhFields, winlogFields } from "./shippers.js";
import { splunkFields } from "./splunk.js";

/** What rules ask for. */
export interface WindowsLogsource {
  readonly product: "windows";
  readonly category?: string;
  readonly service?: string;
}

/** An event of Windows in the names that Sigma's rules use, whoever sent it. */
export interface WindowsFields {
  /** System's elements (EventID, Channel, Computer, Provider_Name, EventRecordID, ...) and the event's data. Values are as they were sent. */
  readonly fields: Json;
  /** The fields for rules about processes, where the event has other names for the same (Security 4688). */
  readonly asProcess?: Json;
  /** Every value that was made, and is not in the document; absent when it is not known. A document with one of the keys below has others. */
  readonly made?: readonly string[];
  /** Those that rules may ask for: a registry event is one of `registry_set` and of `registry_event`. */
  readonly logsources: readonly WindowsLogsource[];
}

/**
 * Keys and values (in lower case) of documents of which fields are made that the document does not have as they are: escaped
 * texts (Wazuh), texts that hold an event (Splunk), data without names (Fluent Bit), accounts and process ids of Security
 * 4688, lines of a text (PowerShell's classic log). Everywhere else values are only moved.
 */
export const WINDOWS_MAKING_KEYS = ["win", "data", "_raw", "result", "StringInserts"] as const;
export const WINDOWS_MAKING_VALUES = ["4688", "windows powershell"] as const;

/** Keys of which a document of Windows has at least one. */
export const WINDOWS_KEYS = ["Event", "System", "winlog", "Channel", ...WINDOWS_MAKING_KEYS] as const;

/** The fields of an event of Windows in any of the forms in which shippers send it; null when the document is none. @throws EventDefect */
export function readWindows(document: Json): WindowsFields | null {
  const event = objectAt(document, "Event") ?? document;
  const system = objectAt(event, "System");
  if (system !== null) return named(exportedFields(event, system));
  const winlog = objectAt(document, "winlog");
  if (winlog !== null && winlog["channel"] !== undefined) return named(winlogFields(document, winlog));
  if (document["Channel"] !== undefined && document["EventID"] !== undefined)
    return named(flatFields(document));
  const win = objectAt(objectAt(document, "data") ?? document, "win");
  const wazuh = win === null ? null : objectAt(win, "system");
  if (win !== null && wazuh?.["eventID"] !== undefined) return named(wazuhFields(win, wazuh));
  const raw = textOf((objectAt(document, "result") ?? document)["_raw"]);
  const fields = raw === null ? null : splunkFields(raw);
  return fields === null ? null : named(fields);
}

function named(fields: Json): WindowsFields {
  const product = "windows";
  const service = serviceOf(textOf(fields["Channel"]) ?? "");
  if (service === null) return { fields, logsources: [{ product }] };
  const eventId = (textOf(fields["EventID"]) ?? "").trim();
  if (service === "security" && eventId === "4688") {
    const own = processNames(fields);
    const asProcess = asProcessCreation(own);
    return {
      fields: own,
      asProcess,
      made: madeValues(own, asProcess),
      logsources: [
        { product, service },
        { product, category: "process_creation" },
      ],
    };
  }
  const categories = categoriesOf(service, eventId, fields["EventType"]);
  return {
    fields: service === "powershell-classic" ? classicLines(fields) : fields,
    logsources:
      categories.length === 0
        ? [{ product, service }]
        : categories.map((category) => ({ product, service, category })),
  };
}
