import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deviceLogFormats } from "../../../src/model/inventory.js";
import { commandsOf, readDeviceLog } from "./reading.js";

/** Lines are written from the vendors' documentation. */
describe("Cisco IOS (%PARSER-5-CFGLOG_LOGGEDCMD)", () => {
  const lines = [
    "<189>Nov 24 11:00:37 edge-1 54: 000051: Nov 24 11:00:37.041: %PARSER-5-CFGLOG_LOGGEDCMD: User:console  logged command:interface Loopback0",
    "Nov 24 11:00:38 edge-1 55: %PARSER-5-CFGLOG_LOGGEDCMD: User:ops  logged command:!exec: enable ",
    "Nov 24 11:00:39 edge-1 56: %SYS-5-CONFIG_I: Configured from console by console",
  ];

  test("names the user and the command, and no session", () => {
    const { events, counts } = readDeviceLog("ios", lines);
    expect(events.map(({ fields, session, logsource }) => ({ fields, session, logsource }))).toEqual([
      {
        fields: { CommandLine: "interface Loopback0", User: "console", Mode: "config" },
        session: null,
        logsource: { product: "cisco", category: "device_command", service: "syslog" },
      },
      {
        fields: { CommandLine: "enable", User: "ops" },
        session: null,
        logsource: { product: "cisco", category: "device_command", service: "syslog" },
      },
    ]);
    expect(counts).toMatchObject({ ignored: 1, malformed: 0 });
  });

  test("gives a user a session only where nobody else logs in by that name", () => {
    expect(commandsOf(readDeviceLog("ios", lines, { ownUsers: ["ops"] }).events)).toEqual([
      "-: interface Loopback0",
      "user ops: enable",
    ]);
  });

  test("a time of a clock that was never set is no time", () => {
    const text = "*Mar  1 00:06:03.051: %PARSER-5-CFGLOG_LOGGEDCMD: User:console  logged command:end";
    expect(readDeviceLog("ios", [text]).counts).toMatchObject({ events: 0, malformed: 1 });
  });
});

describe("Cisco NX-OS (accounting log)", () => {
  test("has the terminal, the address, the modes and the result", () => {
    const { events, counts } = readDeviceLog("nxos", [
      "Tue Nov 24 11:00:37 2026:type=update:id=192.0.2.77@pts/3:user=ops:cmd=configure terminal ; interface Ethernet1/10 ; description lab (SUCCESS)",
      "Tue Nov 24 11:00:38 2026:type=update:id=2001:db8::7@pts/4:user=ops:cmd=show version (SUCCESS)",
      "Tue Nov 24 11:00:39 2026:type=start:id=192.0.2.77@pts/3:user=ops:cmd=",
      "Tue Nov 24 11:00:40 2026:type=update:id=console0:user=admin:cmd=show clock (FAILURE)",
    ]);
    expect(events.map(({ fields, session }) => ({ fields, session }))).toEqual([
      {
        fields: {
          CommandLine: "description lab",
          User: "ops",
          Terminal: "pts/3",
          SourceIp: "192.0.2.77",
          Mode: "configure terminal ; interface Ethernet1/10",
          Result: "SUCCESS",
        },
        session: "ops@192.0.2.77@pts/3",
      },
      {
        fields: {
          CommandLine: "show version",
          User: "ops",
          Terminal: "pts/4",
          SourceIp: "2001:db8::7",
          Result: "SUCCESS",
        },
        session: "ops@2001:db8::7@pts/4",
      },
      {
        fields: { CommandLine: "show clock", User: "admin", SourceIp: "console0", Result: "FAILURE" },
        session: null,
      },
    ]);
    expect(counts.ignored).toBe(1);
  });
});

describe("Junos (UI_CMDLINE_READ_LINE)", () => {
  test.each([
    "Nov 24 11:00:37 core-1 mgd[4163]: UI_CMDLINE_READ_LINE: User 'ops', command 'show configuration | display set '",
    "<190>Nov 24 11:00:37 core-1 mgd[4163]: %INTERACT-6-UI_CMDLINE_READ_LINE: User 'ops', command 'show configuration | display set '",
    `<190>1 2026-11-24T11:00:37.000Z core-1 mgd 4163 UI_CMDLINE_READ_LINE [junos@2636.1.1.1.2.18 username="ops" command="show configuration | display set "] User 'ops', command 'show configuration | display set '`,
  ])("%s", (line) => {
    const { events } = readDeviceLog("junos", [line]);
    expect(events).toMatchObject([
      {
        fields: { CommandLine: "show configuration | display set", User: "ops" },
        session: "mgd[4163]",
        time: Date.UTC(2026, 10, 24, 11, 0, 37),
      },
    ]);
  });

  test("quotes within a command are kept", () => {
    const plain =
      "Nov 24 11:00:37 core-1 mgd[4163]: UI_CMDLINE_READ_LINE: User 'ops', command 'show log | match \"it's\" '";
    const structured = String.raw`<190>1 2026-11-24T11:00:37Z core-1 mgd 4163 UI_CMDLINE_READ_LINE [junos@2636.1 username="ops" command="show log | match \"it's\" "]`;
    for (const line of [plain, structured]) {
      expect(commandsOf(readDeviceLog("junos", [line]).events)).toEqual([
        `mgd[4163]: show log | match "it's"`,
      ]);
    }
  });
});

describe("Arista EOS (aaa accounting ... logging)", () => {
  test("a command counts once, at its end", () => {
    const { events, counts } = readDeviceLog("eos", [
      "Nov 24 11:00:37 spine-1 Aaa: %ACCOUNTING-6-CMD: ops vty6 192.0.2.77 start task_id=17 start_time=1795863637.5 timezone=UTC service=shell priv-lvl=15 cmd=show running-config <cr>",
      "Nov 24 11:00:37 spine-1 Aaa: %ACCOUNTING-6-CMD: ops vty6 192.0.2.77 stop task_id=17 start_time=1795863637.5 timezone=UTC service=shell priv-lvl=15 cmd=show running-config <cr>",
      "2026 Nov 24 11:00:38 UTC spine-1 Aaa: 12: %ACCOUNTING-6-CMD: gnmi unknown unknown stop task_id=18 timezone=UTC service=shell priv-lvl=15 cmd=OpenConfig.Set",
      "Nov 24 11:00:39 spine-1 Ebra: %LINEPROTO-5-UPDOWN: Line protocol on Interface Ethernet1, changed state to up",
    ]);
    expect(commandsOf(events)).toEqual(["ops@192.0.2.77@vty6: show running-config", "-: OpenConfig.Set"]);
    expect(events[0]?.logsource).toEqual({ product: "arista", category: "device_command", service: "aaa" });
    expect(counts).toMatchObject({ ignored: 2, malformed: 0 });
  });
});

describe("TACACS+ accounting (tac_plus)", () => {
  test("has user, terminal and address", () => {
    const record = (edge: string, attributes: string): string =>
      `Nov 24 11:00:37 2026\t192.0.2.1\tops\ttty2\t192.0.2.77\t${edge}\t${attributes}`;
    const { events, counts } = readDeviceLog("tacacs", [
      record("stop", "task_id=8\ttimezone=UTC\tservice=shell\tpriv-lvl=15\tcmd=show running-config <cr>"),
      record("stop", "task_id=9\tservice=shell\telapsed_time=12"),
      record("start", "task_id=7\tservice=shell\tcmd=show version <cr>"),
      "Nov 24 11:00:37 2026 something else",
    ]);
    expect(events.map(({ fields, session, time }) => ({ fields, session, time }))).toEqual([
      {
        fields: {
          CommandLine: "show running-config",
          User: "ops",
          Terminal: "tty2",
          SourceIp: "192.0.2.77",
        },
        session: "ops@192.0.2.77@tty2",
        time: Date.UTC(2026, 10, 24, 11, 0, 37),
      },
    ]);
    expect(counts).toMatchObject({ ignored: 2, malformed: 1 });
  });
});

test("a time without a year is the last one that has passed, and a clock's zone is taken off", () => {
  const [event] = readDeviceLog(
    "ios",
    ["Dec 31 23:00:00 edge-1 1: %PARSER-5-CFGLOG_LOGGEDCMD: User:ops  logged command:end"],
    { utcOffsetMinutes: 60 },
  ).events;
  expect(event?.time).toBe(Date.UTC(2025, 11, 31, 22));
});

test("nothing that a log holds makes a reader fail", () => {
  fc.assert(
    fc.property(fc.constantFrom(...deviceLogFormats), fc.array(fc.string()), (format, rest) => {
      const lines = rest.flatMap((text) => [
        text,
        `Nov 24 11:00:37 ${text}`,
        `2026/11/24 11:00:37 ZEBRA: ${text}`,
      ]);
      const { counts } = readDeviceLog(format, lines);
      expect(counts.lines).toBe(lines.length);
    }),
  );
});
