import { describe, expect, test } from "vitest";
import { canPrintNothing } from "../../../src/playbook/effects/device.js";
import { effectsOf } from "./analysis.js";

/** What lint makes of lines for the command line of a network device. */

const change = ["configuration-change"];

test.each<[string, string[]]>([
  ["show version", []],
  ["show ip route\nshow interface brief | include lo\nshow clock", []],
  ["show interfaces descriptions | match lo0 | count", []],
  ["terminal length 0\nset cli screen-length 0\nexit", []],
  ["show running-config", ["configuration-read"]],
  ["show configuration | display set", ["configuration-read"]],
  ["show archive log config all", ["configuration-read"]],
  ["show snmp community", ["credentials"]],
  ["show crypto key mypubkey rsa", ["credentials"]],
  ["configure terminal\ninterface lo\ndescription lab text\nno description\nend\nshow clock", change],
  ["configure terminal\ninterface Loopback 0\nexit\nip route 192.0.2.0/24 Null0\nend", change],
  ["configure\nset interfaces lo0 description lab\ncommit\nexit configuration-mode", change],
  ["configure terminal\ndo show running-config\nend", ["configuration-change", "configuration-read"]],
  ["ping 192.0.2.1", ["network"]],
  ["configure terminal\ndo ping 192.0.2.1\nend", ["configuration-change", "network"]],
  ["write memory", ["persistence"]],
  ["copy running-config startup-config", ["persistence"]],
])("%j", async (code, effects) => {
  expect(await effectsOf("device", code)).toEqual(effects);
});

describe("what is not known to be harmless is destructive", () => {
  test.each([
    ...["reload", "write erase", "erase startup-config", "format flash:", "delete flash:vlan.dat"],
    ...["clear counters", "debug all", "request system reboot", "shutdown", "tclsh", "guestshell run bash"],
    ...["start shell", "run bash reboot", "python bootflash:x.py", "event manager run x", "boot system x"],
    // Abbreviations, which devices take.
    ...["sh run", "conf t", "wr er", "relo"],
    // Outside the configuration mode these are other commands.
    ...["description x", "commit", "interface lo", "ip route 192.0.2.0/24 Null0"],
  ])("%s", async (code) => {
    const found = await effectsOf("device", code);
    expect(found.some((effect) => effect === "destructive" || effect === "persistence")).toBe(true);
  });

  test.each([
    "interface GigabitEthernet0/1",
    "interface lo\nshutdown",
    "interface lo\nip address 10.0.0.1/8",
    "interface lo\nexit\ndescription x",
    "ip route 0.0.0.0/0 Null0",
    "ip route 192.0.2.0/24 10.0.0.1",
    "hostname other",
    "username x secret y",
    "no logging host 192.0.2.5",
    "do reload",
    "interface lo\ndescription x ; reload",
    "interface lo\ndescription x\u0007",
  ])("in the configuration mode: %j", async (code) => {
    expect(await effectsOf("device", `configure terminal\n${code}`)).toContain("destructive");
  });

  test.each([
    "show version ; reload",
    "show version && reboot",
    "show $(reboot)",
    "show `reboot`",
    "show running-config > flash:x",
    "show running-config | redirect tftp://192.0.2.5/x",
    "show running-config | append flash:x",
    "show version | tee flash:x",
    "show version | bash",
    "show version | no-more | save x",
    "terminal length 0 ; reload",
    "configure terminal ; reload",
    "show ip ?",
    "show ip\treload",
    "! comment ; reload",
  ])("behind a sign: %j", async (code) => {
    expect(await effectsOf("device", code)).toContain("destructive");
  });
});

test.each([
  ["show running-config | include maintenance", true],
  ["  show configuration | match x\n", true],
  ["show running-config", false],
  ["show version\nshow running-config | include x", false],
  ["show running-config | include ", false],
  ["end", false],
])("a check that can print nothing: %j", (check, can) => {
  expect(canPrintNothing(check)).toBe(can);
});
