/** The part of a path after its last slash or backslash. */
function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/** The account without the domain before it, as the add-ons write `user`. */
function accountName(user: string): string {
  return user.slice(user.lastIndexOf("\\") + 1);
}

/** Where the add-ons take a field from when the event does not have it under its own name. */
export interface Alias {
  /** The first that the event has. */
  readonly from: readonly string[];
  readonly change?: (text: string) => string;
}

const paths = ["Image", "NewProcessName", "New_Process_Name", "exe"];
const parentPaths = ["ParentImage", "ParentProcessName", "Creator_Process_Name"];

/**
 * Field names of Splunk's add-ons for Windows, Sysmon and Linux, and of the Common Information Model, over the names that
 * the events have (Sigma's taxonomy, which is Sysmon's).
 */
const aliases: Readonly<Record<string, Alias>> = {
  EventCode: { from: ["EventID"] },
  EventID: { from: ["EventCode"] },
  signature_id: { from: ["EventCode", "EventID"] },
  // Windows, Security 4688: the names of the rendered text and of the XML
  New_Process_Name: { from: ["NewProcessName"] },
  NewProcessName: { from: ["New_Process_Name"] },
  Process_Command_Line: { from: ["CommandLine"] },
  Creator_Process_Name: { from: ["ParentProcessName"] },
  ParentProcessName: { from: ["Creator_Process_Name"] },
  Process_Name: { from: ["ProcessName"] },
  ComputerName: { from: ["Computer"] },
  Computer: { from: ["ComputerName", "Hostname"] },
  // Linux
  exe: { from: ["Image"] },
  // Common Information Model: Endpoint
  process: { from: ["CommandLine", "Process_Command_Line"] },
  process_path: { from: paths },
  process_name: { from: paths, change: baseName },
  process_id: { from: ["NewProcessId", "ProcessId", "pid"] },
  process_guid: { from: ["ProcessGuid"] },
  process_hash: { from: ["Hashes"] },
  process_current_directory: { from: ["CurrentDirectory", "cwd"] },
  process_integrity_level: { from: ["IntegrityLevel", "MandatoryLabel"] },
  original_file_name: { from: ["OriginalFileName"] },
  parent_process: { from: ["ParentCommandLine", ...parentPaths] },
  parent_process_path: { from: parentPaths },
  parent_process_name: { from: parentPaths, change: baseName },
  parent_process_id: { from: ["ParentProcessId", "ppid"] },
  parent_process_guid: { from: ["ParentProcessGuid"] },
  user: { from: ["User", "SubjectUserName", "Account_Name"], change: accountName },
  user_id: { from: ["SubjectUserSid", "uid"] },
  dest: { from: ["Computer", "ComputerName", "Hostname", "host"] },
  file_path: { from: ["TargetFilename"] },
  file_name: { from: ["TargetFilename"], change: baseName },
  registry_path: { from: ["TargetObject"] },
  dest_ip: { from: ["DestinationIp"] },
  dest_port: { from: ["DestinationPort"] },
  src_ip: { from: ["SourceIp"] },
  src_port: { from: ["SourcePort"] },
  query: { from: ["QueryName"] },
  loaded_file: { from: ["ImageLoaded"] },
};

/** Where a field comes from when an event does not have it; null when no add-on gives it. */
export function aliasOf(name: string): Alias | null {
  return (Object.hasOwn(aliases, name) ? aliases[name] : undefined) ?? null;
}

/** The field and all that it may be taken from: what a rule that names it reads. */
export function fieldsBehind(name: string): string[] {
  return [name, ...(aliasOf(name)?.from ?? [])];
}
