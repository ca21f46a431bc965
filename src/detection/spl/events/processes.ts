import { textOfScalar, scalarsOf } from "../evaluate/values.js";
import { Row } from "../evaluate/row.js";

/**
 * The fields of the data model Endpoint.Processes (Common Information Model) that can be had from process creation
 * events. Those that Splunk's model fills with "unknown" are marked.
 */
const modelFields: Readonly<Record<string, { readonly unknown: boolean }>> = Object.fromEntries([
  ...[
    ...["action", "dest", "original_file_name", "os", "parent_process", "parent_process_exec"],
    ...["parent_process_id", "parent_process_guid", "parent_process_name", "parent_process_path"],
    ...["process", "process_current_directory", "process_exec", "process_guid", "process_hash", "process_id"],
    ...["process_integrity_level", "process_name", "process_path", "user", "user_id", "vendor_product"],
  ].map(
    (name) =>
      [name, { unknown: !["process_id", "parent_process_id", "process_hash"].includes(name) }] as const,
  ),
]);

export function isModelField(name: string): boolean {
  return Object.hasOwn(modelFields, name);
}

export function modelFieldNames(): string[] {
  return Object.keys(modelFields);
}

/** Fields of the model that no event of ours has under another name. */
const otherSources: Readonly<Record<string, string>> = {
  process_exec: "process_name",
  parent_process_exec: "parent_process_name",
};

/**
 * The row of the data model for an event; null when the event is none of it: Sysmon 1, Security 4688, and what the sensors
 * of other systems report as process creation.
 */
export function processRow(row: Row): Row | null {
  const code = scalarsOf(row.get("EventCode")).map(textOfScalar);
  const windows = row.alternatives("sourcetype")?.some((name) => name.endsWith("WinEventLog")) === true;
  // An event of Windows that has no code is what its log source says.
  const creation =
    windows && code.length > 0
      ? (code.includes("1") && isOf(row, "Sysmon")) || (code.includes("4688") && isOf(row, "Security"))
      : row.category === "process_creation";
  if (!creation) return null;
  const model = new Row(null, row.sources);
  for (const [name, { unknown }] of Object.entries(modelFields)) {
    const value = name === "action" ? "allowed" : row.get(otherSources[name] ?? name);
    model.set(`Processes.${name}`, value ?? (unknown ? "unknown" : null));
  }
  for (const name of ["_time", "host", "source", "sourcetype", "index"]) model.set(name, row.get(name));
  return model;
}

function isOf(row: Row, channel: string): boolean {
  return row.alternatives("sourcetype")?.some((name) => name.includes(channel)) === true;
}
