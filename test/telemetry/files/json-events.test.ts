import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldedDocument, read } from "./reading.js";

/** Lines and documents. */
function events(text: string): unknown[] {
  const found = read(text);
  expect(found.problems).toEqual([]);
  return found.events.map(({ line, document }) => [line, document]);
}

test.each<[string, string, unknown[]]>([
  [
    "an object a line",
    '{"a":1}\n{"b":2}\n',
    [
      [1, { a: 1 }],
      [2, { b: 2 }],
    ],
  ],
  [
    "blank lines and carriage returns",
    '\r\n{"a":1}\r\n\r\n  {"b":2}',
    [
      [2, { a: 1 }],
      [4, { b: 2 }],
    ],
  ],
  [
    "objects one after the other",
    '{"a":1}{"b":2} {"c":3}',
    [
      [1, { a: 1 }],
      [1, { b: 2 }],
      [1, { c: 3 }],
    ],
  ],
  [
    "objects over several lines",
    '{\n  "a": 1\n}\n{\n  "b": [\n    2\n  ]\n}\n',
    [
      [1, { a: 1 }],
      [4, { b: [2] }],
    ],
  ],
  [
    "a list",
    '[{"a":1},\n{"b":2}]\n',
    [
      [1, { a: 1 }],
      [2, { b: 2 }],
    ],
  ],
  [
    "a list over several lines",
    '[\n  {\n    "a": 1\n  },\n  {"b": 2}\n]',
    [
      [2, { a: 1 }],
      [5, { b: 2 }],
    ],
  ],
  [
    "several lists and objects",
    '[]\n[{"a":1}]\n{"b":2}\n[{"c":3}]',
    [
      [2, { a: 1 }],
      [3, { b: 2 }],
      [4, { c: 3 }],
    ],
  ],
  ["a byte order mark", '\ufeff{"a":1}', [[1, { a: 1 }]]],
  [
    "the record numbers of evtx_dump",
    'Record 1\n{\n"a": 1\n}\nRecord 22\n{"b":2}',
    [
      [2, { a: 1 }],
      [6, { b: 2 }],
    ],
  ],
  ["nothing", "", []],
  ["blanks", " \n\t\n", []],
])("%s", (_, text, wanted) => {
  expect(events(text)).toEqual(wanted);
});

describe("what is no event", () => {
  /** Problems as `line:column code`, and the lines of events that were found all the same. */
  function found(text: string): { problems: string[]; lines: number[] } {
    const { events: list, problems } = read(text);
    return {
      problems: problems.map(({ line, column, code }) => `${line}:${column} ${code}`),
      lines: list.map(({ line }) => line),
    };
  }

  test.each<[string, string, string[], number[]]>([
    ["a broken line does not take the next with it", '{"a":1,,}\n{"b":2}', ["1:8 event-not-json"], [2]],
    ["a line that was cut off", '{"a":"b\n{"b":2}', ["1:8 event-not-json"], [2]],
    ["a line that was cut off between values", '{"a":1,\n{"b":2}\n{"c":3}', ["2:1 event-not-json"], [2, 3]],
    ["an object over several lines", '{\n "a": 1\n "b": {\n}\n}\n{"c":3}', ["3:2 event-not-json"], [6]],
    ["a list goes on behind it", '[\n  {"a":},\n  {"b":2}\n]\n{"c":3}', ["2:8 event-not-json"], [3, 5]],
    [
      "objects further in are parts of what is broken",
      '{\n"a": [\n  {"x": 1},,\n  {"x": 2}\n]}\n{"c":3}',
      ["3:12 event-not-json"],
      [6],
    ],
    ["text", "time,host\n1,2\n", ["1:1 event-not-object"], []],
    ["a number in a list", '[1,\n{"a":1}]', ["1:2 event-not-object"], [2]],
    ["a list in a list", '[[1]]\n{"a":1}', ["1:2 event-not-object", "2:8 events-unfinished"], [2]],
    ["a comma too many", '{"a":1},\n{"b":2}', ["1:8 event-not-object"], [1, 2]],
    ["a missing comma", '[{"a":1}\n{"b":2}]', ["2:1 event-not-json"], [1]],
    ["an event that does not end", '{"a":1}\n{"b":', ["2:1 events-unfinished"], [1]],
    ["a list that does not end", '[{"a":1}', ["1:9 events-unfinished"], [1]],
    ["a word", '{"a":nul}\n{"b":1}', ["1:6 event-not-json"], [2]],
    ["an escape", '{"a":"\\x41"}', ["1:7 event-not-json"], []],
    ["a number with a leading zero", '{"a":01}', ["1:6 event-not-json"], []],
    ["too many levels", `${'{"a":'.repeat(65)}1${"}".repeat(65)}\n{"b":1}`, ["1:321 event-too-deep"], [2]],
  ])("%s", (_, text, problems, lines) => {
    expect(found(text)).toEqual({ problems, lines });
  });

  test.each([
    ["EVTX", Buffer.from("ElfFile\0\0\0\0\0\0\0\0\0\0\0\0\0")],
    ["gzip", Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7])],
    ["UTF-16", Buffer.from('\ufeff{"a": 1, "b": 2}', "utf16le")],
    ["UTF-16 without its mark", Buffer.from('{"a": 1, "b": 2}', "utf16le")],
  ])("a file of %s is refused as a whole, with what to do", (_, bytes) => {
    const { events: list, problems } = read(bytes);
    expect(list).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ line: 1, column: 1, code: "events-format" });
    expect(problems[0]?.hint).not.toBe("");
  });

  test("an event of more than 16 MiB is refused, however it comes", () => {
    const text = `{"a":"${"x".repeat(16 * 1024 * 1024)}"}\n{"b":1}`;
    for (const cuts of [[], [1000], [17 * 1024 * 1024 - 1_040_000, 100_000]]) {
      const { events: list, problems } = read(text, cuts);
      expect(problems.map(({ line, code }) => [line, code])).toEqual([[1, "event-too-large"]]);
      expect(list.map(({ line }) => line)).toEqual([2]);
    }
  });
});

const awkward = fc.constantFrom(
  ...[
    "",
    "a",
    "É",
    "\u212a",
    "İ",
    "😀",
    "\\",
    '"',
    "/",
    "\n",
    "\u0000",
    "\u0001",
    "\u2028",
    "\ud800",
    "1",
    " 1",
    "1.0",
    "01",
    "\u00a01",
    "true",
    "null",
  ],
);
const word = fc.array(awkward, { maxLength: 4 }).map((list) => list.join(""));
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    word,
    fc.constantFrom(0, -0, 1, -1.5, 1e21, 123_456_789_012_345_680, 0.1, true, false, null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(word, tie("value"), { maxKeys: 3 }),
  ),
})).value;
const object = fc.dictionary(word, json, { maxKeys: 4 });

test("values are folded as those of the event that is read", () => {
  fc.assert(
    fc.property(object, fc.boolean(), (document, escapes) => {
      const plain = JSON.stringify(document);
      const { events: list, texts } = read(escapes ? plain.replaceAll("É", String.raw`\u00C9`) : plain);
      expect(list.map((each) => each.document)).toEqual([JSON.parse(plain)]);
      const [text] = texts;
      if (text !== null && text !== undefined) {
        expect(text).toBe(foldedDocument(list[0]?.document as Record<string, unknown>));
      }
    }),
    { numRuns: 1500 },
  );
});

test.each([
  [
    "numbers in other spellings",
    String.raw`{"a":1.50,"b":1e2,"c":-0,"d":12345678901234567890}`,
    ["1.5", "100", "0", "12345678901234567000"],
  ],
  ["escapes", String.raw`{"a":"\u0041\u212A\u00e9\/\\"}`, ["ak\u0002/\\"]],
  [
    "bytes that are no UTF-8",
    Buffer.from([...Buffer.from('{"a":"x'), 0xff, 0xe2, 0x84, ...Buffer.from('y"}')]),
    ["x\u0002y"],
  ],
  ["the Kelvin sign in bytes", '{"a":"\u212aey"}', ["key"]],
])("%s are folded to what they stand for", (_, text, values) => {
  const { texts } = read(text);
  expect(texts).toEqual([["", ...values, ""].join("\u0001")]);
});

test("an event must be read where its values do not say everything", () => {
  // White space beyond ASCII may stand beside a number.
  expect(read('{"a":"\u00a01"}').texts).toEqual([null]);
  // Laurel's form, of which fields are made.
  expect(read('{"SYSCALL":{}}').texts).toEqual([null]);
  expect(read(String.raw`{"\u0053YSCALL":{}}`).texts).toEqual([null]);
  expect(read('{"x":{"SYSCALL":{}}}').texts).not.toEqual([null]);
});

test("what the scanner takes, JSON.parse takes, and the other way round", () => {
  const pieces = [
    ...'{}[]:,"\\ \n\t019.-+eEtfnaul/b\u0001é'.split(""),
    '"a":',
    "true",
    "null",
    '{"a":1}',
    "\\u00",
    "\\u0041",
  ];
  const soup = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((list) => `{${list.join("")}`);
  let valid = 0;
  fc.assert(
    fc.property(
      fc.oneof(
        soup,
        object.map((each) => JSON.stringify(each)),
      ),
      fc.nat(200),
      (text, at) => {
        const damaged = at < text.length && at > 0 ? text.slice(0, at) + text.slice(at + 1) : text;
        // As it is in a file: half a letter has no bytes.
        for (const each of [text, damaged].map((one) => Buffer.from(one).toString())) {
          // One object only: what follows it is another matter.
          let parsed: unknown;
          try {
            parsed = JSON.parse(each);
            valid++;
          } catch {
            parsed = undefined;
          }
          const { events: list, problems } = read(each);
          if (parsed !== undefined) {
            expect(problems).toEqual([]);
            expect(list).toEqual([{ line: 1 + leadingFeeds(each), document: parsed }]);
          } else if (isObjectBeforeEmptyLists(each)) expect(problems).toEqual([]);
          else expect(problems.length + Math.max(0, list.length - 1)).toBeGreaterThan(0);
        }
      },
    ),
    { numRuns: 3000 },
  );
  expect(valid).toBeGreaterThan(500);
});

/** A file may go on with lists that hold nothing, as in `{}[]`; JSON may not. */
function isObjectBeforeEmptyLists(text: string): boolean {
  const first = text.replace(/(?:\s*\[\s*\])+\s*$/, "");
  if (first === text) return false;
  try {
    JSON.parse(first);
    return true;
  } catch {
    return false;
  }
}

function leadingFeeds(text: string): number {
  return (/^\s*/.exec(text)?.[0].match(/\n/g) ?? []).length;
}

test("however a file comes in pieces, the same is found", () => {
  const broken = fc.constantFrom(
    '{"a":',
    '{"a":"x',
    "nonsense",
    "]",
    ",",
    '{"a":1,}',
    "[",
    "[1]",
    '{"a" 1}',
    "Record 7",
    "\u00e9",
  );
  const part = fc.oneof(
    { arbitrary: object.map((each) => JSON.stringify(each)), weight: 4 },
    { arbitrary: object.map((each) => JSON.stringify(each, null, 2)), weight: 2 },
    { arbitrary: fc.array(object, { maxLength: 3 }).map((list) => JSON.stringify(list, null, 1)), weight: 2 },
    { arbitrary: broken, weight: 2 },
  );
  const file = fc
    .array(fc.tuple(part, fc.constantFrom("\n", "\n", "\r\n", " ", "", ",\n")), { maxLength: 6 })
    .map((parts) => parts.flat().join(""));
  let problems = 0;
  fc.assert(
    fc.property(file, fc.array(fc.nat(1000), { maxLength: 6 }), (text, places) => {
      const bytes = Buffer.from(text);
      const whole = read(bytes);
      const cuts = places.map((place) => place % (bytes.length + 1));
      const pieces = read(bytes, cuts);
      const everywhere = read(
        bytes,
        Array.from({ length: bytes.length }, (_, index) => index),
      );
      for (const each of [pieces, everywhere]) {
        expect([each.order, each.events, each.problems, each.texts]).toEqual([
          whole.order,
          whole.events,
          whole.problems,
          whole.texts,
        ]);
        expect(each.reader.line).toBe(whole.reader.line);
      }
      problems += whole.problems.length;
    }),
    { numRuns: Number(process.env["TYRIAN_PROPERTY_RUNS"] ?? 700) },
  );
  expect(problems).toBeGreaterThan(100);
}, 600_000);
