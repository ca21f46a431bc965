import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readShape } from "../../../src/telemetry/files/event-shape.js";
import { read } from "./reading.js";

const namespace = 'xmlns="http://schemas.microsoft.com/win/2004/08/events/event"';

function xmlEvent(id: number, data: string): string {
  return (
    `<Event ${namespace}><System><Provider Name="Microsoft-Windows-Sysmon" Guid="{1}"/><EventID>${id}</EventID>` +
    `<TimeCreated SystemTime='2026-11-24T00:00:00Z'/><Channel>Microsoft-Windows-Sysmon/Operational</Channel>` +
    `<Computer>host</Computer></System><EventData>${data}</EventData></Event>`
  );
}

function found(text: string): { problems: string[]; lines: number[] } {
  const { events, problems } = read(text);
  return {
    problems: problems.map(({ line, column, code }) => `${line}:${column} ${code}`),
    lines: events.map(({ line }) => line),
  };
}

test("an event has the fields that rules name", () => {
  const data =
    '<Data Name="Image">C:\\a b.exe</Data><Data Name="Empty"/><Data Name="Two Words"> x </Data><Data>one</Data><Data>two</Data>';
  const { events } = read(xmlEvent(1, data));
  const { fields, logsources } = readShape(events[0]?.document);
  expect(fields).toMatchObject({
    Image: "C:\\a b.exe",
    Empty: "",
    TwoWords: " x ",
    Data: ["one", "two"],
    EventID: "1",
    Channel: "Microsoft-Windows-Sysmon/Operational",
    Provider_Name: "Microsoft-Windows-Sysmon",
    TimeCreated_SystemTime: "2026-11-24T00:00:00Z",
  });
  expect(logsources).toEqual([{ product: "windows", service: "sysmon", category: "process_creation" }]);
});

test("characters by name and by number are read, and texts are kept as they are", () => {
  const data =
    '<Data Name="A">&lt;a&gt; &amp;amp; &quot;&#65;&#x42;\n&apos;</Data><Data Name="B"><![CDATA[a & </Event> b]]></Data><Data Name="C">0x1F</Data>';
  const { events, problems } = read(xmlEvent(1, data));
  expect(problems).toEqual([]);
  expect(readShape(events[0]?.document).fields).toMatchObject({
    A: "<a> &amp; \"AB\n'",
    B: "a & </Event> b",
    C: "0x1F",
  });
});

test.each([
  ["one after the other", `${xmlEvent(1, "")}${xmlEvent(3, "")}`, [1, 1]],
  ["on lines of their own", `${xmlEvent(1, "")}\r\n${xmlEvent(3, "\n\n")}\n${xmlEvent(5, "")}`, [1, 2, 5]],
  [
    "in <Events>",
    `<?xml version="1.0"?>\n<Events>\n${xmlEvent(1, "")}\n<!-- <Event> -->\n${xmlEvent(3, "")}</Events>\n`,
    [3, 5],
  ],
  [
    "numbered by evtx_dump",
    `Record 1\n<?xml version="1.0"?>\n${xmlEvent(1, "")}\nRecord 2\n${xmlEvent(3, "")}\n`,
    [3, 5],
  ],
])("events %s", (_, text, lines) => {
  expect(found(text)).toEqual({ problems: [], lines });
});

test.each<[string, string, string[], number[]]>([
  ["an event that does not end", `<Event><System>\n${xmlEvent(1, "")}`, ["1:1 event-not-xml"], [2]],
  ["a file that ends inside an event", `${xmlEvent(1, "")}\n<Event><System>`, ["2:1 events-unfinished"], [1]],
  [
    "tags that do not fit",
    `<Event><System></EventData></Event>\n${xmlEvent(1, "")}`,
    ["1:1 event-not-xml"],
    [2],
  ],
  [
    "text between events",
    `${xmlEvent(1, "")}\nnonsense\n<Event2/>\n${xmlEvent(1, "")}`,
    ["2:1 event-not-xml"],
    [1, 4],
  ],
  [
    "what the validator takes and the parser does not",
    `<Event xmlns="x"><System><!!jsProvider Na-Sysmon"/><EventID>1</EventID></System></Event>\n${xmlEvent(1, "")}`,
    ["1:1 event-not-xml"],
    [2],
  ],
  ["another document", "<html><body/></html>", ["1:1 event-not-xml"], []],
  [
    "an entity that nobody knows",
    `${xmlEvent(1, '<Data Name="A">&secret;</Data>')}\n${xmlEvent(1, "")}`,
    ["1:1 event-not-xml"],
    [2],
  ],
])("%s is told with its place", (_, text, problems, lines) => {
  expect(found(text)).toEqual({ problems, lines });
});

test("entities that a file declares are never expanded", () => {
  const bomb = `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>\n${xmlEvent(1, '<Data Name="A">&b;</Data>')}`;
  expect(found(bomb)).toEqual({ problems: ["1:1 event-xml-declares", "2:1 event-not-xml"], lines: [] });
  const inside = `<Event><!DOCTYPE x [<!ENTITY a "ha">]><System>&a;</System></Event>`;
  expect(found(inside).problems).toEqual(["1:1 event-xml-declares"]);
});

test("however a file comes in pieces, the same is found", () => {
  const part = fc.constantFrom(
    ...[
      xmlEvent(1, '<Data Name="A">&lt;é</Data>'),
      xmlEvent(3, "\n"),
      "<Events>",
      "</Events>",
      "<?xml version='1.0'?>",
      "<!-- a -->",
    ],
    ...["nonsense", "<Event>", "<Event><a></Event>", "Record 5\n", "<x>", "&", "\n"],
  );
  const file = fc
    .array(fc.tuple(part, fc.constantFrom("\n", "", " ")), { maxLength: 5 })
    .map((parts) => `<!-- x -->${parts.flat().join("")}`);
  fc.assert(
    fc.property(file, fc.array(fc.nat(2000), { maxLength: 5 }), (text, places) => {
      const bytes = Buffer.from(text);
      const whole = read(bytes);
      for (const cuts of [places.map((place) => place % (bytes.length + 1)), Array.from(bytes.keys())]) {
        const pieces = read(bytes, cuts);
        expect([pieces.order, pieces.events, pieces.problems]).toEqual([
          whole.order,
          whole.events,
          whole.problems,
        ]);
      }
    }),
    { numRuns: 200 },
  );
}, 600_000);
