import type { Chance } from "./chance.js";
import { everyday, folders, keys, libraries, programs, rareWord } from "./words.js";

/** Made-up events with the proportions of Sysmon's as labs record them. */

function guid(chance: Chance): string {
  const part = (length: number): string =>
    Array.from({ length }, () => chance.below(16).toString(16).toUpperCase()).join("");
  return `{${part(8)}-${part(4)}-${part(4)}-${part(4)}-${part(12)}}`;
}

function program(chance: Chance): string {
  return chance.pick(folders) + (chance.often(92) ? chance.pick(everyday) : chance.pick(programs));
}

function hashes(chance: Chance): string {
  const part = (length: number): string =>
    Array.from({ length }, () => chance.below(16).toString(16).toUpperCase()).join("");
  return `SHA1=${part(40)},MD5=${part(32)},SHA256=${part(64)},IMPHASH=${part(32)}`;
}

/** Fields of a Sysmon event, by event id. */
function sysmonFields(chance: Chance, id: number): Record<string, unknown> {
  const common = {
    RuleName: "-",
    UtcTime: `2026-11-24 03:${10 + chance.below(50)}:${10 + chance.below(50)}.${100 + chance.below(900)}`,
    ProcessGuid: guid(chance),
    ProcessId: chance.below(30000),
    Image: program(chance),
  };
  switch (id) {
    case 1: {
      const path = program(chance);
      return {
        ...common,
        Image: path,
        FileVersion: "10.0.19041.1 (WinBuild.160101.0800)",
        Description: "Host Process for Windows Services",
        Product: "Microsoft® Windows® Operating System",
        Company: "Microsoft Corporation",
        OriginalFileName: path.slice(path.lastIndexOf("\\") + 1),
        CommandLine: `"${path}" -k ${rareWord(chance)} -p -s ${rareWord(chance)} /${chance.below(1000)}`,
        CurrentDirectory: "C:\\Windows\\system32\\",
        User: "LAB\\user",
        LogonGuid: guid(chance),
        LogonId: "0x3e7",
        TerminalSessionId: 1,
        IntegrityLevel: "Medium",
        Hashes: hashes(chance),
        ParentProcessGuid: guid(chance),
        ParentProcessId: chance.below(30000),
        ParentImage: program(chance),
        ParentCommandLine: `${program(chance)} ${rareWord(chance)}`,
      };
    }
    case 3:
      return {
        ...common,
        User: "LAB\\user",
        Protocol: "tcp",
        Initiated: "true",
        SourceIp: `10.0.0.${chance.below(255)}`,
        SourcePort: chance.below(60000),
        DestinationIp: `52.1.${chance.below(255)}.${chance.below(255)}`,
        DestinationHostname: `${rareWord(chance)}.example.net`,
        DestinationPort: 443,
      };
    case 7:
      return {
        ...common,
        ImageLoaded: `C:\\Windows\\System32\\${chance.pick(libraries)}.dll`,
        FileVersion: "10.0.19041.1",
        Description: "NT Layer DLL",
        Company: "Microsoft Corporation",
        OriginalFileName: `${chance.pick(libraries)}.dll`,
        Hashes: hashes(chance),
        Signed: "true",
        Signature: "Microsoft Windows",
        SignatureStatus: "Valid",
      };
    case 10:
      return {
        ...common,
        SourceImage: program(chance),
        TargetImage: program(chance),
        GrantedAccess: "0x1000",
        CallTrace: Array.from(
          { length: 8 },
          () => `C:\\Windows\\System32\\${chance.pick(libraries)}.dll+${chance.below(1e6).toString(16)}`,
        ).join("|"),
      };
    case 11:
      return {
        ...common,
        TargetFilename: `C:\\Users\\lab\\AppData\\Local\\Temp\\${rareWord(chance)}.tmp`,
        CreationUtcTime: "2026-11-24 03:10:10.100",
      };
    case 22:
      return {
        ...common,
        QueryName: `${rareWord(chance)}.example.net`,
        QueryStatus: "0",
        QueryResults: `::ffff:10.0.0.${chance.below(255)};`,
      };
    default:
      return {
        ...common,
        EventType: "SetValue",
        TargetObject: chance.pick(keys) + rareWord(chance),
        Details: chance.often(50) ? "DWORD (0x00000001)" : rareWord(chance),
      };
  }
}

const ids = [1, 1, 1, 3, 7, 7, 7, 7, 7, 10, 10, 10, 11, 11, 13, 13, 13, 13, 13, 22];

/** One event as a line of JSON, about 2.5 kB (with the text that Windows shows, as recorders write it) or 640 bytes. */
export function generatedEvent(chance: Chance, size: "large" | "small"): string {
  const id = size === "small" && chance.often(50) ? 13 : chance.pick(ids);
  const fields = sysmonFields(chance, id);
  const head = {
    EventID: id,
    Channel: "Microsoft-Windows-Sysmon/Operational",
    Hostname: "host1.lab.example",
    "@timestamp": "2026-11-24T03:10:10.100Z",
  };
  if (size === "small") return JSON.stringify({ ...head, ...fields });
  const shown = Object.entries(fields)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join("\r\n");
  const record = {
    ...head,
    SourceName: "Microsoft-Windows-Sysmon",
    ProviderGuid: "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}",
    Version: 5,
    Level: 4,
    Task: id,
    Opcode: 0,
    Keywords: "-9223372036854775808",
    RecordNumber: chance.below(1e6),
    ThreadID: chance.below(5000),
    UserID: "S-1-5-18",
    Severity: "INFO",
    ...fields,
    Message: `Process event:\r\n${shown}`,
  };
  const text = JSON.stringify(record);
  // Recorders add what the collector knows; here it fills up to the size.
  const missing = 2500 - text.length;
  return missing < 40
    ? text
    : `${text.slice(0, -1)},"EventReceived":"${Array.from({ length: Math.floor(missing / 16) }, () =>
        rareWord(chance).padEnd(15),
      )
        .join(" ")
        .slice(0, missing - 20)}"}`;
}
