import type { RuleEvent } from "../rule.js";

/** A format of events that a shipped pipeline fits rules to. */
export interface EventFormat {
  readonly id: string;
  /** In words, for lists and messages. */
  readonly title: string;
  /** The pipeline's file in the folder `pipelines` of this repository. */
  readonly file: string;
  /**
   * The log source of its events: what a reader of the format gives them, and what the pipeline gives its rules. No two
   * formats have the same.
   */
  readonly logsource: { readonly product: string; readonly service: string };
  /** The categories and services of Sigma whose rules it reads. */
  readonly reads: readonly string[];
  /** By category: fields of Sigma that the events do not have under any name. */
  readonly lacks: Readonly<Record<string, readonly string[]>>;
  /** Whether the fields of an event are of this format. */
  readonly recognises: (fields: RuleEvent["fields"]) => boolean;
}

function textAt(fields: RuleEvent["fields"], name: string): string {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return typeof value === "string" ? value : "";
}

function objectAt(fields: RuleEvent["fields"], name: string): RuleEvent["fields"] {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as RuleEvent["fields"])
    : {};
}

function ofChannel(...names: readonly string[]): EventFormat["recognises"] {
  const known = new Set(names.map((name) => name.toLowerCase()));
  return (fields) => known.has(textAt(fields, "Channel").toLowerCase());
}

const classicChannel = ofChannel("Windows PowerShell");
const classicCategories = ["ps_classic_start", "ps_classic_provider_start", "ps_classic_script"];

function hasClassicLines(fields: RuleEvent["fields"]): boolean {
  return Object.hasOwn(fields, "EngineVersion") || Object.hasOwn(fields, "HostApplication");
}

/** What only Sysmon knows of a process. */
const onlyOfSysmon = [
  ...["OriginalFileName", "Product", "Company", "Description", "FileVersion"],
  ...["Hashes", "Imphash", "md5", "sha1", "sha256"],
  ...["ProcessGuid", "ParentProcessGuid", "LogonGuid", "TerminalSessionId"],
];
const sysmonCategories = [
  ...["process_creation", "file_change", "network_connection", "sysmon_status", "process_termination"],
  ...["driver_load", "image_load", "create_remote_thread", "raw_access_thread", "process_access"],
  ...["file_event", "registry_add", "registry_delete", "registry_set", "registry_rename", "registry_event"],
  ...[
    "create_stream_hash",
    "pipe_created",
    "wmi_event",
    "dns_query",
    "file_delete",
    "clipboard_capture",
    "clipboard_change",
  ],
  ...["process_tampering", "file_delete_detected", "file_block_executable", "file_block_shredding"],
  ...["file_executable_detected", "sysmon_error", "sysmon"],
];

/** The formats that pipelines are shipped for. Of two that recognise an event the first is its format. */
export const eventFormats: readonly EventFormat[] = [
  {
    id: "windows-sysmon",
    title: "Sysmon for Windows",
    file: "windows-sysmon.yml",
    logsource: { product: "windows", service: "sysmon" },
    reads: sysmonCategories,
    lacks: {},
    recognises: ofChannel("Microsoft-Windows-Sysmon/Operational"),
  },
  {
    id: "linux-sysmon",
    title: "Sysmon for Linux",
    file: "linux-sysmon.yml",
    logsource: { product: "linux", service: "sysmon" },
    reads: [
      ...["process_creation", "network_connection", "process_termination", "raw_access_thread"],
      ...["file_event", "file_delete", "sysmon"],
    ],
    lacks: {},
    recognises: ofChannel("Linux-Sysmon/Operational"),
  },
  {
    id: "windows-security",
    title: "the Security log of Windows (4688)",
    file: "windows-security.yml",
    logsource: { product: "windows", service: "security" },
    reads: ["process_creation", "security"],
    lacks: { process_creation: [...onlyOfSysmon, "CurrentDirectory", "ParentCommandLine"] },
    recognises: ofChannel("Security"),
  },
  {
    id: "windows-powershell",
    title: "PowerShell's module and script block logging (4103, 4104)",
    file: "windows-powershell.yml",
    logsource: { product: "windows", service: "powershell" },
    reads: ["ps_module", "ps_script", "powershell"],
    lacks: {
      ps_module: ["HostApplication", "HostName", "EngineVersion", "ScriptBlockText"],
      ps_script: ["HostApplication", "HostName", "EngineVersion", "Payload", "ContextInfo"],
    },
    recognises: ofChannel("Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational"),
  },
  {
    id: "windows-powershell-classic",
    title: "PowerShell's classic log (400, 403, 600, 800), with a field for each line",
    file: "windows-powershell-classic.yml",
    logsource: { product: "windows", service: "powershell-classic-lines" },
    reads: [...classicCategories, "powershell-classic"],
    lacks: {},
    recognises: (fields) => classicChannel(fields) && hasClassicLines(fields),
  },
  {
    id: "windows-powershell-classic-raw",
    title: "PowerShell's classic log (400, 403, 600, 800), with its text in Data",
    file: "windows-powershell-classic-raw.yml",
    logsource: { product: "windows", service: "powershell-classic" },
    reads: [...classicCategories, "powershell-classic"],
    lacks: {},
    recognises: (fields) => classicChannel(fields) && !hasClassicLines(fields),
  },
  {
    id: "linux-laurel",
    title: "laurel",
    file: "linux-laurel.yml",
    logsource: { product: "linux", service: "laurel" },
    reads: ["process_creation", "auditd"],
    lacks: { process_creation: [...onlyOfSysmon, "ParentCommandLine", "ParentUser", "IntegrityLevel"] },
    recognises: (fields) =>
      /^\d+\.\d{3}:\d+$/.test(textAt(fields, "ID")) &&
      ["SYSCALL", "EXECVE", "PATH", "CWD", "USER_CMD", "SOCKADDR"].some((name) =>
        Object.hasOwn(fields, name),
      ),
  },
  {
    id: "linux-auditd",
    title: "audit records of Linux",
    file: "linux-auditd.yml",
    logsource: { product: "linux", service: "auditd" },
    reads: ["process_creation", "auditd"],
    lacks: {
      process_creation: [
        ...onlyOfSysmon,
        ...["ParentImage", "ParentCommandLine", "ParentUser", "IntegrityLevel"],
      ],
    },
    recognises: (fields) =>
      /^[A-Z][A-Z0-9_]+$/.test(textAt(fields, "type")) &&
      ["syscall", "a0", "argc", "exe", "auid", "item"].some((name) => Object.hasOwn(fields, name)),
  },
  {
    id: "aws-cloudtrail",
    title: "AWS CloudTrail",
    file: "aws-cloudtrail.yml",
    logsource: { product: "aws", service: "cloudtrail" },
    reads: ["cloudtrail"],
    lacks: {},
    recognises: (fields) =>
      textAt(fields, "eventSource").endsWith(".amazonaws.com") && textAt(fields, "eventName") !== "",
  },
  {
    id: "aws-cloudtrail-eventbridge",
    title: "AWS CloudTrail through EventBridge",
    file: "aws-cloudtrail-eventbridge.yml",
    logsource: { product: "aws", service: "cloudtrail-eventbridge" },
    reads: ["cloudtrail"],
    lacks: {},
    recognises: (fields) =>
      textAt(objectAt(fields, "detail"), "eventSource").endsWith(".amazonaws.com") &&
      textAt(fields, "detail-type").endsWith("via CloudTrail"),
  },
  {
    id: "openstack-cadf",
    title: "CADF notifications of OpenStack",
    file: "openstack-cadf.yml",
    logsource: { product: "openstack", service: "cadf" },
    reads: ["keystone", "nova", "neutron", "cinder", "glance", "swift", "heat", "barbican", "cadf"],
    lacks: {},
    recognises: (fields) =>
      textAt(objectAt(fields, "payload"), "typeURI").startsWith("http://schemas.dmtf.org/cloud/audit/"),
  },
  {
    id: "linux-syslog",
    title: "syslog of Linux",
    file: "linux-syslog.yml",
    logsource: { product: "linux", service: "syslog" },
    reads: ["sshd", "sudo", "su", "cron", "clamav", "vsftpd", "guacamole", "auth", "syslog"],
    lacks: {},
    recognises: (fields) => textAt(fields, "program") !== "" && textAt(fields, "message") !== "",
  },
];

/** The format that the fields of an event are of; null when none of the shipped pipelines is about them. */
export function formatOf(fields: RuleEvent["fields"]): EventFormat | null {
  return eventFormats.find((format) => format.recognises(fields)) ?? null;
}
