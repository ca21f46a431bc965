import { expect, test } from "vitest";
import { BOUND_TEXT, FoldedText } from "../../../src/detection/match/folded-text.js";
import { Ranges } from "../../../src/detection/match/ranges.js";
import { ReadValues } from "../../../src/detection/match/read-values.js";
import { documentKeys } from "../../../src/telemetry/files/document-keys.js";
import { EventReader } from "../../../src/telemetry/files/event-reader.js";
import { readShape } from "../../../src/telemetry/files/event-shape.js";

/** Documents of each form of which no field is made. Every value is there once. */
const documents: Readonly<Record<string, object>> = {
  evtx_dump: {
    Event: {
      "#attributes": { xmlns: "x-1" },
      System: {
        Provider: { "#attributes": { Name: "p-name", Guid: "p-guid", Event_Source: "p-source" } },
        EventID: { "#attributes": { Qualifiers: "q-1" }, "#text": "e-1" },
        Channel: "c-1",
        Computer: "host-1",
        Execution: { "#attributes": { ProcessID: "pid-1", ThreadID: "tid-1" } },
        TimeCreated: { "#attributes": { SystemTime: "t-1" } },
      },
      EventData: {
        Image: "i-1",
        "Process Name": "n-1",
        Typed: { "#attributes": { Type: "x-2" }, "#text": "ty-1" },
        Data: [{ "#attributes": { Name: "Labelled" }, "#text": "l-1" }, "u-1"],
      },
      RenderingInfo: { Message: "m-1" },
    },
  },
  "unnamed data": {
    Event: {
      System: { EventID: 1, Channel: "c-1" },
      EventData: { Data: { "#attributes": { Name: "x-1" }, "#text": ["u-1", "u-2"] } },
      UserData: { EventXML: { Param1: "a-1", Nested: { Deeper: "d-1", List: [{ Inner: "d-2" }] } } },
    },
  },
  "separate attributes": {
    Event: {
      System: { Provider_attributes: { Name: "p-name" }, EventID: "e-1", Channel: "c-1" },
      EventData: { Image: "i-1" },
    },
  },
  "attributes with @": {
    Event: {
      System: { Provider: { "@Name": "p-name" }, EventID: { "@Qualifiers": "q-1", "#text": "e-1" } },
      EventData: { Data: [{ "@Name": "Image", "#text": "i-1" }] },
    },
  },
  "attributes like elements": {
    Event: { System: { Provider: { Name: "p-name" }, Security: { UserID: "s-1" }, Channel: "c-1" } },
  },
  winlogbeat: {
    "@timestamp": "t-1",
    message: "m-1",
    event: { code: "e-1" },
    winlog: {
      channel: "c-1",
      computer_name: "host-1",
      record_id: "r-1",
      provider_name: "p-name",
      provider_guid: "p-guid",
      version: "v-1",
      activity_id: "a-1",
      process: { pid: "pid-1", thread: { id: "tid-1" } },
      user: { identifier: "s-1" },
      event_data: { Image: "i-1", "Process Name": "n-1", param1: "u-1" },
      user_data: { xml_name: "x-name" },
    },
  },
  "winlogbeat, classic": {
    winlog: {
      ...{ channel: "c-1", event_id: "e-1", provider_name: "p-name" },
      event_data: { param2: "u-2", param1: "u-1" },
    },
  },
  NXLog: {
    ...{ Channel: "c-1", EventID: 7, SourceName: "p-name", Hostname: "host-1", RecordNumber: "r-1" },
    ...{ ExecutionProcessID: "pid-1", ThreadID: "tid-1", EventTime: "2026-11-24T03:00:00Z", Message: "m-1" },
  },
  "NXLog, other names": {
    ...{ Channel: "c-1", EventID: 7, SourceName: "p-name", ProcessID: "pid-1", ExecutionThreadID: "tid-1" },
  },
  flat: {
    ...{ Channel: "c-1", EventID: 7, Provider_Name: "p-name", Image: "i-1", "with.dot": "w-1" },
    ...{ Hashes: ["h-1", ["h-2"]], Deep: { "er.and": { deeper: ["d-1", { yet: "d-2" }] } } },
  },
  "of the store": {
    logsource: { product: "linux", category: "process_creation" },
    fields: { Image: "i-1", process: { parent: { name: "n-1" } } },
  },
  CloudTrail: {
    ...{ eventSource: "s-1", eventName: "n-1", awsRegion: "r-1", naïve: "u-1" },
    requestParameters: { bucketName: "b-1", tags: [{ key: "k-1" }] },
  },
  "no known form": { a: { b: [{ c: "v-1", "#text": "v-2" }] }, "#text": "v-3" },
};

/** Fields with scalars, by the paths that rules name them by. */
function scalarsOf(value: unknown, path: string): [path: string, value: string][] {
  if (Array.isArray(value)) return value.flatMap((each) => scalarsOf(each, path));
  if (typeof value !== "object" || value === null) return [[path, String(value)]];
  return Object.entries(value).flatMap(([name, inner]) =>
    scalarsOf(inner, path === "" ? name : `${path}.${name}`),
  );
}

/** The values that are looked through for a rule that reads one field. */
function valuesRead(document: object, field: string): string[] {
  const read = new ReadValues([{ fields: new Set([field]), logsource: [] }], documentKeys);
  let values: string[] = [];
  const reader = new EventReader(
    {
      event: ({ text, complete }) => {
        expect([complete, text?.numbering === read.keys]).toEqual([true, true]);
        const { bytes } = text ?? new FoldedText();
        const ranges = new Ranges();
        ranges.select(text ?? new FoldedText(), read.of(text ?? new FoldedText()));
        values = Array.from({ length: ranges.count }, (_, range) =>
          Buffer.from(bytes.subarray(ranges.places[range * 2], ranges.places[range * 2 + 1])).toString(
            "latin1",
          ),
        ).flatMap((part) => part.slice(1, -1).split(BOUND_TEXT));
      },
      problem: ({ message }) => expect.unreachable(message),
    },
    "file",
    read.keys,
  );
  reader.push(Buffer.from(JSON.stringify(document)), true);
  return values;
}

test.each(Object.entries(documents))("%s: the values of each field are looked through", (_, document) => {
  const fields = scalarsOf(readShape(document).fields, "");
  expect(fields.length).toBeGreaterThan(1);
  for (const [field, value] of fields) {
    expect([field, valuesRead(document, field)]).toEqual([
      field,
      expect.arrayContaining([value.toLowerCase().replace("ï", "\u0002")]),
    ]);
  }
});

test("values of other keys are not, but for those that tell the log source", () => {
  const document = {
    Channel: "C",
    EventID: 1,
    Image: "wanted",
    Message: "long",
    CommandLine: ["a", { b: "c" }],
  };
  expect(valuesRead(document, "Image")).toEqual(["c", "1", "wanted"]);
  expect(valuesRead(document, "Other")).toEqual(["c", "1"]);
});

test("a key in escapes, which may be any, is looked through", () => {
  const text = String.raw`{"Channel":"c","EventID":1,"\u0049mage":"x-1","Im\u0061ge":"x-2"}`;
  const read = new ReadValues([{ fields: new Set(["Image"]), logsource: [] }], documentKeys);
  const reader = new EventReader(
    {
      // A key in escapes may also be one that says that fields are made: then nothing is left out.
      event: ({ text: folded }) => expect(folded === null ? null : read.of(folded)).toBeNull(),
      problem: ({ message }) => expect.unreachable(message),
    },
    "file",
    read.keys,
  );
  reader.push(Buffer.from(text), true);
});
