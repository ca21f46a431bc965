import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HostEvent } from "../../../src/model/event.js";
import { hostEventSchema, sentinelOf } from "../../../src/model/event.js";
import { parserOf } from "../../../src/telemetry/sources.js";
import type { SensorParser, TimedRecord } from "../../../src/telemetry/sensor.js";

const T0 = Date.UTC(2026, 10, 24, 12, 0, 0);
const sysmonChannel = "Microsoft-Windows-Sysmon/Operational";

/** A created process as Sysmon's event 1, in flat JSON. */
function sysmon(over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...{ EventID: 1, Channel: sysmonChannel, Computer: "WIN1.lab.test", EventRecordID: 500 },
    ...{
      TimeCreated_SystemTime: "2026-11-24T12:00:00.5Z",
      ProcessGuid: "{0F5A1D2C-1111-2222-3333-444455556666}",
    },
    ...{ ProcessId: 4242, Image: "C:\\Windows\\System32\\cmd.exe", User: "LAB\\op", LogonId: "0x3E5A1" },
    ...{ CommandLine: "cmd.exe  /d /c rem tyrian-sentinel begin run-0001", ParentProcessId: 77 },
    ...over,
  };
}

/** The same as Security's event 4688. */
function security(over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...{ EventID: 4688, Channel: "Security", Computer: "WIN1.lab.test", EventRecordID: 900 },
    ...{ TimeCreated_SystemTime: "2026-11-24T12:00:00.5Z", NewProcessId: "0x1092", ProcessId: "0x4d" },
    ...{ NewProcessName: "C:\\Windows\\System32\\cmd.exe", CommandLine: "cmd.exe /c ver" },
    ...{
      SubjectUserName: "op",
      SubjectDomainName: "LAB",
      SubjectLogonId: "0x3e5a1",
      SubjectUserSid: "S-1-5-21-1",
    },
    ...{ TargetUserName: "-", TargetDomainName: "-", TargetLogonId: "0x0", TargetUserSid: "S-1-0-0" },
    ...over,
  };
}

function without(document: Record<string, unknown>, ...names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([name]) => !names.includes(name)));
}

const parserFor = (sensor: "sysmon" | "security"): SensorParser =>
  parserOf({ type: "windows-log", file: "unused", sensor });

function told(
  document: Record<string, unknown>,
  sensor: "sysmon" | "security" = "sysmon",
): HostEvent | undefined {
  const [event] = parserFor(sensor).push(JSON.stringify(document), 0, T0);
  return event === undefined ? undefined : hostEventSchema.parse(event);
}

describe("created processes in a file of Windows events", () => {
  test("of Sysmon have the session, the processes and the record's number", () => {
    const event = told(sysmon());
    expect(event).toMatchObject({
      ...{
        id: `WIN1.lab.test/sysmon/${T0 + 500}:500`,
        host: "WIN1.lab.test",
        sensor: "sysmon",
        kind: "exec",
      },
      ...{ sequence: 500, time: T0 + 500, ingestedAt: T0, session: "0x3e5a1", pid: 4242, ppid: 77, argv: [] },
      logsource: { product: "windows", category: "process_creation", service: "sysmon" },
    });
    expect(event && sentinelOf(event)).toEqual({ edge: "begin", trial: "run-0001" });
  });

  test("of the Security log have them too; ProcessId, which its two log sources use for two things, is absent", () => {
    const event = told(security(), "security");
    expect(event).toMatchObject({
      session: "0x3e5a1",
      pid: 0x1092,
      ppid: 0x4d,
      sequence: 900,
      sensor: "security",
    });
    expect(event?.fields).toMatchObject({ Image: "C:\\Windows\\System32\\cmd.exe", EventID: "4688" });
    expect(event?.fields["ProcessId"]).toBeUndefined();
  });

  test("have null where the event does not tell", () => {
    expect(told(without(sysmon(), "LogonId", "ParentProcessId"))).toMatchObject({
      session: null,
      ppid: null,
    });
    // Before its version 2 the event knows the creator's logon only.
    const old = without(security(), "TargetUserName", "TargetDomainName", "TargetLogonId", "TargetUserSid");
    expect(told(old, "security")).toMatchObject({ session: null });
    expect(told(security({ CommandLine: "" }), "security")?.fields["CommandLine"]).toBeUndefined();
  });

  test.each(["0x3e7", "0x3E4", "997", "0x0", "", "-"])(
    "have no session of the logon %s, which is nobody's own",
    (LogonId) => expect(told(sysmon({ LogonId }))).toMatchObject({ session: null }),
  );

  test("have one session however its logon is written", () => {
    for (const LogonId of ["0x3e5a1", "0x3E5A1", String(0x3e5a1), 0x3e5a1, "0x000000000003e5a1"])
      expect(told(sysmon({ LogonId }))?.session).toBe("0x3e5a1");
  });

  test("of another sensor, and other events, are passed over", () => {
    const parser = parserFor("sysmon");
    for (const document of [security(), sysmon({ EventID: 5 }), sysmon({ EventID: 13 })])
      expect(parser.push(JSON.stringify(document), 0, T0)).toEqual([]);
    expect(parser.counts()).toMatchObject({ lines: 3, ignored: 3, events: 0 });
    expect(parser.lost("WIN1.lab.test")).toBe(0);
  });

  test("of the sensor that are no events of a verdict are told by their numbers, which are then not missing", () => {
    const others: TimedRecord[] = [];
    const source = { type: "windows-log", file: "unused", sensor: "sysmon" } as const;
    const parser = parserOf(source, (record) => others.push(record));
    for (const document of [sysmon({ EventID: 5 }), security(), sysmon({ EventID: 7 })])
      parser.push(JSON.stringify(document), 0, T0);
    expect(others).toEqual([{ host: "WIN1.lab.test", sensor: "sysmon", sequence: 500, time: T0 + 500 }]);
  });

  test("that cannot be placed count as lost on their host, and what cannot be read on every host", () => {
    const parser = parserFor("sysmon");
    for (const document of ["EventRecordID", "TimeCreated_SystemTime"].map((name) => without(sysmon(), name)))
      expect(parser.push(JSON.stringify(document), 0, T0)).toEqual([]);
    expect([parser.lost("WIN1.lab.test"), parser.lost("WIN2")]).toEqual([2, 0]);
    expect(parser.push('{"EventID": 1, "Chan', 0, T0)).toEqual([]);
    expect([parser.lost("WIN1.lab.test"), parser.lost("WIN2")]).toEqual([3, 1]);
  });

  test("whatever a line holds, nothing throws and every event follows the model", () => {
    const parser = parserFor("sysmon");
    const value = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.constant([]), fc.object());
    const names = fc.constantFrom(...Object.keys(sysmon()));
    const document = fc.dictionary(names, value).map((over) => JSON.stringify(sysmon(over)));
    fc.assert(
      fc.property(fc.oneof(document, fc.json(), fc.string()), (line) => {
        for (const event of parser.push(line, 0, T0)) hostEventSchema.parse(event);
      }),
    );
  });
});

/** An event of one of PowerShell's logs, as that process wrote it. */
function powershell(eventId: number, over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...{ EventID: eventId, Channel: "Microsoft-Windows-PowerShell/Operational", Computer: "WIN1.lab.test" },
    ...{ EventRecordID: 12, TimeCreated_SystemTime: "2026-11-24T12:00:00.5Z", Execution_ProcessID: 4242 },
    ...over,
  };
}

describe("what processes did, in a file of Windows events", () => {
  test.each<[string, Record<string, unknown>, Partial<HostEvent>]>([
    [
      "Sysmon 3",
      sysmon({ EventID: 3 }),
      {
        sensor: "sysmon",
        logsource: { product: "windows", category: "network_connection", service: "sysmon" },
      },
    ],
    [
      "Sysmon 7",
      sysmon({ EventID: 7 }),
      { sensor: "sysmon", logsource: { product: "windows", category: "image_load", service: "sysmon" } },
    ],
    [
      "Sysmon 11",
      sysmon({ EventID: 11 }),
      { sensor: "sysmon", logsource: { product: "windows", category: "file_event", service: "sysmon" } },
    ],
    [
      "Sysmon 22",
      sysmon({ EventID: 22 }),
      { sensor: "sysmon", logsource: { product: "windows", category: "dns_query", service: "sysmon" } },
    ],
    [
      "PowerShell 4103",
      powershell(4103),
      {
        sensor: "powershell",
        logsource: { product: "windows", category: "ps_module", service: "powershell" },
      },
    ],
    [
      "PowerShell 7",
      powershell(4104, { Channel: "PowerShellCore/Operational" }),
      {
        sensor: "powershell-core",
        logsource: { product: "windows", category: "ps_script", service: "powershell" },
      },
    ],
    [
      "the classic log",
      powershell(400, { Channel: "Windows PowerShell" }),
      {
        sensor: "powershell-classic",
        logsource: { product: "windows", category: "ps_classic_start", service: "powershell-classic" },
      },
    ],
    [
      "the classic log, of an engine's end",
      powershell(403, { Channel: "Windows PowerShell" }),
      { sensor: "powershell-classic", logsource: { product: "windows", service: "powershell-classic" } },
    ],
  ])("of %s are activities of their process, without a session", (_log, document, expected) => {
    expect(told(document)).toMatchObject({
      ...expected,
      kind: "activity",
      pid: 4242,
      session: null,
      ppid: null,
    });
  });

  test("tell no process where the event names none; data without names stay a list", () => {
    const old = powershell(400, {
      Channel: "Windows PowerShell",
      Execution_ProcessID: 0,
      Data: ["Available", "None"],
    });
    expect(told(old)).toMatchObject({ pid: null, fields: { Data: ["Available", "None"] } });
  });

  const part = (number: number, over: Record<string, unknown> = {}): string =>
    JSON.stringify(
      powershell(4104, {
        ...{ EventRecordID: 20 + number, MessageNumber: number, MessageTotal: 3, ScriptBlockId: "b1" },
        ...{ ScriptBlockText: "abc"[number - 1], ...over },
      }),
    );

  test("are one for a script block in parts, of the first part's number, when the last has come", () => {
    const parser = parserFor("sysmon");
    expect([part(3), part(1)].flatMap((line) => parser.push(line, 0, T0))).toEqual([]);
    expect(parser).toMatchObject({ pending: 1, waitingSince: T0 });
    expect(parser.push(part(2), 0, T0 + 9)).toMatchObject([
      { sequence: 21, ingestedAt: T0 + 9, fields: { ScriptBlockText: "abc" } },
    ]);
    expect(parser.pending).toBe(0);
  });

  test("are each part of a script block, when parts have been waited for in vain", () => {
    const parser = parserFor("sysmon");
    for (const line of [part(1), part(3)]) parser.push(line, 0, T0);
    expect(parser.flush(T0 + 2_000)).toEqual([]);
    expect(parser.flush(T0 + 10_000)).toMatchObject([
      { sequence: 21, fields: { ScriptBlockText: "a" } },
      { sequence: 23, fields: { ScriptBlockText: "c" } },
    ]);
    expect(parser.lost("WIN1.lab.test")).toBe(0);
  });
});
