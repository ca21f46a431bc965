import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { StreamingMatcher } from "../../../src/detection/matcher.js";
import type { CompiledRule } from "../../../src/detection/rule.js";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { fieldsFor, readShape } from "../../../src/telemetry/files/event-shape.js";
import { categoriesOf, valuesOfLogsource } from "../../../src/telemetry/windows/channels.js";
import { read } from "./reading.js";
import { ConstructedMac } from "../macos/mac.js";

const sysmon = "Microsoft-Windows-Sysmon/Operational";
const windows = { product: "windows" };

describe("the log source of an event is told by its shape", () => {
  test.each<[string, unknown, unknown[]]>([
    [
      "Sysmon, exported",
      { Event: { System: { EventID: 3, Channel: sysmon } } },
      [{ ...windows, service: "sysmon", category: "network_connection" }],
    ],
    [
      "an event id with attributes",
      { Event: { System: { EventID: { "#text": 7, "#attributes": { Qualifiers: "" } }, Channel: sysmon } } },
      [{ ...windows, service: "sysmon", category: "image_load" }],
    ],
    [
      "a registry value that is set",
      { EventID: 13, Channel: sysmon },
      [
        { ...windows, service: "sysmon", category: "registry_set" },
        { ...windows, service: "sysmon", category: "registry_event" },
      ],
    ],
    [
      "a registry key that is made",
      { EventID: "12", Channel: sysmon, EventType: "CreateKey" },
      [
        { ...windows, service: "sysmon", category: "registry_add" },
        { ...windows, service: "sysmon", category: "registry_event" },
      ],
    ],
    [
      "a process in the Security log",
      { EventID: 4688, Channel: "security" },
      [
        { ...windows, service: "security" },
        { ...windows, category: "process_creation" },
      ],
    ],
    [
      "another event of the Security log",
      { EventID: 4624, Channel: "Security" },
      [{ ...windows, service: "security" }],
    ],
    [
      "a script block",
      { EventID: 4104, Channel: "Microsoft-Windows-PowerShell/Operational" },
      [{ ...windows, service: "powershell", category: "ps_script" }],
    ],
    [
      "the start of PowerShell",
      { EventID: 400, Channel: "Windows PowerShell" },
      [{ ...windows, service: "powershell-classic", category: "ps_classic_start" }],
    ],
    [
      "a registry key of which the shipper hides what was done to it",
      { EventID: "12", Channel: sysmon, EventType: "INFO" },
      [{ ...windows, service: "sysmon", category: "registry_event" }],
    ],
    ["a channel without a name in Sigma", { EventID: 1, Channel: "Other" }, [windows]],
    [
      "winlogbeat",
      { winlog: { channel: sysmon, event_id: 1, event_data: {} } },
      [{ ...windows, service: "sysmon", category: "process_creation" }],
    ],
    [
      "CloudTrail",
      { eventSource: "s3.amazonaws.com", eventName: "X", awsRegion: "eu" },
      [{ product: "aws", service: "cloudtrail" }],
    ],
    [
      "Tyrian's own",
      { logsource: { product: "linux", category: "process_creation" }, fields: {} },
      [{ product: "linux", category: "process_creation", service: undefined }],
    ],
    ["anything else", { a: 1 }, []],
    ["no object", [1], []],
  ])("%s", (_, document, logsources) => {
    expect(readShape(document).logsources).toEqual(logsources);
  });
});

test("a Security event about a process has Sysmon's names beside its own", () => {
  const { fields } = readShape({
    EventID: 4688,
    Channel: "Security",
    NewProcessName: "a.exe",
    ParentProcessName: "b.exe",
    CommandLine: "a",
  });
  expect(fields).toMatchObject({
    Image: "a.exe",
    NewProcessName: "a.exe",
    ParentImage: "b.exe",
    CommandLine: "a",
  });
});

test("winlogbeat's fields get the names of the event", () => {
  const document = {
    message: "text",
    winlog: {
      channel: sysmon,
      event_id: "1",
      computer_name: "host",
      provider_name: "p",
      event_data: { Image: "a", "Two Words": "b" },
    },
  };
  expect(readShape(document).fields).toEqual({
    Image: "a",
    TwoWords: "b",
    EventID: "1",
    Channel: sysmon,
    Computer: "host",
    Provider_Name: "p",
    Message: "text",
  });
});

test("fields of sections in UserData are fields of the event, and System's names win", () => {
  const document = {
    Event: {
      System: {
        EventID: 104,
        Channel: "System",
        Computer: "host",
        Security: { "#attributes": { UserID: "S-1" } },
        Keywords: "0x8",
        Correlation: null,
      },
      UserData: { LogFileCleared: { "#attributes": { xmlns: "x" }, Channel: "other", SubjectUserName: "u" } },
    },
  };
  const { fields } = readShape(document);
  expect(fields).toMatchObject({
    EventID: 104,
    Channel: "System",
    SubjectUserName: "u",
    Security_UserID: "S-1",
    Keywords: "0x8",
  });
  expect(fields).not.toHaveProperty("Correlation");
});

test("an event of laurel is read by itself", () => {
  const line = {
    ID: "1700000000.123:45",
    SYSCALL: {
      arch: "0xc000003e",
      syscall: 59,
      success: "yes",
      exit: 0,
      ppid: 1,
      pid: 2,
      auid: 1000,
      uid: 0,
      ses: 3,
      comm: "sh",
      exe: "/usr/bin/dash",
      key: "host1",
    },
    EXECVE: { argc: 3, ARGV: ["sh", "-c", "id"] },
    CWD: { cwd: "/root" },
    PATH: [{ item: 0, name: "/bin/sh" }],
  };
  const { fields, logsources } = readShape(line);
  expect(logsources).toMatchObject([{ product: "linux", category: "process_creation" }]);
  expect(fields).toMatchObject({ CommandLine: "sh -c id" });
});

test("a message of eslogger is read by itself; of those only an exec is of a log source", () => {
  const mac = new ConstructedMac();
  mac.start(mac.before("/sbin/launchd"), "/usr/bin/osascript", ["osascript", "-e", "1"]);
  const [fork, exec] = mac.lines.map((line) => readShape(JSON.parse(line)));
  expect(fork?.logsources).toEqual([]);
  expect(exec?.logsources).toEqual([{ product: "macos", category: "process_creation" }]);
  expect(exec?.fields).toMatchObject({ Image: "/usr/bin/osascript", CommandLine: "osascript -e 1" });
});

test("values of a log source are those that the shapes give it", () => {
  expect(valuesOfLogsource({ category: "process_creation", service: null })).toEqual([
    expect.arrayContaining(["process_creation", "microsoft-windows-sysmon/operational", "security"]),
    expect.arrayContaining(["process_creation", "1", "4688"]),
  ]);
  expect(valuesOfLogsource({ category: null, service: "PowerShell" })).toEqual([
    ["powershell", "microsoft-windows-powershell/operational", "powershellcore/operational"],
  ]);
  expect(valuesOfLogsource({ category: null, service: null })).toEqual([]);
  expect(valuesOfLogsource({ category: null, service: "cloudtrail" })).toEqual([]);
  for (const eventType of ["CreateKey", "DeleteKey"]) {
    for (const category of categoriesOf("sysmon", "12", eventType)) {
      expect(valuesOfLogsource({ category, service: null })[1]).toContain("12");
    }
  }
});

const folder = resolve(import.meta.dirname, "../../../../shared/known-answers/sigma");

describe("recorded events and the rules that they were recorded for", () => {
  if (!existsSync(join(folder, "manifest.json"))) {
    test("match what they were written for", ({ skip }) => skip(`${folder} is not on this machine`));
    return;
  }
  const answers = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as {
    rule: string;
    minMatches: number;
  }[];
  const rules = answers.map(({ rule }) => {
    const file = join(folder, `${rule}.rule.yml`);
    return compileSigma(readFileSync(file, "utf8"), file).rule as CompiledRule;
  });
  const matcher = new StreamingMatcher(rules, { valuesOfLogsource });
  const unfiltered = new StreamingMatcher(rules, { prefilter: false });

  test("every recording matches its rule as often as it must, and is found the same by its bytes", () => {
    expect(readdirSync(folder).filter((name) => name.endsWith(".rule.yml"))).toHaveLength(rules.length);
    for (const { rule, minMatches } of answers) {
      const { events, problems, texts } = read(readFileSync(join(folder, `${rule}.events.json`)));
      expect(problems).toEqual([]);
      for (const [index, { document }] of events.entries()) {
        // Values of which fields are made; here a process id or a description.
        if (texts[index] === null) expect(JSON.stringify(document)).toMatch(/\b4688\b|"Windows PowerShell"/);
      }
      let matched = 0;
      for (const { document } of events) {
        const shape = readShape(document);
        for (const logsource of shape.logsources) {
          const event = { id: "", fields: fieldsFor(shape, logsource), logsource };
          const found = matcher.match(event);
          expect(found).toEqual(unfiltered.match(event));
          matched += found.some(({ id }) => id === rule) ? 1 : 0;
        }
      }
      expect([rule, matched >= minMatches]).toEqual([rule, true]);
    }
  });
});
