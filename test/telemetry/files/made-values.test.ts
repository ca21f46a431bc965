import * as fc from "fast-check";
import { expect, test } from "vitest";
import { foldEvent } from "../../../src/detection/match/event-text.js";
import { BOUND_TEXT, FoldedText } from "../../../src/detection/match/folded-text.js";
import { EventReader } from "../../../src/telemetry/files/event-reader.js";
import { fieldsFor, readShape } from "../../../src/telemetry/files/event-shape.js";
import { shownText } from "./reading.js";

const value = fc.constantFrom<unknown>(
  ...["0x1a2c", "0X1f", " 0x5 ", "12", 7, "-", "", "LAB", "Kop", "S-1-5-18", "S-1-5-20", "S-1-16-8192"],
  ...["cmd.exe", "1.0", null, ["a", "bé"], { "#text": "High" }],
);
const names = [
  ...[
    "ProcessId",
    "NewProcessId",
    "NewProcessName",
    "ParentProcessName",
    "ParentProcessId",
    "MandatoryLabel",
  ],
  ...["SubjectUserName", "SubjectDomainName", "SubjectUserSid", "SubjectLogonId", "CommandLine", "User"],
  ...["TargetUserName", "TargetDomainName", "TargetUserSid", "TargetLogonId", "IntegrityLevel", "Image"],
];
const data = fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] });
const head = fc.record({
  EventID: fc.constantFrom<unknown>(4688, "4688", " 4688"),
  Channel: fc.constantFrom("Security", "security"),
});
const newProcess = fc
  .tuple(head, data)
  .chain(([System, EventData]) =>
    fc.constantFrom<object>(
      { ...EventData, ...System },
      { Event: { System, EventData } },
      { winlog: { channel: System.Channel, event_id: System.EventID, event_data: EventData } },
    ),
  );

test("a new process's values are those of the document and those that were made, in both of its forms", () => {
  let made = 0;
  fc.assert(
    fc.property(newProcess, (document) => {
      const shape = readShape(document);
      const held = new Set<string>();
      const reader = new EventReader({
        event: ({ text, complete }) => {
          expect([text === null, complete]).toEqual([false, false]);
          const before = new Set(text === null ? [] : shownText(text).split(BOUND_TEXT));
          for (const each of shape.made ?? []) text?.add(each);
          if (text !== null) for (const each of shownText(text).split(BOUND_TEXT)) held.add(each);
          made += held.size - before.size;
        },
        problem: ({ message }) => expect.unreachable(message),
      });
      reader.push(Buffer.from(JSON.stringify(document)), true);
      for (const logsource of shape.logsources) {
        const whole = new FoldedText();
        // What a log source is called is no value of the document.
        foldEvent({ id: "", logsource: { product: "" }, fields: fieldsFor(shape, logsource) }, whole);
        expect(
          shownText(whole)
            .split(BOUND_TEXT)
            .filter((each) => !held.has(each)),
        ).toEqual([]);
      }
    }),
    { numRuns: 1000 },
  );
  expect(made).toBeGreaterThan(100);
});
