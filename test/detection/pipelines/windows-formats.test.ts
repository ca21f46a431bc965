import { describe, expect, test } from "vitest";
import { compileOverFormats, eventFormats } from "../../../src/detection/pipelines/index.js";
import { pipelineOf } from "./helpers.js";
import { compiledFor, eventOf, forFormat, loaded, refusedFor, ruleFor } from "./shipped.js";

const processCreation = "product: windows, category: process_creation";
const encoded = String.raw`Image|endswith: \powershell.exe
CommandLine|contains: ' -enc '
ParentImage|endswith: \winword.exe`;

const sysmonProcess = {
  Channel: "Microsoft-Windows-Sysmon/Operational",
  EventID: 1,
  Image: String.raw`C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`,
  CommandLine: "powershell -enc AAAA",
  ParentImage: String.raw`C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE`,
  User: String.raw`LAB\alice`,
  ProcessId: 4711,
  Hashes:
    "SHA1=0123456789ABCDEF0123456789ABCDEF01234567,MD5=0123456789ABCDEF0123456789ABCDEF,IMPHASH=FEDCBA9876543210FEDCBA9876543210",
};

const securityProcess = {
  Channel: "Security",
  EventID: 4688,
  SubjectUserName: "alice",
  SubjectDomainName: "LAB",
  SubjectLogonId: "0x3e7",
  NewProcessId: "0x1a2c",
  NewProcessName: sysmonProcess.Image,
  TokenElevationType: "%%1936",
  ProcessId: "0x4d2",
  CommandLine: sysmonProcess.CommandLine,
  ParentProcessName: sysmonProcess.ParentImage,
  MandatoryLabel: "S-1-16-12288",
};

describe("windows-sysmon", () => {
  test("a rule for process_creation reads event 1 and no other", () => {
    const rule = compiledFor("windows-sysmon", processCreation, encoded);
    expect(rule.matches(eventOf("windows-sysmon", sysmonProcess))).toBe(true);
    expect(rule.matches(eventOf("windows-sysmon", { ...sysmonProcess, EventID: "1" }))).toBe(true);
    expect(rule.matches(eventOf("windows-sysmon", { ...sysmonProcess, EventID: 5 }))).toBe(false);
    expect(rule.matches(eventOf("windows-sysmon", { ...sysmonProcess, CommandLine: "powershell" }))).toBe(
      false,
    );
    expect(rule.matches(eventOf("windows-security", sysmonProcess))).toBe(false);
  });

  test.each([
    ["file_change", 2],
    ["network_connection", 3],
    ["sysmon_status", 4],
    ["sysmon_status", 16],
    ["process_termination", 5],
    ["driver_load", 6],
    ["image_load", 7],
    ["create_remote_thread", 8],
    ["raw_access_thread", 9],
    ["process_access", 10],
    ["file_event", 11],
    ["registry_set", 13],
    ["registry_rename", 14],
    ["registry_event", 12],
    ["registry_event", 13],
    ["registry_event", 14],
    ["create_stream_hash", 15],
    ["pipe_created", 17],
    ["pipe_created", 18],
    ["wmi_event", 19],
    ["wmi_event", 21],
    ["dns_query", 22],
    ["file_delete", 23],
    ["file_delete", 26],
    ["clipboard_capture", 24],
    ["clipboard_change", 24],
    ["process_tampering", 25],
    ["file_delete_detected", 26],
    ["file_block_executable", 27],
    ["file_block_shredding", 28],
    ["file_executable_detected", 29],
    ["sysmon_error", 255],
  ])("%s is event %i", (category, eventId) => {
    const rule = compiledFor(
      "windows-sysmon",
      `product: windows, category: ${category}`,
      "Image|endswith: a.exe",
    );
    const fields = { EventID: eventId, Image: String.raw`C:\a.exe` };
    expect(rule.matches(eventOf("windows-sysmon", fields))).toBe(true);
    expect(rule.matches(eventOf("windows-sysmon", { ...fields, EventID: 1000 }))).toBe(false);
  });

  test.each([
    ["registry_add", "CreateKey", true],
    ["registry_add", "DeleteKey", false],
    ["registry_delete", "DeleteValue", true],
    ["registry_delete", "CreateKey", false],
  ])("event 12 is %s when its EventType is %s: %j", (category, type, wanted) => {
    const rule = compiledFor(
      "windows-sysmon",
      `product: windows, category: ${category}`,
      "TargetObject|contains: Run",
    );
    const fields = { EventID: 12, EventType: type, TargetObject: String.raw`HKLM\Run\x` };
    expect(rule.matches(eventOf("windows-sysmon", fields))).toBe(wanted);
  });

  test("a hash by itself is looked for in Hashes, under its own name", () => {
    const rule = (lines: string): boolean =>
      compiledFor("windows-sysmon", processCreation, lines).matches(eventOf("windows-sysmon", sysmonProcess));
    expect(rule("Imphash: fedcba9876543210fedcba9876543210")).toBe(true);
    expect(rule("md5: 0123456789abcdef0123456789abcdef")).toBe(true);
    expect(rule("md5: fedcba9876543210fedcba9876543210")).toBe(false);
    expect(rule("sha1: [x0, 0123456789abcdef0123456789abcdef01234567]".replace("x0", "aa"))).toBe(true);
    expect(rule("Hashes|contains: IMPHASH=FEDCBA98")).toBe(true);
  });

  test.each(["Imphash|startswith: fedc", "md5: null", "sha256|re: ^a"])("%s is refused", (line) => {
    expect(refusedFor("windows-sysmon", processCreation, line)).toMatchObject({
      code: "pipeline-refused",
      line: 5,
    });
  });

  test("a rule for service sysmon is taken as it is", () => {
    const rule = compiledFor("windows-sysmon", "product: windows, service: sysmon", "EventID: 255");
    expect(rule.matches(eventOf("windows-sysmon", { EventID: 255 }))).toBe(true);
  });

  test.each([
    "product: windows, category: ps_script",
    "product: linux, category: process_creation",
    "product: windows, service: security",
  ])("a rule for %s is refused", (logsource) => {
    expect(refusedFor("windows-sysmon", logsource, "A: 1")).toMatchObject({
      code: "pipeline-refused",
      line: 1,
    });
  });
});

describe("windows-security", () => {
  const matches = (lines: string, fields: Record<string, unknown> = securityProcess): boolean =>
    compiledFor("windows-security", processCreation, lines).matches(eventOf("windows-security", fields));

  test("a rule for process_creation reads 4688 under its own names", () => {
    expect(matches(encoded)).toBe(true);
    expect(matches(encoded, { ...securityProcess, EventID: 4689 })).toBe(false);
    expect(matches(encoded, { ...securityProcess, NewProcessName: String.raw`C:\cmd.exe` })).toBe(false);
    // The creator's process id stands under the name that Sysmon has for the new one's.
    expect(matches("ParentProcessId: '0x4d2'")).toBe(true);
    expect(matches("ProcessId: '0x1A2C'")).toBe(true);
    expect(matches("ProcessId: '0x4d2'")).toBe(false);
    expect(matches("LogonId: '0x3e7'")).toBe(true);
  });

  test.each([
    ["IntegrityLevel: High", true],
    ["IntegrityLevel: [Medium, SYSTEM]", false],
    ["IntegrityLevel: [System, S-1-16-12288]", true],
    ["IntegrityLevel|neq: Low", true],
  ])("integrity levels are SIDs: %s: %j", (line, wanted) => {
    expect(matches(line)).toBe(wanted);
  });

  test.each([
    ["User|contains: AUTHORI", "user"],
    ["ParentUser: root", "user"],
    ["ProcessId: 4711", "hexadecimal"],
    ["ParentProcessId: ['0x4', 5]", "hexadecimal"],
    ["IntegrityLevel|contains: Hi", "SID"],
    ["IntegrityLevel: null", "SID"],
  ])("what 4688 does not tell is refused: %s", (line, words) => {
    const error = refusedFor("windows-security", processCreation, `Image|endswith: a\n${line}`);
    expect(error).toMatchObject({ code: "pipeline-refused", line: 6 });
    expect(error.message).toContain(words);
  });

  test("a field that 4688 does not have is warned about, and refused where its absence would match", () => {
    const { rule, diagnostics } = forFormat(
      "windows-security",
      processCreation,
      "Image: a\nOriginalFileName: b",
    );
    expect(rule).not.toBeNull();
    expect(diagnostics).toMatchObject([
      { code: "field-not-in-format", severity: "warning", line: 6, column: 5 },
    ]);
    for (const line of ["ParentCommandLine: null", "Company|exists: false", "Hashes|contains|neq: MD5=a"])
      expect(refusedFor("windows-security", processCreation, `Image: a\n${line}`)).toMatchObject({
        code: "field-not-in-format",
        line: 6,
      });
    expect(
      forFormat("windows-security", processCreation, "Image: a\nCompany|exists: true").rule,
    ).not.toBeNull();
  });

  test("a rule for service security is taken as it is", () => {
    const rule = compiledFor(
      "windows-security",
      "product: windows, service: security",
      "EventID: 4624\nProcessId: '0x4'",
    );
    expect(rule.matches(eventOf("windows-security", { EventID: 4624, ProcessId: "0x4" }))).toBe(true);
  });

  test("other log sources are refused", () => {
    expect(refusedFor("windows-security", "product: windows, category: registry_set", "A: 1").code).toBe(
      "pipeline-refused",
    );
  });
});

test("one rule over all formats matches each event through the format of the event alone", () => {
  const { formats: rules } = compileOverFormats(
    ruleFor(processCreation, encoded),
    "rules/test.yml",
    eventFormats.map(loaded),
  );
  const matching = (event: ReturnType<typeof eventOf>): string[] =>
    rules.filter(({ rule }) => rule?.matches(event) === true).map(({ format }) => format.id);
  expect(matching(eventOf("windows-sysmon", sysmonProcess))).toEqual(["windows-sysmon"]);
  expect(matching(eventOf("windows-security", securityProcess))).toEqual(["windows-security"]);
  expect(rules.filter(({ rule }) => rule !== null).map(({ format }) => format.id)).toEqual([
    "windows-sysmon",
    "windows-security",
  ]);
  for (const { rule, diagnostics } of rules)
    if (rule === null) expect(diagnostics).toMatchObject([{ code: "pipeline-refused" }]);
});

test("the explanation of a miss names the line as the rule has it", () => {
  const rule = compiledFor("windows-security", processCreation, encoded);
  const { unmet, met, needed } = rule.explain(
    eventOf("windows-security", { ...securityProcess, CommandLine: "powershell -e AAAA" }),
  );
  expect({ met, needed }).toEqual({ met: 3, needed: 4 });
  expect(unmet).toMatchObject([{ clause: "selection: CommandLine|contains", found: "powershell -e AAAA" }]);
  const other = rule.explain(eventOf("windows-security", { ...securityProcess, NewProcessName: "x" }));
  expect(other.unmet).toMatchObject([
    { clause: "selection: Image|endswith", field: "NewProcessName", found: "x" },
  ]);
});

test("a rule that names no product reads the product of every format", () => {
  const { formats } = compileOverFormats(
    ruleFor("category: process_creation", "Image|endswith: x"),
    "a.yml",
    eventFormats.map(loaded),
  );
  expect(formats.filter(({ rule }) => rule !== null).map(({ format }) => format.id)).toEqual([
    "windows-sysmon",
    "linux-sysmon",
    "windows-security",
    "linux-laurel",
    "linux-auditd",
  ]);
});

test("a rule that cannot be read is for no format; further pipelines answer its placeholders", () => {
  const text = ruleFor(processCreation, "Image|expand: '%image%'");
  expect(compileOverFormats(text, "a.yml", eventFormats.map(loaded))).toMatchObject({
    diagnostics: [{ code: "placeholder-unresolved", line: 5 }],
    formats: [],
  });
  const further = pipelineOf("- { type: value_placeholders }", "vars: { image: 'C:\\x.exe' }");
  const { formats } = compileOverFormats(text, "a.yml", eventFormats.map(loaded), [further]);
  const event = eventOf("windows-sysmon", { EventID: 1, Image: String.raw`C:\x.exe` });
  expect(formats[0]?.rule?.matches(event)).toBe(true);
});
