import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ScannedRules } from "../../src/cli/detect/counting.js";
import { EventScan } from "../../src/cli/detect/event-scan.js";
import { matcherOf } from "../../src/cli/detect/loaded-rules.js";
import { cutOf } from "../../src/cli/detect/cut-pieces.js";
import { StreamingMatcher } from "../../src/detection/matcher.js";
import type { CompiledRule } from "../../src/detection/rule.js";
import { compileSigma } from "../../src/detection/sigma/compile.js";
import { fieldsFor, readShape, type Logsource } from "../../src/telemetry/files/event-shape.js";

const sysmon = "Microsoft-Windows-Sysmon/Operational";
const words = [
  "cmd.exe",
  "CMD.EXE",
  "K",
  "\u212a",
  "key",
  "é",
  "1",
  " 1",
  "1.0",
  "4688",
  "\u00a01",
  "",
  "a\\b",
  "a/b",
  'a"b',
  "\u0001",
  "Security",
  "process_creation",
  "S",
  "ſ",
];
const value = fc.oneof(
  fc.constantFrom<unknown>(...words, 1, 1.5, 4688, true, null),
  fc.tuple(fc.constantFrom(...words), fc.constantFrom(...words)).map((pair) => pair.join("")),
  fc.array(fc.constantFrom(...words), { maxLength: 2 }),
);
const lines = fc.constantFrom(
  "\tHostApplication=cmd.exe\n\tEngineVersion=key",
  "\tHostName=1\n\n\tHostVersion=S",
);
const account = fc.constantFrom("LAB", "key", "-");
const data = fc.record(
  {
    ...{ Image: value, CommandLine: value, NewProcessName: value, Data: fc.oneof(value, fc.array(lines)) },
    ...{ NewProcessId: fc.constantFrom("0x1250", "0x1a"), ProcessId: fc.constantFrom("0x1", 4) },
    ...{
      SubjectUserName: account,
      SubjectDomainName: account,
      TargetUserName: account,
      TargetDomainName: account,
    },
    ...{
      SubjectUserSid: fc.constantFrom("S-1-5-18", "S-1-5-21-1"),
      MandatoryLabel: fc.constant("S-1-16-12288"),
    },
  },
  { requiredKeys: [] },
);
const channel = fc.constantFrom<unknown>(
  sysmon,
  sysmon.toUpperCase(),
  "Security",
  "System",
  "Windows PowerShell",
  "Other",
  5,
);
const eventId = fc.constantFrom<unknown>(1, "1", " 1", 13, "13", 4688, "4688", 400, 4.688e3, {
  "#text": 1,
  "#attributes": { Qualifiers: 0 },
});

const shape = fc.oneof(
  fc.record({ data, channel, eventId }).map((each) => ({
    Event: { System: { Channel: each.channel, EventID: each.eventId }, EventData: each.data },
  })),
  fc
    .record({ data, channel, eventId })
    .map((each) => ({ Channel: each.channel, EventID: each.eventId, ...each.data })),
  fc
    .record({ data, channel, eventId })
    .map((each) => ({ winlog: { channel: each.channel, event_id: each.eventId, event_data: each.data } })),
  fc.record({ data, channel, eventId: fc.constantFrom(1, "1", "4688", 4688, "400") }).map((each) => ({
    data: {
      win: {
        system: { channel: each.channel, eventID: each.eventId },
        eventdata: Object.fromEntries(
          Object.entries(each.data).map(([name, inner]) => [
            name.charAt(0).toLowerCase() + name.slice(1),
            typeof inner === "string" ? JSON.stringify(inner).slice(1, -1) : inner,
          ]),
        ),
      },
    },
  })),
  fc.record({ command: fc.constantFrom("cmd.exe", "key") }).map(({ command }) => ({
    result: {
      _raw: `<Event><System><EventID>1</EventID><Channel>${sysmon}</Channel></System><EventData><Data Name="Image">C:\\${command}</Data><Data Name="CommandLine">${command}</Data></EventData></Event>`,
    },
  })),
  fc
    .record({
      data,
      product: fc.constantFrom("windows", "Windows", "linux"),
      category: fc.constantFrom("process_creation", "Process_Creation", undefined),
      service: fc.constantFrom("security", undefined),
    })
    .map(({ data: fields, ...logsource }) => ({ logsource, fields })),
  fc.record({ data }).map((each) => ({ eventSource: "s3", eventName: "x", awsRegion: "eu", ...each.data })),
  fc.record({ data, command: fc.constantFrom(...words) }).map((each) => ({
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
    EXECVE: { argc: 2, ARGV: ["sh", each.command] },
  })),
  data,
);

const logsources = [
  ...[
    "product: windows, category: process_creation",
    "category: process_creation",
    "product: windows, service: security",
  ],
  ...[
    "product: windows",
    "product: windows, category: registry_event",
    "product: windows, service: sysmon",
    "product: linux, category: process_creation",
  ],
  ...["product: aws, service: cloudtrail", "category: ps_classic_start"],
];
const detections = [
  ...[
    "Image|endswith: cmd.exe",
    "CommandLine|contains: key",
    "CommandLine|contains: K",
    "CommandLine: 1",
    "EventID: 4688",
    "EventID: '1'",
  ],
  ...[
    "Image: 'a\\b'",
    "Data|contains: é",
    "CommandLine|contains: 'sh '",
    "CommandLine: ''",
    "Image|exists: true",
    "Image|contains|cased: KEY",
    "HostApplication: cmd.exe",
    "EngineVersion: key",
  ],
  ...[
    "ProcessId: 4688",
    "ParentProcessId: 1",
    "User: 'LAB\\key'",
    "User|contains: AUTHORI",
    "Channel|contains: sys",
    "logsource.product: windows",
    "IntegrityLevel: High",
  ],
];
const rules = logsources.flatMap((logsource, outer) =>
  detections.map((line, inner): CompiledRule => {
    const text = `title: t\nid: r-${outer}-${inner}\nlogsource: {${logsource}}\ndetection:\n  s:\n    ${line}\n  condition: ${inner % 5 === 4 ? "not s" : "s"}\n`;
    const { rule, diagnostics } = compileSigma(text, "rule.yml");
    if (rule === null) throw new Error(JSON.stringify(diagnostics));
    return rule;
  }),
);

function scanOf(given: readonly CompiledRule[], override: Logsource | null): EventScan {
  return new EventScan(new ScannedRules(given, []), matcherOf(given, override), override, "file");
}

/** What the rules themselves say of the document, one by one. */
function wantedOf(document: unknown, given: readonly CompiledRule[], override: Logsource | null): number[] {
  const shape = readShape(document);
  const sources = override === null ? shape.logsources : [override];
  return given.flatMap((rule, number) =>
    sources.some((logsource) => rule.matches({ id: "", fields: fieldsFor(shape, logsource), logsource }))
      ? [number]
      : [],
  );
}

test("not reading what no rule can match changes no match, whatever the shape of the events", () => {
  let matched = 0;
  fc.assert(
    fc.property(
      fc.array(shape, { minLength: 1, maxLength: 6 }),
      fc.subarray(rules, { minLength: 1, maxLength: 12 }),
      fc.option(fc.constant<Logsource>({ product: "windows", category: "process_creation" })),
      (documents, chosen, override) => {
        const lines = documents.map((document) => JSON.stringify(document));
        const scan = scanOf(chosen, override);
        scan.push(Buffer.from(lines.join("\n")), true);
        const { matches, events, problemCount } = scan.take();
        expect([events, problemCount]).toEqual([documents.length, 0]);
        const wanted = lines.flatMap((line, index) =>
          wantedOf(JSON.parse(line), chosen, override).flatMap((rule) => [rule, index + 1]),
        );
        expect(matches).toEqual(wanted);
        matched += wanted.length / 2;
      },
    ),
    { numRuns: Number(process.env["TYRIAN_PROPERTY_RUNS"] ?? 600) },
  );
  expect(matched).toBeGreaterThan(500);
}, 600_000);

test("an event that is known and cannot be read is told with its place, whatever the rules", () => {
  const text = "11/24/2026 03:00:00 PM\nLogName=Security\nEventCode=4624\nMessage=x";
  const unnamed = {
    ProviderName: "P",
    ProviderGuid: "{1}",
    EventID: 1,
    Channel: "System",
    StringInserts: ["x"],
  };
  const documents = [
    { result: { _raw: text } },
    unnamed,
    { _raw: "<Event><a></Event>" },
    { _raw: "no event" },
  ];
  // A rule that no value of these announces: other events are not even read for it.
  const [rule] = rules.filter(({ fields }) => fields?.has("CommandLine"));
  if (rule === undefined) throw new Error("no rule");
  const scan = scanOf([rule], null);
  const bytes = Buffer.from(`[\n ${documents.map((document) => JSON.stringify(document)).join(",\n ")}]`);
  scan.push(bytes, true);
  const { problems, events, unknown, matches } = scan.take();
  expect(problems.map(({ line, column, code }) => `${line}:${column} ${code}`)).toEqual([
    ...["2:2 event-text-unreadable", "3:2 event-data-unnamed", "4:2 event-not-xml"],
  ]);
  expect(problems.map(({ hint }) => hint)).not.toContain("");
  expect([events, unknown, matches]).toEqual([4, 1, []]);
});

test("recorded events match the same rules when only what these may read is looked through", ({ skip }) => {
  const folder = resolve(import.meta.dirname, "../../../shared/known-answers/sigma");
  if (!existsSync(folder)) skip(`${folder} is not on this machine`);
  const names = readdirSync(folder);
  const known = names
    .filter((name) => name.endsWith(".rule.yml"))
    .map((name) => compileSigma(readFileSync(join(folder, name), "utf8"), name).rule as CompiledRule);
  const unfiltered = new StreamingMatcher(known, { prefilter: false });
  let matched = 0;
  for (const name of names.filter((each) => each.endsWith(".events.json"))) {
    const bytes = readFileSync(join(folder, name));
    const scans = [matcherOf(known, null), unfiltered].map((matcher) => {
      const scan = new EventScan(new ScannedRules(known, []), matcher, null, "file");
      scan.push(bytes, true);
      return scan.take();
    });
    expect([name, scans[0]]).toEqual([name, scans[1]]);
    matched += scans[0]?.matches.length ?? 0;
  }
  expect(matched).toBeGreaterThan(100);
});

test("a piece is cut where the next event seems to start", () => {
  expect(cutOf(Buffer.from('{"a":1}\n{"b":2}\n{"c'), "json")).toBe(16);
  expect(cutOf(Buffer.from('{\n "a": 1\n}\n'), "json")).toBe(null);
  expect(cutOf(Buffer.from("<Event>\n<EventData>\n</Event>\n<Event x='1'>"), "xml")).toBe(29);
  expect(cutOf(Buffer.from('{"a":1}\n<Event>x</Event>\n'), "json")).toBe(null);
  expect(cutOf(Buffer.from(""), "json")).toBe(null);
});
