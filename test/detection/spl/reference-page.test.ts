import { describe, expect, test } from "vitest";
import { evaluateSpl } from "../../../src/detection/spl/evaluate.js";
import type { SplEvent } from "../../../src/detection/spl/events/spl-event.js";
import { parseSpl } from "../../../src/detection/spl/parse.js";
import { compileSpl } from "../../../src/detection/spl/rule/compile.js";
import { findings, ids, now, run, sysmon } from "./helpers.js";

/**
 * The analytics of the reference page on T1059, as it writes them (attack/t1059-reference.md, "Detailed Detection by Data
 * Source"). Process Metadata is prose there.
 */
const scriptExecution = `index=windows (EventCode=1 OR EventCode=4688 OR EventCode=4103 OR EventCode=4104) (CommandLine="*script*")
| search script_name IN ("*.ps1", "*.sh", "*.py", "*.rb", "*.js", "*.vbs")
| eval suspicious_script=if(like(script_name, "%.sh") AND hour(_time) NOT BETWEEN 8 AND 18, "Yes", "No")
| where suspicious_script="Yes"`;

const processCreation = `(sourcetype=WinEventLog:Security OR sourcetype=sysmon OR sourcetype=linux_secure OR sourcetype=linux_audit OR sourcetype=mac_os_log OR sourcetype=azure:audit OR sourcetype=o365:audit)
(EventCode=4688 OR EventID=1 OR _raw=*sh* OR _raw=*python* OR _raw=*powershell* OR _raw=*cmd* OR _raw=*script* OR _raw=*wscript* OR _raw=*bash*)`;

const moduleLoad = String.raw`sourcetype=WinEventLog:Microsoft-Windows-Sysmon/Operational
| search EventCode=7 ImageLoaded IN ("C:\\Windows\\System32\\JScript.dll", "C:\\Windows\\System32\\vbscript.dll", "System.Management.Automation.dll")`;

const commandExecution = `(sourcetype=WinEventLog:Security OR OR sourcetype=sysmon OR sourcetype=linux_secure OR sourcetype=linux_audit OR sourcetype=mac_os_log OR sourcetype=azure:audit OR sourcetype=o365:audit)
| search Image IN ("bash", "sh", "cmd", "powershell", "python", "java", "perl", "ruby", "node", "osascript", "wmic")
| eval suspicious_cmds=if(like(command_line, "%Invoke-Obfuscation%") OR like(command_line, "%-EncodedCommand%") OR like(command_line, "%IEX%") OR like(command_line, "%wget%") OR like(command_line, "%curl%"), "Yes", "No")`;

const lenient = { mode: "lenient" } as const;
const night = Date.UTC(2026, 10, 24, 23);

function linux(fields: Record<string, unknown>): SplEvent {
  return { id: "linux", time: now, fields, logsource: { product: "linux", category: "process_creation" } };
}

/** The events that the query as it was evidently meant keeps; so must the corrected query, read strictly. */
function kept(query: string, events: readonly SplEvent[]): string[] {
  const { corrected } = parseSpl(query, "query.spl");
  const found = ids(query, events, lenient);
  if (corrected !== null) {
    expect(findings(corrected)).toEqual([]);
    expect(ids(corrected, events)).toEqual(found);
  }
  return found;
}

describe("Script Execution: attempts to enable scripts", () => {
  const atNight = sysmon({ CommandLine: "bash C:/tools/script/run.sh" }, night);
  const byDay = sysmon({ CommandLine: "bash C:/tools/script/run.sh" }, now);
  const atSix = sysmon({ CommandLine: "bash C:/tools/script/run.sh" }, Date.UTC(2026, 10, 24, 18, 59));
  const python = sysmon({ CommandLine: "python C:/tools/script/run.py" }, night);
  const noScript = sysmon({ CommandLine: "bash C:/tools/run.sh" }, night);
  const network = sysmon({ EventID: 3, CommandLine: "bash C:/tools/script/run.sh" }, night);

  test("strict reading tells each defect where it stands, and the query that is meant", () => {
    expect(findings(scriptExecution)).toEqual([
      "2:10 field-unknown",
      "3:59 unknown-function",
      "3:71 between-unknown",
    ]);
    const { query, corrected, diagnostics } = parseSpl(scriptExecution, "query.spl");
    expect(query).toBeNull();
    expect(corrected).toContain(
      '(tonumber(strftime(_time, "%H")) < 8 OR tonumber(strftime(_time, "%H")) > 18)',
    );
    expect(diagnostics.map(({ hint }) => hint)).toEqual([
      "take the script in the command line out with rex field=CommandLine",
      'write tonumber(strftime(_time, "%H"))',
      "write (x<low OR x>high)",
    ]);
  });

  test("what is meant: a shell script, from 19 to 8 o'clock", () => {
    expect(kept(scriptExecution, [atNight, byDay, atSix, python, noScript, network])).toEqual([atNight.id]);
  });
});

describe("Process Creation: command and scripting processes", () => {
  test("has no defect", () => {
    expect(findings(processCreation)).toEqual([]);
  });

  test("takes every process creation of Windows, and events of the other logs that name an interpreter", () => {
    const creation = sysmon({ Image: String.raw`C:\Windows\notepad.exe` });
    const network = sysmon({ EventID: 3, Image: String.raw`C:\x\notepad.exe` });
    const networkOfShell = sysmon({ EventID: 3, Image: String.raw`C:\Windows\System32\cmd.exe` });
    const shell = linux({ Image: "/usr/bin/bash" });
    const other = { ...linux({ Image: "/usr/bin/vim" }), id: "vim" };
    const firewall = { id: "firewall", time: now, fields: { a: "bash" }, sourcetype: "pan:traffic" };
    const all = [creation, network, networkOfShell, shell, other, firewall];
    expect(kept(processCreation, all)).toEqual([creation.id, networkOfShell.id, "linux"]);
  });
});

describe("Module Load: modules of scripting languages", () => {
  const loaded = (path: string): SplEvent => ({
    ...sysmon({ EventID: 7, ImageLoaded: path }),
    logsource: { product: "windows", category: "image_load", service: "sysmon" },
  });
  const automation = loaded(
    String.raw`C:\Windows\assembly\System.Management.Automation\1.0\System.Management.Automation.dll`,
  );
  const vbscript = loaded(String.raw`c:\windows\system32\VBScript.dll`);
  const other = loaded(String.raw`C:\Windows\System32\kernel32.dll`);
  const elsewhere = loaded(String.raw`C:\Temp\vbscript.dll`);

  test("strict reading takes it as Splunk does, and tells which name never matches", () => {
    expect(findings(moduleLoad)).toEqual(["2:22 path-missing"]);
    expect(ids(moduleLoad, [automation, vbscript, other])).toEqual([vbscript.id]);
  });

  test("what is meant takes the module from any folder", () => {
    expect(kept(moduleLoad, [automation, vbscript, other, elsewhere])).toEqual([automation.id, vbscript.id]);
  });
});

describe("Command Execution: suspicious commands", () => {
  const windows = sysmon({
    Image: String.raw`C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`,
    CommandLine: "powershell -EncodedCommand SQBFAFgA",
  });
  const harmless = sysmon({ Image: String.raw`C:\Windows\System32\cmd.exe`, CommandLine: "cmd /c dir" });
  const browser = sysmon({ Image: String.raw`C:\x\browser.exe`, CommandLine: "browser curl" });
  const shell = linux({ Image: "/usr/bin/bash", CommandLine: "bash -c 'curl http://127.0.0.1/x | sh'" });

  test("strict reading tells each defect where it stands", () => {
    expect(findings(commandExecution)).toEqual([
      "1:37 operator-repeated",
      "2:10 path-missing",
      "3:3 flag-not-filtered",
      "3:32 field-misnamed",
      "3:78 field-misnamed",
      "3:121 field-misnamed",
      "3:152 field-misnamed",
      "3:184 field-misnamed",
    ]);
    expect(parseSpl(commandExecution, "query.spl").query).toBeNull();
  });

  test("with OR OR mended and nothing else it never finds anything", () => {
    expect(ids(commandExecution.replace("OR OR", "OR"), [windows, shell])).toEqual([]);
  });

  test("what is meant: interpreters by their paths, and only the suspicious commands", () => {
    expect(kept(commandExecution, [windows, harmless, browser, shell])).toEqual([windows.id, "linux"]);
  });
});

describe("Process Metadata: PowerShell events 400 and 403", () => {
  /** An event of the channel "Windows PowerShell", whose message holds what the prose names. */
  const engine = (id: string, EventID: number, host: string, version: string, time = now): SplEvent => ({
    id,
    time,
    fields: { EventID, Channel: "Windows PowerShell", Computer: "ws1" },
    raw: `<Event><EventID>${EventID}</EventID><Data>Available</Data><Data>HostName=${host}\n\tHostVersion=5.1\n\tHostId=id-${host}\n\tEngineVersion=${version}\n\tRunspaceId=1</Data></Event>`,
    logsource: { product: "windows", category: "ps_classic_start", service: "powershell-classic" },
  });
  const extraction = String.raw`source="XmlWinEventLog:Windows PowerShell" EventCode IN (400, 403)
| rex "EngineVersion=(?<EngineVersion>[^\s<]*)" | rex "HostName=(?<HostName>[^\r\n<]*)" | rex "HostId=(?<HostId>[^\s<]*)"`;
  const local = engine("local", 400, "ConsoleHost", "5.1.19041");
  const old = engine("old", 400, "ConsoleHost", "2.0");
  const remote = engine("remote", 400, "ServerRemoteHost", "5.1.19041");
  const end = engine("end", 403, "ServerRemoteHost", "5.1.19041", now + 90_000);
  const script = { ...engine("script", 800, "ConsoleHost", "2.0") };
  const all = [local, old, remote, end, script];

  test("an old engine (a downgrade)", () => {
    const downgrade = `${extraction} | where EventCode=400 AND tonumber(mvindex(split(EngineVersion, "."), 0)) < 5`;
    expect(findings(downgrade)).toEqual([]);
    expect(ids(downgrade, all)).toEqual(["old"]);
  });

  test("a remote session", () => {
    expect(ids(`${extraction} | search EventCode=400 HostName=ServerRemoteHost`, all)).toEqual(["remote"]);
    expect(ids(`${extraction} | search EventCode=400 HostName!=ConsoleHost`, all)).toEqual(["remote"]);
  });

  test("how long a session took, from both of its events", () => {
    const sessions = `${extraction}
      | stats earliest(eval(if(EventCode=400, _time, null()))) AS start latest(eval(if(EventCode=403, _time, null()))) AS end by HostId
      | where isnotnull(start) AND isnotnull(end) | eval seconds=end-start | table HostId seconds`;
    expect(run(sessions, all)).toEqual([
      { fields: { HostId: "id-ServerRemoteHost", seconds: 90 }, events: ["remote", "end"] },
    ]);
  });

  test("fields that a sensor has taken out already are used as they are", () => {
    const parsed = {
      ...local,
      raw: undefined,
      fields: { ...local.fields, EngineVersion: "2.0", HostName: "ConsoleHost" },
    };
    expect(ids('EventCode=400 EngineVersion="2.*"', [parsed, local])).toEqual(["local"]);
  });
});

test("all of the page are rules when they are read leniently", () => {
  for (const query of [scriptExecution, processCreation, moduleLoad, commandExecution]) {
    const { rule, diagnostics } = compileSpl(query, "page/analytic.spl", lenient);
    expect(rule?.id).toBe("analytic");
    expect(diagnostics.every(({ severity }) => severity === "warning")).toBe(true);
  }
});

test("curly quotes are told and, read leniently, are quotes", () => {
  const query = "sourcetype=sysmon Image=“*\\\\cmd.exe” | where CommandLine=‘Image’";
  expect(findings(query)).toEqual([
    "1:25 curly-quote",
    "1:36 curly-quote",
    "1:58 curly-quote",
    "1:64 curly-quote",
  ]);
  const event = sysmon({ Image: String.raw`C:\x\cmd.exe`, CommandLine: String.raw`C:\x\cmd.exe` });
  expect(ids(query, [event], lenient)).toEqual([event.id]);
  expect(evaluateSpl(query, "query.spl", [event]).rows).toBeNull();
});
