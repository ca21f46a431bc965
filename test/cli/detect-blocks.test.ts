import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { detect, type Detected, type Match } from "../../src/cli/detect/detection-run.js";
import { loadRules, type LoadedRules } from "../../src/cli/detect/loaded-rules.js";

let base: string;
let loaded: LoadedRules;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "tyrian-blocks-"));
  const rule = (id: string, detection: string): string =>
    `title: ${id}\nid: ${id}\nname: ${id}\nlogsource: { product: windows, category: ps_script }\ndetection:\n  ${detection}\n  condition: s and not f\n`;
  await writeFile(
    join(base, "rules.yml"),
    [
      rule("both", "s: { ScriptBlockText|contains|all: [alpha, omega] }\n  f: { ScriptBlockText: none }"),
      rule("first", "s: { ScriptBlockText|contains: alpha }\n  f: { ScriptBlockText|contains: omega }"),
      "title: seen\nid: seen\ncorrelation: { type: event_count, rules: [both], timespan: 1m, condition: { gte: 1 }, generate: true }\n",
    ].join("---\n"),
  );
  loaded = loadRules([join(base, "rules.yml")], { cache: false, pipelines: [] });
});
afterAll(() => rm(base, { recursive: true }));

function part(number: number, total: number, text: string, id = "a1"): Record<string, unknown> {
  return {
    ...{ Channel: "Microsoft-Windows-PowerShell/Operational", EventID: 4104, Computer: "win1" },
    ...{ EventRecordID: number, TimeCreated_SystemTime: "2026-11-24T12:00:00Z", Execution_ProcessID: 7 },
    ...{ MessageNumber: number, MessageTotal: total, ScriptBlockText: text, ScriptBlockId: id, Path: "" },
  };
}

async function file(name: string, events: readonly unknown[]): Promise<string> {
  const path = join(base, name);
  await writeFile(path, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  return path;
}

interface Found extends Detected {
  readonly matches: string[];
}

async function found(files: readonly string[], workers = 1): Promise<Found> {
  const matches: Match[] = [];
  const detected = await detect(loaded, {
    ...{ files, logsource: null, workers },
    onMatches: (more) => Promise.resolve(void matches.push(...more)),
    onProblem: (problem) => expect.fail(problem.message),
  });
  return {
    matches: matches.map(({ rule, file: name, line }) => `${rule} ${name.slice(base.length + 1)}:${line}`),
    ...detected,
  };
}

const other = { ...part(1, 1, "alpha alone"), EventRecordID: 9 };

test("a script block in several events is matched as one, at the line of its first part", async () => {
  const events = [part(2, 3, "middle"), other, part(3, 3, "omega"), part(1, 3, "alpha"), other];
  const whole = await file("whole.ndjson", events);
  const { matches, totals } = await found([whole]);
  expect(matches).toEqual(["first whole.ndjson:2", "both whole.ndjson:4", "first whole.ndjson:5"]);
  expect(totals).toMatchObject({ events: 5, scriptBlocks: { whole: 1, incomplete: 0, repeatedParts: 0 } });
});

test("its parts may be in several files", async () => {
  const files = [
    await file("old.ndjson", [part(1, 2, "alpha")]),
    await file("new.ndjson", [part(2, 2, "omega")]),
  ];
  expect((await found(files)).matches).toEqual(["both old.ndjson:1"]);
});

test("of a block that misses parts each event is matched by itself, and that is counted", async () => {
  const gap = await file("gap.ndjson", [part(1, 3, "alpha"), part(3, 3, "omega"), other]);
  const { matches, totals } = await found([gap]);
  expect(matches).toEqual(["first gap.ndjson:3", "first gap.ndjson:1"]);
  expect(totals.scriptBlocks).toEqual({ whole: 0, incomplete: 1, repeatedParts: 0 });
});

test("blocks that never become whole do not heap up: the oldest are given up", async () => {
  const many = Array.from({ length: 1500 }, (_, index) =>
    part(1, 2, index === 0 ? "alpha" : "x", `b${index}`),
  );
  const { matches, totals } = await found([
    await file("many.ndjson", [...many, part(2, 2, "omega", "b0"), other]),
  ]);
  expect(matches).toEqual(["first many.ndjson:1", "first many.ndjson:1502"]);
  expect(totals.scriptBlocks).toMatchObject({ whole: 0, incomplete: 1501 });
});

test("several threads find the same in the same order", async () => {
  const filler = Array.from({ length: 400 }, () => ({ ...part(1, 1, `alpha ${"x".repeat(3000)}`) }));
  const events = [part(1, 2, "alpha"), ...filler, part(2, 2, "omega"), part(1, 2, "alpha", "c3"), ...filler];
  const path = await file("long.ndjson", events);
  const one = await found([path]);
  expect(one.matches).toContain("both long.ndjson:1");
  expect(await found([path], 2)).toEqual(one);
});

test("correlations count the whole block", async () => {
  const path = await file("counted.ndjson", [part(1, 2, "alpha"), part(2, 2, "omega")]);
  const { correlated } = await found([path]);
  expect(correlated.matches).toMatchObject([{ rule: "seen", line: 1, events: 1 }]);
});
