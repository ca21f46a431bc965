import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { streamBytes } from "../../src/cli/detect/byte-source.js";
import type { CountedEvent } from "../../src/cli/detect/counting.js";
import { EventScan } from "../../src/cli/detect/event-scan.js";
import { UnreadableEvents } from "../../src/cli/detect/file-chunks.js";
import { matcherOf, rulesOf } from "../../src/cli/detect/loaded-rules.js";
import { type PlacedResult, scanHere, scanOnThreads } from "../../src/cli/detect/scan-file.js";
import { Threads } from "../../src/cli/detect/threads.js";
import type { Beginning } from "../../src/telemetry/files/event-reader.js";
import type { Logsource } from "../../src/telemetry/files/event-shape.js";
import { parseSigmaFile } from "../../src/detection/sigma/collection-file.js";

const logsource: Logsource = { product: "linux", category: "process_creation" };
const files = ["Image|endswith: /sh", "CommandLine|contains: é", "CommandLine: ''"].map((line, index) =>
  parseSigmaFile(
    `title: t\nid: r${index}\nlogsource: { product: linux }\ndetection:\n  s:\n    ${line}\n  condition: s\n`,
    `r${index}.yml`,
  ),
);
const pair = `title: t\nid: pair\ncorrelation: { type: event_count, rules: [r0, base], group-by: [Image], timespan: 5m, condition: { gte: 2 } }\n`;
const base = `title: t\nid: base\nlogsource: { product: linux }\ndetection:\n  s:\n    Image|contains: ls\n  condition: s\n`;
files.push(parseSigmaFile(pair, "pair.yml"), parseSigmaFile(base, "base.yml"));
const scanned = rulesOf({ files, pipelines: [], queries: [] });
const matcher = matcherOf(scanned.all, logsource);
const newScan = (begin: Beginning): EventScan => new EventScan(scanned, matcher, logsource, begin);
let threads: Threads;
beforeAll(async () => {
  threads = new Threads(3, newScan, { rules: { files, pipelines: [], queries: [] }, logsource });
  // Until then this thread would scan everything.
  while (!threads.isComplete) await threads.scan({ bytes: Buffer.alloc(1), last: true, begin: "file" });
}, 60_000);
afterAll(() => threads.stop());

/** What is found in a file, in order, with the lines of the file. */
interface Found {
  events: number;
  readonly matches: (readonly [rule: number, line: number])[];
  readonly counted: CountedEvent[];
  readonly problems: string[];
  failure: string | null;
}

async function foundIn(results: AsyncIterable<PlacedResult>): Promise<Found> {
  const found: Found = { events: 0, matches: [], counted: [], problems: [], failure: null };
  try {
    for await (const { result, linesBefore } of results) {
      found.events += result.events;
      for (let at = 0; at + 1 < result.matches.length; at += 2) {
        found.matches.push([result.matches[at] ?? -1, (result.matches[at + 1] ?? 0) + linesBefore]);
      }
      found.counted.push(...result.counted.map((each) => ({ ...each, line: each.line + linesBefore })));
      for (const { line, column, code, message } of result.problems) {
        found.problems.push(`${line + linesBefore}:${column} ${code} ${message}`);
      }
    }
  } catch (thrown) {
    if (!(thrown instanceof UnreadableEvents)) throw thrown;
    found.failure = thrown.message;
  }
  return found;
}

async function* chunksOf(bytes: Buffer, size: number, failure?: Error): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) {
    await Promise.resolve();
    yield Buffer.from(bytes.subarray(from, from + size));
  }
  if (failure !== undefined) throw failure;
}

async function* inOrder(results: readonly PlacedResult[]): AsyncGenerator<PlacedResult> {
  yield* results;
  await Promise.resolve();
}

const value = fc.oneof(
  fc.constantFrom("/bin/sh", "/bin/ls", "é", "", "日本😀\u212a", 'a"\\\n', "x".repeat(700)),
  fc.string({ unit: "binary", maxLength: 5 }),
);
const record = fc.record({ Image: value, CommandLine: value }, { requiredKeys: [] });
const json = fc.oneof(
  { arbitrary: record.map((each) => JSON.stringify(each)), weight: 6 },
  record.map((each) => JSON.stringify(each, null, 2)),
  // Lines that start with a brace and are inside of an event, or of a list.
  record.map((each) => `{\n"a":\n${JSON.stringify(each)}\n}`),
  fc
    .array(record, { maxLength: 4 })
    .map((list) => `[${list.map((each) => JSON.stringify(each)).join(",\n")}]`),
  fc.constantFrom("", "  ", "nonsense", "{broken", '{"a": "no end', "[", "]", ",", "\ufffd", "Record 7"),
  fc.constantFrom("<Event>", '<Event><System/><EventData Image="/bin/sh"/></Event>'),
);
const xml = fc.oneof(
  {
    arbitrary: value.map(
      (each) =>
        `<Event><EventData><Data Name="Image">${each.replaceAll(/[<&\u0000-\u001f]/g, "")}</Data></EventData></Event>`,
    ),
    weight: 4,
  },
  fc.constantFrom(
    "<Event>\n<EventData>\n<Event>",
    "<!-- <Event>\n<Event> -->",
    "<Events>",
    "</Events>",
    "garbage",
    "",
  ),
  fc.constantFrom('{"Image":"/bin/sh"}', "<?xml version='1.0'?>"),
);
const rendered = fc.oneof(
  value.map((each) => `11/24/2026 03:00:00 PM\nLogName=Security\nEventCode=4624\nMessage=${each}`),
  fc.constantFrom("garbage", '{"Image":"/bin/sh"}'),
);
const end = fc.constantFrom("\n", "\n", "\n", "\r\n", "\n\n", "\n ", "");
const file = fc
  .tuple(
    fc.constantFrom("", "", "\ufeff", "\n\n", " ".repeat(20)),
    fc
      .oneof({ arbitrary: fc.constant(json), weight: 3 }, fc.constant(xml), fc.constant(rendered))
      .chain((part) => fc.array(fc.tuple(part, end), { maxLength: 40 })),
  )
  .map(([begin, parts]) => Buffer.from(begin + parts.flat().join("")));

test("several threads find what one finds, wherever a file is cut", async () => {
  let matched = 0;
  let counted = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(file, fc.integer({ min: 1, max: 600 }), fc.boolean(), async (bytes, size, fails) => {
      const failure = fails ? new UnreadableEvents("file-unreadable", "the disk is gone", "") : undefined;
      const one = await foundIn(scanHere(streamBytes(chunksOf(bytes, size, failure)), newScan("file")));
      const several = await foundIn(scanOnThreads(streamBytes(chunksOf(bytes, size, failure)), threads));
      expect(several).toEqual(one);
      if (!fails) {
        const whole = newScan("file");
        whole.push(bytes, true);
        expect(await foundIn(inOrder([{ result: whole.take(), linesBefore: 0 }]))).toEqual(one);
      }
      matched += one.matches.length;
      counted += one.counted.length;
      refused += one.problems.length;
    }),
    { numRuns: Number(process.env["TYRIAN_PROPERTY_RUNS"] ?? 300) },
  );
  expect(Math.min(matched, counted, refused)).toBeGreaterThan(50);
}, 600_000);
