import { describe, expect, test } from "vitest";
import { sentinelOf } from "../../../src/model/event.js";
import { commandsOf, readDeviceLog } from "./reading.js";

const at = (second: string): string => `2026/11/24 11:00:${second}.160617`;
const id = "[M7Q4P-46WDR]";
/** A line of FRR 8.4's `log commands`. */
const line = (daemon: string, vty: number, command: string, prompt = "#"): string =>
  `${at("37")} ${daemon}: ${id} vty[${String(vty)}]@${prompt} ${command}`;
const sentinel = (edge: string, trial: string): string =>
  `do show thread cpu tyrian-sentinel.${edge}.${trial}`;

test("a command has its time, its daemon, its terminal and its mode", () => {
  const { events } = readDeviceLog("frr", [
    `${at("37")} ZEBRA: ${id} vty[31]@(config-if)# description hello world`,
  ]);
  expect(events).toEqual([
    {
      id: `r1/device-log/${String(Date.UTC(2026, 10, 24, 11, 0, 37) + 160.617)}:1`,
      host: "r1",
      sensor: "device-log",
      kind: "command",
      logsource: { product: "frr", category: "device_command", service: "commands" },
      time: Date.UTC(2026, 10, 24, 11, 0, 37) + 160.617,
      ingestedAt: Date.UTC(2026, 10, 24, 12),
      sequence: 1,
      session: "zebra/vty31#0",
      pid: 0,
      ppid: 0,
      argv: [],
      error: null,
      fields: {
        CommandLine: "description hello world",
        Terminal: "vty31",
        Mode: "config-if",
        Daemon: "zebra",
      },
      original: { line: `${at("37")} ZEBRA: ${id} vty[31]@(config-if)# description hello world` },
    },
  ]);
});

test.each([
  ["without a message id, as before FRR 8", "2026/11/24 11:00:37 ZEBRA: vty[9]@# show ip route"],
  ["with the address of a client over TCP", `${at("37")} BGP: ${id} vty[9]@127.0.0.1# show ip route`],
  ["through syslog", `<189>Nov 24 11:00:37 r1 zebra[11]: ${id} vty[9]@# show ip route`],
  ["through syslog by RFC 3339", `2026-11-24T12:00:37.2+01:00 r1 zebra[11]: ${id} vty[9]@# show ip route`],
  ["with a class", `${at("37")} ZEBRA: ${id}[EC 4043309110] vty[9]@# show ip route`.replace("][EC", "] [EC")],
])("a line %s", (_what, text) => {
  const { events, counts } = readDeviceLog("frr", [text]);
  expect(events.map(({ fields }) => fields["CommandLine"])).toEqual(["show ip route"]);
  expect(Math.floor((events[0]?.time ?? 0) / 1000)).toBe(Date.UTC(2026, 10, 24, 11, 0, 37) / 1000);
  expect(counts).toMatchObject({ events: 1, malformed: 0 });
});

test("other messages are ignored, and what is no line of it is counted", () => {
  const { events, counts } = readDeviceLog("frr", [
    `${at("37")} ZEBRA: [VTVCM-Y2NW3] Configuration Read in Took: 00:00:00`,
    `${at("37")} ZEBRA: ${id} vty[31]@# `,
    "",
    "Configuration Read",
    "2026/13/45 11:00:37 ZEBRA: vty[9]@# show version",
  ]);
  expect(events).toEqual([]);
  expect(counts).toMatchObject({ lines: 5, ignored: 2, malformed: 2 });
});

test("a command that mentions another command is one command", () => {
  const text = "description vty[9]@# reload";
  expect(commandsOf(readDeviceLog("frr", [line("ZEBRA", 31, text, "(config-if)#")]).events)).toEqual([
    `zebra/vty31#0: ${text}`,
  ]);
});

describe("the daemons that one vtysh speaks to", () => {
  test("are told together by a sentinel, which is one event", () => {
    const { events, counts } = readDeviceLog("frr", [
      line("ZEBRA", 31, "enable", ">"),
      line("STATIC", 13, "enable", ">"),
      line("ZEBRA", 31, sentinel("begin", "t-1")),
      line("STATIC", 13, sentinel("begin", "t-1")),
      line("STATIC", 13, "ip route 192.0.2.0/24 Null0", "(config)#"),
      line("ZEBRA", 31, sentinel("end", "t-1")),
      line("STATIC", 13, sentinel("end", "t-1")),
    ]);
    expect(commandsOf(events).slice(2)).toEqual([
      "zebra/vty31#1: do show thread cpu tyrian-sentinel.begin.t-1",
      "zebra/vty31#1: ip route 192.0.2.0/24 Null0",
      "zebra/vty31#1: do show thread cpu tyrian-sentinel.end.t-1",
    ]);
    expect(events.map(sentinelOf).filter((one) => one !== null)).toEqual([
      { edge: "begin", trial: "t-1" },
      { edge: "end", trial: "t-1" },
    ]);
    expect(counts.ignored).toBe(2);
  });

  test("are not told together where the sentinel did not reach one of them", () => {
    const { events } = readDeviceLog("frr", [
      line("ZEBRA", 31, sentinel("begin", "t-1")),
      line("STATIC", 13, "ip route 192.0.2.0/24 Null0", "(config)#"),
    ]);
    expect(commandsOf(events)).toContain("static/vty13#0: ip route 192.0.2.0/24 Null0");
  });

  test("a number that is given again is another session", () => {
    const { events } = readDeviceLog("frr", [
      line("ZEBRA", 31, "enable", ">"),
      line("STATIC", 13, "enable", ">"),
      line("ZEBRA", 31, sentinel("begin", "t-1")),
      line("STATIC", 13, sentinel("begin", "t-1")),
      line("ZEBRA", 31, "enable", ">"),
      line("STATIC", 13, "enable", ">"),
      line("STATIC", 13, "no ip route 192.0.2.0/24 Null0", "(config)#"),
    ]);
    expect(commandsOf(events).at(-1)).toBe("static/vty13#2: no ip route 192.0.2.0/24 Null0");
  });

  test("two vtysh at once keep their own", () => {
    const { events } = readDeviceLog("frr", [
      line("ZEBRA", 31, sentinel("begin", "t-1")),
      line("ZEBRA", 33, sentinel("begin", "t-2")),
      line("STATIC", 15, sentinel("begin", "t-2")),
      line("STATIC", 13, sentinel("begin", "t-1")),
      line("STATIC", 13, "ip route 192.0.2.0/24 Null0", "(config)#"),
      line("STATIC", 15, "ip route 198.51.100.0/24 Null0", "(config)#"),
    ]);
    expect(commandsOf(events).slice(-2)).toEqual([
      "zebra/vty31#0: ip route 192.0.2.0/24 Null0",
      "zebra/vty33#0: ip route 198.51.100.0/24 Null0",
    ]);
  });

  test("who says a trial's words again is seen, and is not the trial's session", () => {
    const { events } = readDeviceLog("frr", [
      line("ZEBRA", 31, sentinel("begin", "t-1")),
      line("STATIC", 13, sentinel("begin", "t-1")),
      line("ZEBRA", 40, sentinel("begin", "t-1")),
    ]);
    expect(commandsOf(events)).toEqual([
      "zebra/vty31#0: do show thread cpu tyrian-sentinel.begin.t-1",
      "zebra/vty40#0: do show thread cpu tyrian-sentinel.begin.t-1",
    ]);
  });

  test("a connection that is known to be one vtysh's is not given to another", () => {
    const { events } = readDeviceLog("frr", [
      line("ZEBRA", 31, sentinel("begin", "t-1")),
      line("STATIC", 13, sentinel("begin", "t-1")),
      line("ZEBRA", 33, sentinel("begin", "t-2")),
      line("STATIC", 13, sentinel("begin", "t-2")),
    ]);
    expect(commandsOf(events).at(-1)).toBe("zebra/vty31#0: do show thread cpu tyrian-sentinel.begin.t-2");
  });
});
