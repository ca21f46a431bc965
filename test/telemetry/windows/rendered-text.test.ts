import { describe, expect, test } from "vitest";
import { read } from "../files/reading.js";
import { defectOf, eventOf } from "./reading.js";

const sysmonLog = "Microsoft-Windows-Sysmon/Operational";

function rendered(
  channel: string,
  eventId: number,
  message: string,
  source = "Microsoft-Windows-Sysmon",
): string {
  return (
    `11/24/2026 03:00:00 PM\r\nLogName=${channel}\r\nEventCode=${eventId}\r\nEventType=4\r\nComputerName=host1.lab\r\n` +
    `User=NOT_TRANSLATED\r\nSid=S-1-5-18\r\nSidType=0\r\nSourceName=${source}\r\nType=Information\r\nRecordNumber=77\r\n` +
    `Keywords=None\r\nTaskCategory=x\r\nOpCode=Info\r\nMessage=${message.replaceAll("\n", "\r\n")}\r\n`
  );
}

const processText =
  "Process Create:\nRuleName: -\nUtcTime: 2026-11-24 14:00:00.123\nProcessGuid: {0197231e-f7a4-693f-d405-000000000d00}\n" +
  'ProcessId: 13580\nImage: C:\\Windows\\cmd.exe\nCommandLine: cmd /c "echo a=b: c"\nUser: LAB\\op\nHashes: ';

test("Sysmon's text has a value on each line", () => {
  const event = eventOf({ result: { _raw: rendered(sysmonLog, 1, processText) } });
  expect(event).toMatchObject({
    ...{
      host: "host1.lab",
      channel: sysmonLog,
      eventId: 1,
      sequence: 77,
      provider: "Microsoft-Windows-Sysmon",
    },
    // The line of the time has no zone; Sysmon's own is UTC.
    time: Date.UTC(2026, 10, 24, 14, 0, 0, 123),
    process: { guid: "0197231E-F7A4-693F-D405-000000000D00", pid: 13580 },
    logsources: [{ product: "windows", service: "sysmon", category: "process_creation" }],
  });
  expect(event.fields).toMatchObject({
    ...{ Image: "C:\\Windows\\cmd.exe", CommandLine: 'cmd /c "echo a=b: c"', User: "LAB\\op", Hashes: "" },
  });
});

const newProcess =
  "A new process has been created.\n\nCreator Subject:\n\tSecurity ID:\t\tNT AUTHORITY\\SYSTEM\n\tAccount Name:\t\tHOST1$\n" +
  "\tAccount Domain:\t\tLAB\n\tLogon ID:\t\t0x3E7\n\nTarget Subject:\n\tSecurity ID:\t\tNULL SID\n\tAccount Name:\t\t-\n" +
  "\tAccount Domain:\t\t-\n\tLogon ID:\t\t0x0\n\nProcess Information:\n\tNew Process ID:\t\t0x1a2c\n" +
  "\tNew Process Name:\tC:\\Windows\\cmd.exe\n\tToken Elevation Type:\t%%1936\n" +
  "\tMandatory Label:\t\tMandatory Label\\System Mandatory Level\n\tCreator Process ID:\t0x4d0\n" +
  "\tCreator Process Name:\tC:\\a b.exe\n\tProcess Command Line:\tcmd /c whoami\n\n" +
  "Token Elevation Type indicates the type of token that was assigned to the new process.";

test("the English text of a new process in the Security log is read by its labels", () => {
  const text = rendered("Security", 4688, newProcess, "Microsoft Windows security auditing.");
  const { provider, asProcess, time } = eventOf({ _raw: text });
  expect([provider, time]).toEqual(["Microsoft-Windows-Security-Auditing", null]);
  expect(asProcess).toMatchObject({
    ...{ Image: "C:\\Windows\\cmd.exe", CommandLine: "cmd /c whoami", ProcessId: String(0x1a2c) },
    ...{ ParentImage: "C:\\a b.exe", User: "NT AUTHORITY\\SYSTEM", IntegrityLevel: "System" },
  });
});

test("PowerShell's texts are read: script blocks, modules and the classic log", () => {
  const log = "Microsoft-Windows-PowerShell/Operational";
  const script = "if (1) {\n\nScriptBlock ID: none\nPath: no\n}";
  const block = `Creating Scriptblock text (1 of 2):\n${script}\n\nScriptBlock ID: 8a3a3b9c-1111-2222-3333-444455556666\nPath: C:\\a.ps1`;
  expect(eventOf({ _raw: rendered(log, 4104, block) }).fields).toMatchObject({
    ...{ ScriptBlockText: script, MessageNumber: "1", MessageTotal: "2", Path: "C:\\a.ps1" },
    ScriptBlockId: "8a3a3b9c-1111-2222-3333-444455556666",
  });
  const module =
    'CommandInvocation(Get-Date): "Get-Date"\n\n\nContext:\n        Severity = Informational\n\n\nUser Data:\n\n';
  expect(eventOf({ _raw: rendered(log, 4103, module) }).fields).toMatchObject({
    ...{
      Payload: 'CommandInvocation(Get-Date): "Get-Date"',
      ContextInfo: "        Severity = Informational",
    },
  });
  const classic =
    "Engine state is changed from None to Available. \n\nDetails: \n\tNewEngineState=Available\n\tPreviousEngineState=None\n\n\tSequenceNumber=13\n\n\tHostName=ConsoleHost\n\tHostApplication=powershell";
  expect(eventOf({ _raw: rendered("Windows PowerShell", 400, classic, "PowerShell") }).fields).toMatchObject({
    ...{ HostName: "ConsoleHost", HostApplication: "powershell" },
  });
});

describe("what cannot be told apart is refused", () => {
  test.each<[string, string, string]>([
    ["a value of several lines", rendered(sysmonLog, 1, processText.replace("a=b", "a\nb")), "several lines"],
    [
      "a value that passes for another",
      rendered(sysmonLog, 1, processText.replace("a=b", "a\nUser: x")),
      "User twice",
    ],
    ["no values", rendered(sysmonLog, 1, "Process Create:"), "no values"],
    ["another language", rendered("Security", 4688, "Ein neuer Prozess wurde erstellt."), "not in English"],
    [
      "a command line of several lines",
      rendered("Security", 4688, newProcess.replace("whoami", "a\n\tb")),
      "several lines",
    ],
    [
      "a label twice",
      rendered("Security", 4688, newProcess.replace("whoami", "a\n\tMandatory Label:\tx")),
      "twice",
    ],
    [
      "a script that is cut",
      rendered("Microsoft-Windows-PowerShell/Operational", 4104, "Creating Scriptblock text (1 of 1):\na"),
      "not whole",
    ],
    [
      "other events",
      rendered("Security", 4624, "An account was successfully logged on."),
      "no form that is known",
    ],
  ])("%s", (_, text, reason) => {
    expect(defectOf({ _raw: text })).toMatchObject({
      code: "event-text-unreadable",
      message: expect.stringContaining(reason),
      hint: expect.stringContaining("renderXml"),
    });
  });

  test("a text without a log is no event of Windows", () => {
    expect(defectOf({ _raw: "11/24/2026 03:00:00 PM\nEventCode=1\nMessage=x" })).toMatchObject({
      code: "event-not-windows",
    });
  });
});

test("events of a file are parted where the next begins, however it comes in pieces", () => {
  const texts = [processText, processText.replace("a=b", "11/24/2026 03:00:00 PM"), `${processText}é`];
  const file = Buffer.from(`\n${texts.map((text) => rendered(sysmonLog, 1, text)).join("\n")}`);
  const whole = read(file);
  expect(whole.problems).toEqual([]);
  expect(whole.events.map(({ line }) => line)).toEqual([2, 26, 50]);
  expect(whole.events.map(({ document }) => eventOf(document).fields["CommandLine"])).toEqual([
    ...['cmd /c "echo a=b: c"', 'cmd /c "echo 11/24/2026 03:00:00 PM: c"', 'cmd /c "echo a=b: c"'],
  ]);
  for (const cuts of [[70, 300], Array.from(file.keys())]) {
    const pieces = read(file, cuts);
    expect([pieces.events, pieces.problems]).toEqual([whole.events, whole.problems]);
  }
});

test("an event of more than 16 MiB is refused, and the next is read", () => {
  const large = rendered(sysmonLog, 1, `${processText}${"x".repeat(17 * 1024 * 1024)}`);
  const file = `${large}${rendered(sysmonLog, 1, processText)}`;
  for (const cuts of [[], [16_900_000, 17_000_000]]) {
    const { events, problems } = read(file, cuts);
    expect(problems).toMatchObject([{ line: 1, code: "event-too-large" }]);
    expect(events).toMatchObject([{ line: 24 }]);
  }
});
