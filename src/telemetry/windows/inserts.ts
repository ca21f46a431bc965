/**
 * Names of an event's data by their order, for shippers that send values alone. The order of one provider's event is that
 * of its template; a template may grow at its end or, in Sysmon, anywhere from version to version.
 */

const security4688 = [
  ...["SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "NewProcessId"],
  ...["NewProcessName", "TokenElevationType", "ProcessId", "CommandLine", "TargetUserSid", "TargetUserName"],
  ...["TargetDomainName", "TargetLogonId", "ParentProcessName", "MandatoryLabel"],
];

const scriptBlock = ["MessageNumber", "MessageTotal", "ScriptBlockText", "ScriptBlockId", "Path"];
const module = ["ContextInfo", "UserData", "Payload"];

/** By provider, event and version of the event. */
const templates: Readonly<Record<string, readonly string[]>> = {
  "Microsoft-Windows-Security-Auditing/4688/0": security4688.slice(0, 8),
  "Microsoft-Windows-Security-Auditing/4688/1": security4688.slice(0, 9),
  "Microsoft-Windows-Security-Auditing/4688/2": security4688,
  "Microsoft-Windows-PowerShell/4103/1": module,
  "Microsoft-Windows-PowerShell/4104/1": scriptBlock,
  "PowerShellCore/4103/1": module,
  "PowerShellCore/4104/1": scriptBlock,
};

/**
 * The data with their names; null when these are not known. Sysmon's are taken from the text that Windows renders, which
 * is `Name: value` for each in order, and are held to the values: a value with line ends cannot pass for names.
 * @param event its id and version, with a slash between
 * @param message the rendered text
 */
export function namedInserts(
  provider: string,
  event: string,
  message: string,
  inserts: readonly unknown[],
): Record<string, unknown> | null {
  if (inserts.length === 0) return {};
  if (provider === "Microsoft-Windows-Sysmon") return namedByText(message, inserts);
  const names = templates[`${provider}/${event}`];
  if (names?.length !== inserts.length) return null;
  return Object.fromEntries(names.map((name, index) => [name, inserts[index]]));
}

function namedByText(message: string, inserts: readonly unknown[]): Record<string, unknown> | null {
  const text = message.replaceAll("\r\n", "\n");
  const named: Record<string, unknown> = {};
  let at = text.indexOf("\n");
  for (const insert of inserts) {
    const label = /^\n([A-Za-z][A-Za-z0-9]*): ?/.exec(text.slice(at, at + 80));
    const value = String(insert).replaceAll("\r\n", "\n");
    if (label === null || !text.startsWith(value, at + label[0].length)) return null;
    named[label[1] as string] = insert;
    at += label[0].length + value.length;
  }
  return text.slice(at).trim() === "" ? named : null;
}
