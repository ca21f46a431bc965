import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { WindowsEvent } from "../../../src/telemetry/windows/windows-event.js";
import { defectOf, eventOf, readingOf } from "./reading.js";
import * as shipped from "./shipped.js";

const sysmon = {
  provider: "Microsoft-Windows-Sysmon",
  guid: "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}",
  channel: "Microsoft-Windows-Sysmon/Operational",
};
const security = {
  provider: "Microsoft-Windows-Security-Auditing",
  guid: "{54849625-5478-4994-A5BA-3E3B0328C30D}",
  channel: "Security",
};
const classic = { provider: "PowerShell", guid: null, channel: "Windows PowerShell" };

const awkward = fc
  .array(
    fc.constantFrom(
      ...[
        "a",
        "Z",
        "é",
        "😀",
        "\ud800",
        " ",
        "  ",
        '"',
        "'",
        "&",
        "&amp;",
        "<",
        ">",
        "]]>",
        "<![CDATA[",
        "\n",
        "\t",
      ],
      ...["\\", "\\\\", "\\n", "C:\\Windows\\cmd.exe", "%%1936", "-", "0x1f", "4688", "\nUser: x", "{", "}"],
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(""));
/** Of a whole event, what a reading of it must keep. */
const logged = fc.record({
  eventId: fc.constantFrom(1, 3, 7, 11, 22, 4104, 400),
  computer: fc.constantFrom("host1.lab.example", "HOST"),
  record: fc.integer({ min: 1, max: 2 ** 40 }),
  systemTime: fc.constantFrom("2026-11-24T10:11:12.1234567Z", "2026-11-24T10:11:12.000001000Z"),
  processId: fc.integer({ min: 4, max: 65535 }),
});
const names = [
  "RuleName",
  "UtcTime",
  "Image",
  "CommandLine",
  "User",
  "ParentImage",
  "ParentCommandLine",
  "Hashes",
];
const named = fc.record({
  head: logged,
  from: fc.constantFrom(sysmon, security),
  chosen: fc.subarray(names),
  values: fc.array(awkward, { minLength: names.length, maxLength: names.length }),
});

function event({
  head,
  from,
  chosen,
  values,
}: typeof named extends fc.Arbitrary<infer T> ? T : never): shipped.Logged {
  return {
    ...head,
    ...from,
    data: chosen.map((name, index): [string, string] => [name, values[index] ?? ""]),
  };
}

/** What is left of an event without what winlogbeat leaves out: empty values, and times finer than milliseconds. */
function withoutEmpty(one: WindowsEvent): unknown {
  const filled = Object.entries(one.fields).filter(
    ([name, value]) => value !== "" && name !== "TimeCreated_SystemTime",
  );
  return {
    ...one,
    time: Math.floor(one.time ?? 0),
    process: { ...one.process, at: null },
    fields: Object.fromEntries(filled),
  };
}

function withoutFields(one: WindowsEvent, ...left: string[]): WindowsEvent {
  return {
    ...one,
    fields: Object.fromEntries(Object.entries(one.fields).filter(([name]) => !left.includes(name))),
  };
}

describe("an event is the same, whoever sent it", () => {
  test("with named data", () => {
    fc.assert(
      fc.property(named.map(event), (one) => {
        const known = eventOf(shipped.evtxDump(one));
        expect(known).toMatchObject({ host: one.computer, channel: one.channel, sequence: one.record });
        expect(known.fields).toMatchObject(Object.fromEntries(one.data));
        for (const other of [shipped.chainsawDump(one), shipped.xmltodict(one), shipped.splunkExport(one)])
          expect(eventOf(other)).toEqual(known);
        const forwarded = readingOf(shipped.forwardedXml(one));
        expect(forwarded.fields["Message"]).toBe("Text for people");
        expect(withoutFields(forwarded, "Message")).toEqual(known);
        // Bytes cannot hold half a letter.
        if (!JSON.stringify(one).includes("\\ud800"))
          expect(readingOf(shipped.sectionedXml(one))).toEqual(known);
        expect(withoutEmpty(eventOf(shipped.winlogbeat(one)))).toEqual(withoutEmpty(known));
        expect(withoutFields(eventOf(shipped.wazuh(one)), "Message")).toEqual(known);
      }),
      { numRuns: Number(process.env["TYRIAN_PROPERTY_RUNS"] ?? 300) },
    );
  });

  test("with data that have no names", () => {
    fc.assert(
      fc.property(logged, fc.array(awkward, { minLength: 2, maxLength: 4 }), (head, values) => {
        const data = values.map((value): [string, string] => ["", value]);
        const one = { ...head, ...classic, eventId: 300, data };
        const known = eventOf(shipped.evtxDump(one));
        expect(known.fields["Data"]).toEqual(values);
        for (const other of [shipped.chainsawDump(one), shipped.xmltodict(one), shipped.splunkExport(one)])
          expect(eventOf(other)).toEqual(known);
        const filled = values.filter((value) => value !== "");
        const expected = filled.length > 1 ? filled : filled[0];
        expect(eventOf(shipped.winlogbeat(one)).fields["Data"]).toEqual(expected);
        expect(eventOf(shipped.fluentBit(one)).fields["Data"]).toEqual(values);
      }),
      { numRuns: Number(process.env["TYRIAN_PROPERTY_RUNS"] ?? 200) },
    );
  });
});

const started: shipped.Logged = {
  ...sysmon,
  ...{
    eventId: 1,
    computer: "host1",
    record: 12,
    systemTime: "2026-11-24T10:11:12.1234567Z",
    processId: 3320,
  },
  data: [
    ["RuleName", ""],
    ["ProcessGuid", "{0197231e-f7a4-693f-d405-000000000d00}"],
    ["ProcessId", "13580"],
    ["Image", "C:\\Windows\\cmd.exe"],
    ["CommandLine", 'cmd /c "echo a\r\nUser: x"'],
    ["User", "LAB\\op"],
    ["ParentProcessGuid", "0197231E-EDAB-693F-1D05-000000000D00"],
    ["ParentProcessId", "14012"],
  ],
};

test("an event says when it was logged, its place in its log, and which process it is about", () => {
  expect(eventOf(shipped.evtxDump(started))).toMatchObject({
    ...{ host: "host1", provider: "Microsoft-Windows-Sysmon", eventId: 1, sequence: 12 },
    time: Date.UTC(2026, 10, 24, 10, 11, 12) + 123.4567,
    process: { guid: "0197231E-F7A4-693F-D405-000000000D00", pid: 13580 },
    parent: { guid: "0197231E-EDAB-693F-1D05-000000000D00", pid: 14012 },
    logsources: [{ product: "windows", service: "sysmon", category: "process_creation" }],
  });
});

test("NXLog's names for System are Windows' again; a time without a zone is not taken for one", () => {
  const { time, sequence, host, provider, fields } = eventOf(shipped.nxlog(started));
  expect([time, sequence, host, provider]).toEqual([
    ...[Date.UTC(2026, 10, 24, 10, 11, 12) + 123.4567, 12, "host1", "Microsoft-Windows-Sysmon"],
  ]);
  expect(fields).toMatchObject({ Image: "C:\\Windows\\cmd.exe", ProcessId: "13580" });
  const local = { ...(shipped.nxlog(started) as object), EventTime: "2026-11-24 11:11:12" };
  expect(eventOf(local).time).toBeNull();
  // Sysmon's own is UTC.
  expect(eventOf({ ...local, UtcTime: "2026-11-24 10:11:12.100" }).time).toBe(
    Date.UTC(2026, 10, 24, 10, 11, 12, 100),
  );
});

describe("Fluent Bit sends data without names", () => {
  test("Sysmon's are told by the text beside them, and held to the values", () => {
    const { fields, time } = eventOf(shipped.fluentBit(started));
    expect(fields).toMatchObject(Object.fromEntries(started.data));
    expect(time).toBe(Date.UTC(2026, 10, 24, 10, 11, 12));
  });

  test("those of processes and script blocks by their order", () => {
    const data = ["S-1-5-18", "H$", "LAB", "0x3e7", "0x1a2c", "C:\\a.exe", "%%1936", "0x4", "a b"];
    const one = {
      ...started,
      ...security,
      eventId: 4688,
      data: data.map((value): [string, string] => ["", value]),
    };
    const document = { ...(shipped.fluentBit(one) as object), Version: 1 };
    expect(eventOf(document).fields).toMatchObject({ NewProcessName: "C:\\a.exe", CommandLine: "a b" });
    // A later version has more data, perhaps between these.
    expect(defectOf({ ...document, Version: 2 })).toMatchObject({ code: "event-data-unnamed" });
  });

  test.each<[string, Partial<shipped.Logged>, object]>([
    ["the text and the values differ", {}, { Message: "Process Create:\r\nImage: x" }],
    [
      "the text has more than the values",
      {},
      { StringInserts: ["", "{0197231e-f7a4-693f-d405-000000000d00}"] },
    ],
    ["nobody knows the order", { ...security, eventId: 4624 }, {}],
  ])("and is refused where %s", (_, change, more) => {
    const document = { ...(shipped.fluentBit({ ...started, ...change }) as object), ...more };
    expect(defectOf(document)).toMatchObject({
      code: "event-data-unnamed",
      hint: expect.stringContaining("winlogbeat"),
    });
  });
});

test("Wazuh's escapes are undone, also in what its agent sends; what was not escaped stays as it is", () => {
  const alert = shipped.wazuh(started) as { data: { win: { eventdata: Record<string, string> } } };
  expect(alert.data.win.eventdata["image"]).toBe("C:\\\\Windows\\\\cmd.exe");
  for (const document of [alert, alert.data])
    expect(eventOf(document).fields).toMatchObject(Object.fromEntries(started.data));
  alert.data.win.eventdata["image"] = "C:\\Windows\\cmd.exe";
  expect(eventOf(alert).fields["Image"]).toBe("C:\\Windows\\cmd.exe");
});

test.each<[string, unknown]>([
  ["no computer", { Channel: "Security", EventID: 4624 }],
  ["an event id that is no number", { Channel: "Security", EventID: "x", Computer: "h" }],
])("an event with %s has no identity", (_, document) => {
  expect(defectOf(document)).toMatchObject({ code: "event-not-windows" });
});
