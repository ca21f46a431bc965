import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HostEvent } from "../../../src/model/event.js";
import { hostEventSchema, sentinelOf } from "../../../src/model/event.js";
import { parserOf } from "../../../src/telemetry/sources.js";
import type { SensorParser } from "../../../src/telemetry/sensor.js";

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
    for (const document of [security(), sysmon({ EventID: 5 }), sysmon({ EventID: 11 })])
      expect(parser.push(JSON.stringify(document), 0, T0)).toEqual([]);
    expect(parser.counts()).toMatchObject({ lines: 3, ignored: 3, events: 0 });
    expect(parser.lost("WIN1.lab.test")).toBe(0);
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
