import { serviceOf } from "./channels.js";

/** Data of an event by their names, or why they cannot be told. */
export type RenderedData = Readonly<Record<string, string | readonly string[]>> | string;

/** What the text that Windows renders for an event holds. Line ends are `\n`. */
export function renderedData(channel: string, eventId: string, message: string): RenderedData {
  const service = serviceOf(channel);
  if (service === "sysmon") return sysmonData(message);
  if (service === "security" && eventId === "4688") return processData(message);
  if (service === "powershell" && eventId === "4104") return scriptBlockData(message);
  if (service === "powershell" && eventId === "4103") return moduleData(message);
  if (service === "powershell-classic" && ["400", "403", "600"].includes(eventId))
    return classicData(message);
  return "its text has no form that is known";
}

/** Sysmon: after the first line, `Name: value` on a line each. */
function sysmonData(message: string): RenderedData {
  const data: Record<string, string> = {};
  for (const line of message.split("\n").slice(1)) {
    const [, name, value = ""] = /^([A-Z][A-Za-z0-9]*):(?: (.*))?$/.exec(line) ?? [];
    if (name === undefined) return "a value has several lines";
    if (Object.hasOwn(data, name)) return `it has ${name} twice`;
    data[name] = value;
  }
  return Object.keys(data).length === 0 ? "it has no values" : data;
}

/** Security 4688 in English: by section and label, the names of the event's data. */
const processLabels: Readonly<Record<string, string>> = {
  "Subject/Account Name": "SubjectUserName",
  "Subject/Account Domain": "SubjectDomainName",
  "Subject/Logon ID": "SubjectLogonId",
  "Subject/Security ID": "SubjectUserSid",
  "Target Subject/Account Name": "TargetUserName",
  "Target Subject/Account Domain": "TargetDomainName",
  "Target Subject/Logon ID": "TargetLogonId",
  "Target Subject/Security ID": "TargetUserSid",
  "Process Information/New Process ID": "NewProcessId",
  "Process Information/New Process Name": "NewProcessName",
  "Process Information/Token Elevation Type": "TokenElevationType",
  "Process Information/Mandatory Label": "MandatoryLabel",
  "Process Information/Creator Process ID": "ProcessId",
  "Process Information/Creator Process Name": "ParentProcessName",
  "Process Information/Process Command Line": "CommandLine",
};

/** SIDs that the text shows as names. */
const rendered: Readonly<Record<string, string>> = {
  "NT AUTHORITY\\SYSTEM": "S-1-5-18",
  "NT AUTHORITY\\LOCAL SERVICE": "S-1-5-19",
  "NT AUTHORITY\\NETWORK SERVICE": "S-1-5-20",
  "NULL SID": "S-1-0-0",
  "Mandatory Label\\Untrusted Mandatory Level": "S-1-16-0",
  "Mandatory Label\\Low Mandatory Level": "S-1-16-4096",
  "Mandatory Label\\Medium Mandatory Level": "S-1-16-8192",
  "Mandatory Label\\High Mandatory Level": "S-1-16-12288",
  "Mandatory Label\\System Mandatory Level": "S-1-16-16384",
};

function processData(message: string): RenderedData {
  const [first, ...lines] = message.split("\n");
  if (first !== "A new process has been created.") return "it is not in English";
  const data: Record<string, string> = {};
  let section = "";
  for (const line of lines) {
    if (line.startsWith("Token Elevation Type indicates")) break;
    if (line.trim() === "") continue;
    const heading = /^(?:Creator )?(Subject|Target Subject|Process Information):\s*$/.exec(line);
    if (heading !== null) {
      section = heading[1] ?? "";
      continue;
    }
    const [, label = "", value = ""] = /^\t([A-Z][A-Za-z ]*):\t*(.*)$/.exec(line) ?? [];
    const name = processLabels[`${section}/${label}`];
    if (name === undefined) return "a value has several lines, or a label is not known";
    if (Object.hasOwn(data, name)) return `it has ${label} twice`;
    data[name] = rendered[value] ?? value;
  }
  return Object.hasOwn(data, "NewProcessName") ? data : "it names no process";
}

/** PowerShell 4104 in English. The script stands before the id and the path, which have no line ends. */
function scriptBlockData(message: string): RenderedData {
  const head = /^Creating Scriptblock text \((\d+) of (\d+)\):\n/.exec(message);
  const tail = /\n\nScriptBlock ID: ([0-9a-fA-F-]{36})\nPath: ?([^\n]*)$/.exec(message);
  if (head === null || tail === null) return "it is not in English, or not whole";
  return {
    MessageNumber: head[1] ?? "",
    MessageTotal: head[2] ?? "",
    ScriptBlockText: message.slice(head[0].length, tail.index),
    ScriptBlockId: tail[1] ?? "",
    Path: tail[2] ?? "",
  };
}

/** PowerShell 4103 in English. */
function moduleData(message: string): RenderedData {
  const [payload, rest, ...more] = message.split("\n\nContext:\n");
  if (payload === undefined || rest === undefined) return "it is not in English";
  const [context, user, ...others] = rest.split("\n\nUser Data:");
  if (more.length > 0 || others.length > 0 || user === undefined)
    return "a value holds the headings of the text";
  return { Payload: payload.trim(), ContextInfo: (context ?? "").replace(/\n+$/, ""), UserData: user.trim() };
}

/** PowerShell's classic log: the lines of values are the same in every language. */
function classicData(message: string): RenderedData {
  const begin = /^\t[A-Z][A-Za-z]+=/m.exec(message);
  return begin === null ? "it has no values" : { Data: message.slice(begin.index) };
}
