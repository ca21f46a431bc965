import { integerOf, textOf, type Json } from "./json.js";

/** Accounts of Windows itself, by SID, in the names that Sysmon gives them on an English system. */
const systemAccounts: ReadonlyMap<string, string> = new Map([
  ["S-1-5-18", "NT AUTHORITY\\SYSTEM"],
  ["S-1-5-19", "NT AUTHORITY\\LOCAL SERVICE"],
  ["S-1-5-20", "NT AUTHORITY\\NETWORK SERVICE"],
]);

/** Mandatory labels (MS-DTYP 2.4.2.4) in the words of Sysmon. */
const integrityLevels: ReadonlyMap<string, string> = new Map([
  ["S-1-16-0", "Untrusted"],
  ["S-1-16-4096", "Low"],
  ["S-1-16-8192", "Medium"],
  ["S-1-16-12288", "High"],
  ["S-1-16-16384", "System"],
]);

interface Account {
  readonly sid: string;
  readonly name: string;
  readonly domain: string;
  readonly logonId: unknown;
}

function accountOf(fields: Json, role: "Subject" | "Target"): Account | null {
  const name = textOf(fields[`${role}UserName`]);
  const domain = textOf(fields[`${role}DomainName`]);
  if (name === null || domain === null) return null;
  return { sid: textOf(fields[`${role}UserSid`]) ?? "", name, domain, logonId: fields[`${role}LogonId`] };
}

/**
 * Whose token the new process has. Event 4688 tells since version 2: `Target` is that account, and `-` where it is the
 * creator's. Null before that, when the event only knows the creator.
 */
function ownerOf(fields: Json): Account | null {
  const target = accountOf(fields, "Target");
  if (target === null) return null;
  return target.name === "-" ? accountOf(fields, "Subject") : target;
}

/**
 * What Sysmon says of a new process, made of Security event 4688 (Microsoft, "4688(S): A new process has been created"),
 * beside the event's own names. Absent means that the event does not tell.
 */
export function processNames(fields: Json): Json {
  const named: Record<string, unknown> = { ...fields };
  const put = (name: string, value: unknown): void => {
    if (value !== undefined && value !== null && named[name] === undefined) named[name] = value;
  };
  put("Image", fields["NewProcessName"]);
  put("ParentImage", fields["ParentProcessName"]);
  put("ParentProcessId", integerOf(fields["ProcessId"]));
  const owner = ownerOf(fields);
  if (owner !== null) {
    put("User", systemAccounts.get(owner.sid) ?? `${owner.domain}\\${owner.name}`);
    put("LogonId", owner.logonId);
  }
  put("IntegrityLevel", integrityLevels.get(textOf(fields["MandatoryLabel"]) ?? ""));
  return named;
}

/** The names, in either form, of values that are made; all others are the event's own. */
const madeNames = ["ProcessId", "ParentProcessId", "User", "IntegrityLevel"];

/** What {@link processNames} and {@link asProcessCreation} gave the event besides its own values, and perhaps some of these. */
export function madeValues(...forms: readonly Json[]): string[] {
  return forms.flatMap((form) => madeNames.flatMap((name) => textOf(form[name]) ?? []));
}

/**
 * The same for rules about processes: there `ProcessId` is the new process, where 4688 calls its creator so, and an empty
 * command line means that its policy is off.
 */
export function asProcessCreation(named: Json): Json {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(named)) {
    const unknown = name === "ProcessId" || (name === "CommandLine" && (value === "" || value === null));
    if (!unknown) fields[name] = value;
  }
  const processId = integerOf(named["NewProcessId"]);
  if (processId !== null) fields["ProcessId"] = processId;
  return fields;
}
