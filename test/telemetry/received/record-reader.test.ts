import { expect, test } from "vitest";
import { RecordReader } from "../../../src/telemetry/received/record-reader.js";
import type { StoredRecord } from "../../../src/telemetry/received/stored-record.js";
import { bytesOf, encodeExec } from "../audit-encoder.js";

let line = 0;

function record(content: StoredRecord["content"], more: Partial<StoredRecord> = {}): StoredRecord {
  line += 1;
  return {
    ...{
      host: "web1",
      channel: "syslog/audit",
      time: null,
      content,
      receivedAt: 1000,
      place: { segment: 1, line },
    },
    ...more,
  };
}

const audit = (serial: number): string[] =>
  encodeExec({ serial, argv: bytesOf("sh", "-c", "id"), host: "tyrian" });
const laurel = JSON.stringify({
  ID: "1795492300.123:4711",
  SYSCALL: {
    arch: "0xc000003e",
    syscall: 59,
    success: "yes",
    exit: 0,
    ppid: 1,
    pid: 2,
    ses: 3,
    exe: "/bin/sh",
    key: "k",
  },
  EXECVE: { argc: 1, ARGV: ["sh"] },
});
const sysmon = {
  winlog: {
    channel: "Microsoft-Windows-Sysmon/Operational",
    computer_name: "win1",
    event_id: "1",
    record_id: 77,
    event_data: { Image: String.raw`C:\Windows\System32\cmd.exe`, CommandLine: "cmd /c dir" },
  },
  "@timestamp": "2026-11-24T10:00:00Z",
};

test("lines of auditd that come one by one become the event of the host that sent them, whatever their key", () => {
  const reader = new RecordReader();
  const events = audit(4711).flatMap((text) => reader.push(record(text)).events);
  expect(events).toMatchObject([
    {
      ...{ id: "web1/auditd/1795492300.711:4711", host: "web1", kind: "exec", argv: ["sh", "-c", "id"] },
      ...{ sequence: 4711, session: "7", ingestedAt: 1000, fields: { CommandLine: "sh -c id" } },
    },
  ]);
  expect(reader.channels()).toEqual({ "syslog/audit": { known: 6, unknown: 0, damaged: 0, repeated: 0 } });
});

test("lines of two hosts with the same serial are two events", () => {
  const reader = new RecordReader();
  const hosts = audit(1).flatMap((text) =>
    ["a", "b"].flatMap((host) => reader.push(record(text, { host })).events.map((event) => event.host)),
  );
  expect(hosts).toEqual(["a", "b"]);
});

test.each([
  ["as text", laurel],
  ["with the prefix of rsyslog", `@cee: ${laurel}`],
  ["in a message of Beats or Vector", { message: laurel, host: { name: "other" } }],
  ["in a log of Fluent Bit", { log: laurel }],
  ["in ECS's original", { event: { original: laurel } }],
  ["as a document of its own", JSON.parse(laurel) as Record<string, unknown>],
])("a line of laurel %s", (_, content) => {
  expect(new RecordReader().push(record(content)).events).toMatchObject([
    { id: "web1/laurel/1795492300.123:4711", session: "3", sequence: 4711, argv: ["sh"] },
  ]);
});

test("a record that is sent again counts once: by its serial, its number or its name", () => {
  const reader = new RecordReader();
  const again = [...audit(1), laurel].flatMap((text) => [record(text), record(text)]);
  expect(again.flatMap((each) => reader.push(each).events)).toHaveLength(2);
  expect(reader.lost("web1")).toBe(0);
  for (const content of [sysmon, sysmon]) reader.push(record(content, { channel: "windows" }));
  for (const name of ["logs/a", "logs/a", "logs/b"])
    reader.push(record({ message: "x" }, { name, channel: "named" }));
  expect(reader.channels()).toMatchObject({
    "syslog/audit": { known: 7, repeated: 7 },
    windows: { known: 1, repeated: 1 },
    named: { unknown: 2, repeated: 1 },
  });
});

test("two equal records without a mark of their own are two", () => {
  const reader = new RecordReader();
  for (let count = 0; count < 2; count += 1) reader.push(record("Failed password for root"));
  expect(reader.channels()["syslog/audit"]).toMatchObject({ unknown: 2, repeated: 0 });
});

test("an event of Windows has the fields and log sources that rules ask for, and the computer as its host", () => {
  const { others } = new RecordReader("security").push(record(sysmon));
  expect(others).toMatchObject([
    {
      ...{ host: "win1", time: Date.parse("2026-11-24T10:00:00Z"), ingestedAt: 1000 },
      id: "win1/Microsoft-Windows-Sysmon/Operational/1795514400000:77",
      read: {
        logsources: [{ product: "windows", service: "sysmon", category: "process_creation" }],
        fields: { CommandLine: "cmd /c dir", EventID: "1" },
      },
    },
  ]);
});

test("a process that Windows created is an event as the verifier takes it; one without its number is lost", () => {
  const reader = new RecordReader();
  expect(reader.push(record(sysmon)).events).toMatchObject([
    { id: "win1/sysmon/1795514400000:77", sequence: 77, kind: "exec", fields: { CommandLine: "cmd /c dir" } },
  ]);
  const winlog = Object.fromEntries(Object.entries(sysmon.winlog).filter(([name]) => name !== "record_id"));
  expect(reader.push(record({ ...sysmon, winlog }))).toMatchObject({
    events: [],
    others: [{ host: "win1" }],
  });
  expect([reader.lost("win1"), reader.lost("web1")]).toEqual([1, 0]);
});

test("what a process of Windows did is an event, too; other records of the sensor are told by their numbers", () => {
  const others: unknown[] = [];
  const reader = new RecordReader("sysmon", (other) => others.push(other));
  const sent = (event_id: string, record_id: number): ReturnType<typeof record> =>
    record({ ...sysmon, winlog: { ...sysmon.winlog, event_id, record_id } });
  expect(reader.push(sent("7", 78)).events).toMatchObject([
    { id: "win1/sysmon/1795514400000:78", kind: "activity", logsource: { category: "image_load" } },
  ]);
  expect(reader.push(sent("13", 79))).toMatchObject({ events: [], others: [{ host: "win1" }] });
  expect(others).toEqual([{ host: "win1", sensor: "sysmon", sequence: 79, time: 1795514400000 }]);
});

test("what is of no known form, and what is damaged, is counted", () => {
  const reader = new RecordReader();
  const broken = "<Event xmlns='x'><System><EventID>1</EventID>";
  for (const content of [
    "hello",
    { message: "hello" },
    '{"a":1}',
    "{",
    broken,
    `${laurel.slice(0, 60)}"SYSCALL":`,
  ])
    expect(reader.push(record(content))).toEqual({ events: [], others: [] });
  expect(reader.channels()["syslog/audit"]).toEqual({ known: 0, unknown: 4, damaged: 2, repeated: 0 });
});

test("half an event waits for its other lines, and is counted as lost when they do not come", () => {
  const reader = new RecordReader();
  for (const text of audit(1).slice(0, 3)) reader.push(record(text));
  expect(reader.pending).toBe(1);
  expect(reader.flush(2_000)).toEqual([]);
  expect(reader.lost("web1")).toBe(0);
  const missing = audit(2).filter((text) => !text.startsWith("type=EXECVE"));
  for (const text of missing) reader.push(record(text, { host: "web2" }));
  expect(reader.flush(20_000)).toHaveLength(1);
  expect([reader.lost("web1"), reader.lost("web2")]).toEqual([0, 1]);
});
