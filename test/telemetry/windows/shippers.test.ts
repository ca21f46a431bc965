import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readShape } from "../../../src/telemetry/files/event-shape.js";
import { EventDefect } from "../../../src/telemetry/windows/event-defect.js";
import { windowsEvent, type WindowsEvent } from "../../../src/telemetry/windows/windows-event.js";
import { read } from "../files/reading.js";
import { eventOf, readingOf } from "./reading.js";
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
