import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ScriptBlocks } from "../../../src/telemetry/windows/script-blocks.js";
import type { WindowsEvent } from "../../../src/telemetry/windows/windows-event.js";
import { eventOf } from "./reading.js";

function part(number: number, total: number, text: string, more: Record<string, unknown> = {}): WindowsEvent {
  return eventOf({
    Channel: "Microsoft-Windows-PowerShell/Operational",
    EventID: 4104,
    Computer: "host1",
    Execution_ProcessID: 7000,
    MessageNumber: number,
    MessageTotal: total,
    ScriptBlockText: text,
    ScriptBlockId: "a1",
    Path: "",
    ...more,
  });
}

test("parts in any order, and more than once, make the script once", () => {
  const parts = fc.array(fc.string(), { minLength: 2, maxLength: 6 }).chain((texts) => {
    const sent = texts.map((text, index) => part(index + 1, texts.length, text));
    const orders = fc.tuple(...[0, 1].map(() => fc.shuffledSubarray(sent, { minLength: sent.length })));
    return fc.record({ texts: fc.constant(texts), sent: orders.map((each) => each.flat()) });
  });
  fc.assert(
    fc.property(parts, ({ texts, sent }) => {
      const blocks = new ScriptBlocks();
      const done = sent.flatMap((one) => blocks.push(one) ?? []);
      expect(done).toMatchObject([{ id: "a1", total: texts.length, text: texts.join(""), missing: [] }]);
      expect(blocks.pending).toBe(0);
    }),
    { numRuns: 200 },
  );
});

test("what comes without a part is marked so, and never joined over the gap", () => {
  const blocks = new ScriptBlocks();
  expect([part(1, 4, "a"), part(4, 4, "d")].flatMap((one) => blocks.push(one) ?? [])).toEqual([]);
  expect(blocks.flush()).toMatchObject([
    {
      text: null,
      missing: [2, 3],
      parts: [
        { number: 1, text: "a" },
        { number: 4, text: "d" },
      ],
    },
  ]);
  expect(blocks.flush()).toEqual([]);
});

test("two texts for one part are neither of them the part", () => {
  const blocks = new ScriptBlocks();
  expect(
    [part(1, 2, "a"), part(1, 2, "b"), part(2, 2, "c")].flatMap((one) => blocks.push(one) ?? []),
  ).toEqual([]);
  expect(blocks.flush()).toMatchObject([
    { text: null, missing: [1], parts: [{ text: "a" }, { text: "b" }, { text: "c" }] },
  ]);
});

test("what was begun before a moment is given up, and later parts make no whole of it", () => {
  const blocks = new ScriptBlocks();
  expect(blocks.push(part(1, 2, "a"), 1000)).toEqual([]);
  expect(blocks.waitingSince).toBe(1000);
  expect(blocks.flush(1000)).toEqual([]);
  expect(blocks.flush(1001)).toMatchObject([{ text: null, missing: [2] }]);
  expect(blocks.push(part(2, 2, "b"), 2000)).toEqual([]);
  expect(blocks.flush()).toMatchObject([{ text: null, missing: [1] }]);
});

test("parts of a block that was whole before are counted, and make it no second time", () => {
  const blocks = new ScriptBlocks();
  const sent = [part(1, 2, "a"), part(2, 2, "b")];
  expect([...sent, ...sent].flatMap((one) => blocks.push(one) ?? [])).toHaveLength(1);
  expect(blocks).toMatchObject({ repeated: 2, pending: 0 });
});

test.each<[string, Record<string, unknown>]>([
  ["host", { Computer: "host2" }],
  ["process", { Execution_ProcessID: 7001 }],
  ["script block", { ScriptBlockId: "b2" }],
  ["log", { Channel: "PowerShellCore/Operational" }],
])("parts of another %s are not taken for its own", (_, other) => {
  const blocks = new ScriptBlocks();
  expect([part(1, 2, "a"), part(2, 2, "b", other)].flatMap((one) => blocks.push(one) ?? [])).toEqual([]);
  expect(blocks.flush()).toHaveLength(2);
});

test("it keeps no more than it may, and gives up the oldest first", () => {
  const few = new ScriptBlocks({ blocks: 2, letters: 1000 });
  const given = ["a", "b", "c"].flatMap((id) => few.push(part(1, 2, "x", { ScriptBlockId: id })) ?? []);
  expect(given).toMatchObject([{ id: "a", missing: [2] }]);
  const small = new ScriptBlocks({ blocks: 10, letters: 10 });
  const over = ["a", "b"].flatMap((id) => small.push(part(1, 2, "123456", { ScriptBlockId: id })) ?? []);
  expect(over).toMatchObject([{ id: "a", text: null }]);
  expect(small.pending).toBe(1);
});

test("other events, what is whole in one, and numbers that cannot be, are no parts", () => {
  const blocks = new ScriptBlocks();
  const events = [
    part(0, 2, "x"),
    part(3, 2, "x"),
    part(1, 10_000_000, "x"),
    part(1, 2, "x", { EventID: 4103 }),
    part(1, 1, "x"),
  ];
  expect(events.map((one) => blocks.push(one))).toEqual(events.map(() => null));
  expect(blocks.pending).toBe(0);
});
