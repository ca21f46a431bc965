import { expect, test } from "vitest";
import { eventOf } from "./reading.js";

const system = {
  Channel: "Security",
  EventID: 4688,
  Computer: "host1",
  TimeCreated_SystemTime: "2026-11-24T10:11:12Z",
};
const newProcess = {
  ...system,
  SubjectUserSid: "S-1-5-21-1-2-3-1001",
  SubjectUserName: "op",
  SubjectDomainName: "LAB",
  SubjectLogonId: "0x3e5a",
  NewProcessId: "0x1a2c",
  NewProcessName: "C:\\Windows\\System32\\cmd.exe",
  ProcessId: "0x4d0",
  CommandLine: "cmd /c whoami",
  TargetUserSid: "S-1-0-0",
  TargetUserName: "-",
  TargetDomainName: "-",
  TargetLogonId: "0x0",
  ParentProcessName: "C:\\Windows\\explorer.exe",
  MandatoryLabel: "S-1-16-12288",
};

test("a new process has Sysmon's names, its ids in decimal, and its own names beside them", () => {
  const { fields, asProcess, process, parent, logsources } = eventOf(newProcess);
  expect(asProcess).toMatchObject({
    Image: "C:\\Windows\\System32\\cmd.exe",
    CommandLine: "cmd /c whoami",
    ProcessId: String(0x1a2c),
    ParentImage: "C:\\Windows\\explorer.exe",
    ParentProcessId: String(0x4d0),
    User: "LAB\\op",
    LogonId: "0x3e5a",
    IntegrityLevel: "High",
    NewProcessId: "0x1a2c",
  });
  // Rules for the Security log read what it calls ProcessId: the creator.
  expect(fields["ProcessId"]).toBe("0x4d0");
  const at = Date.UTC(2026, 10, 24, 10, 11, 12);
  expect([process, parent]).toEqual([
    { guid: null, pid: 0x1a2c, at },
    { guid: null, pid: 0x4d0, at },
  ]);
  expect(logsources).toEqual([
    { product: "windows", service: "security" },
    { product: "windows", category: "process_creation" },
  ]);
});

test.each<[string, object, string | undefined]>([
  ["of the creator", {}, "LAB\\op"],
  [
    "of another account",
    { TargetUserName: "other", TargetDomainName: "LAB", TargetUserSid: "S-1-5-21-1" },
    "LAB\\other",
  ],
  ["of Windows itself", { SubjectUserSid: "S-1-5-18", SubjectUserName: "HOST1$" }, "NT AUTHORITY\\SYSTEM"],
  [
    "that the event does not tell (before version 2)",
    { TargetUserName: undefined, TargetDomainName: undefined },
    undefined,
  ],
])("the user is the one %s", (_, change, user) => {
  expect(eventOf({ ...newProcess, ...change }).asProcess?.["User"]).toBe(user);
});

test("an empty command line means that its policy is off, and is unknown to rules about processes", () => {
  const { fields, asProcess } = eventOf({ ...newProcess, CommandLine: "" });
  expect(fields["CommandLine"]).toBe("");
  expect(asProcess).not.toHaveProperty("CommandLine");
});

test("ids and labels that are none are left out", () => {
  const { asProcess, process } = eventOf({
    ...newProcess,
    NewProcessId: "0xzz",
    ProcessId: "",
    MandatoryLabel: "S-1-16-1",
  });
  for (const name of ["ProcessId", "ParentProcessId", "IntegrityLevel"])
    expect(asProcess).not.toHaveProperty(name);
  expect(process).toBeNull();
});
