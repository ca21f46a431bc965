import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { eventFormats, formatOf } from "../../../src/detection/pipelines/index.js";
import { forFormat, loaded } from "./shipped.js";

const categories =
  /^(?:ps|process|file|registry|driver|image|create|raw|network|sysmon|pipe|wmi|dns|clipboard)_/;

test("every file of pipelines is the pipeline of one format, is read without a finding and has the format's name", () => {
  const files = readdirSync(resolve(import.meta.dirname, "../../../pipelines"));
  expect(eventFormats.map(({ file }) => file).toSorted()).toEqual(files.toSorted());
  expect(eventFormats.map((format) => loaded(format).pipeline.name)).toEqual(
    eventFormats.map(({ id }) => id),
  );
});

test("no two formats have one log source: an event is of one format", () => {
  const logsources = eventFormats.map(({ logsource }) => `${logsource.product}/${logsource.service}`);
  expect(new Set(logsources).size).toBe(logsources.length);
});

test.each(eventFormats.map((format) => [format.id, format] as const))(
  "%s: a rule of each category and service that it reads is carried to its log source",
  (id, format) => {
    for (const name of format.reads) {
      const key = categories.test(name) ? "category" : "service";
      const logsource = `product: ${format.logsource.product}, ${key}: ${name}`;
      const { rule, diagnostics } = forFormat(id, logsource, "SomeField: x");
      expect({ name, diagnostics }).toEqual({ name, diagnostics: [] });
      expect(rule?.reads({ id: "1", logsource: format.logsource, fields: {} })).toBe(true);
      expect(rule?.reads({ id: "1", logsource: { product: "other" }, fields: {} })).toBe(false);
    }
  },
);

describe("the format of an event is told by its fields", () => {
  test.each([
    ["windows-sysmon", { Channel: "Microsoft-Windows-Sysmon/Operational", EventID: 1 }],
    ["linux-sysmon", { Channel: "Linux-Sysmon/Operational", EventID: 1 }],
    ["windows-security", { Channel: "security", EventID: 4688 }],
    ["windows-powershell", { Channel: "Microsoft-Windows-PowerShell/Operational", EventID: 4104 }],
    ["windows-powershell", { Channel: "PowerShellCore/Operational", EventID: 4103 }],
    ["windows-powershell-classic", { Channel: "Windows PowerShell", EventID: 400, EngineVersion: "2.0" }],
    ["windows-powershell-classic-raw", { Channel: "Windows PowerShell", EventID: 400, Data: ["x"] }],
    ["linux-laurel", { ID: "1615114232.375:15558", SYSCALL: {}, EXECVE: {} }],
    ["linux-auditd", { type: "SYSCALL", syscall: 59, exe: "/bin/sh" }],
    ["linux-auditd", { type: "EXECVE", argc: 1, a0: "sh" }],
    ["aws-cloudtrail", { eventSource: "iam.amazonaws.com", eventName: "CreateUser" }],
    [
      "aws-cloudtrail-eventbridge",
      { "detail-type": "AWS API Call via CloudTrail", detail: { eventSource: "iam.amazonaws.com" } },
    ],
    ["openstack-cadf", { payload: { typeURI: "http://schemas.dmtf.org/cloud/audit/1.0/event" } }],
    ["linux-syslog", { program: "sshd", message: "Failed password" }],
    [null, { Channel: "Microsoft-Windows-Other", EventID: 1 }],
    [null, { Image: "/bin/sh", CommandLine: "sh" }],
    [null, { type: "user", message: "x" }],
    [null, {}],
  ])("%s", (id, fields) => {
    expect(formatOf(fields)?.id ?? null).toBe(id);
  });
});
