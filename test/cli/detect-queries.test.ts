import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { tyrian } from "./tyrian.js";

vi.setConfig({ testTimeout: 120_000 });

/** Queries of SPL among the rules of `detect`. */
let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "tyrian-queries-"));
  for (const folder of ["rules", "refused", "listed/lookups"])
    await mkdir(join(base, folder), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(base, name), text);
});
afterAll(() => rm(base, { recursive: true }));

function header(id: string): string {
  return `\`\`\`\ntitle: Query ${id}\nid: ${id}\nlogsource: { product: windows, category: process_creation }\n\`\`\`\n`;
}

function event(time: string, fields: Readonly<Record<string, string>>): string {
  const sysmon = { EventID: 1, Channel: "Microsoft-Windows-Sysmon/Operational", UtcTime: time };
  return JSON.stringify({ ...sysmon, ...fields });
}

const powershell = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
const files: Readonly<Record<string, string>> = {
  "rules/rule.yml": `title: Any\nid: any\nlogsource: { product: windows, category: process_creation }\ndetection: { s: { Image|endswith: '\\powershell.exe' }, condition: s }\n`,
  "rules/night.spl": `${header("night")}index=* process_name=powershell.exe\n| eval hour=tonumber(strftime(_time,"%H")) | where hour<6\n`,
  "refused/several.spl": `${header("several")}index=* | stats count BY host | where count>3\n`,
  "refused/twin.spl": `${header("ANY")}index=* process_name=powershell.exe\n`,
  "refused/defect.spl": "index=main | where hour(_time) NOT BETWEEN 6 AND 18\n",
  "listed/listed.spl": `${header("listed")}index=* | lookup programs Image OUTPUT kind | search kind=shell\n`,
  "listed/lookups/programs.csv": `Image,kind\n${powershell},shell\n`,
  "undecided.spl": 'index=* | where NOT like(Absent, "%x%")\n',
  "events.json": [
    event("2026-11-24 03:00:00.000", { Image: powershell, CommandLine: "powershell" }),
    event("2026-11-24 13:00:00.000", { Image: powershell, CommandLine: "powershell" }),
    event("2026-11-24 04:00:00.000", { Image: "C:\\x.exe", CommandLine: "x" }),
  ].join("\n"),
};

function detect(...words: string[]): ReturnType<typeof tyrian> {
  return tyrian(["detect", "--events", "events.json", ...words], {
    cwd: base,
    environment: { XDG_STATE_HOME: join(base, "state") },
  });
}

test("a query is a rule beside those of Sigma, over each event and by its own time", async () => {
  for (const workers of ["1", "2"]) {
    const { status, stdout } = await detect("--rules", "rules", "--workers", workers);
    const found = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(found).toEqual([
      { rule: "any", title: "Any", file: "events.json", line: 1 },
      { rule: "night", title: "Query night", file: "events.json", line: 1 },
      { rule: "any", title: "Any", file: "events.json", line: 2 },
    ]);
    expect(status).toBe(0);
  }
});

test("a query that is refused stands among the unsupported rules, with its place, its reason and what it meant", async () => {
  const { status, stdout, stderr } = await detect("--rules", "rules", "refused", "--summary");
  const summary = JSON.parse(stdout) as { unsupported: { rule: string; file: string; reasons: unknown[] }[] };
  expect(summary).toMatchObject({ rules: 2, matches: { any: 2, night: 1 }, unsupportedCount: 3 });
  expect(summary.unsupported).toMatchObject([
    {
      ...{ rule: null, file: "refused/defect.spl" },
      reasons: [
        { code: "unknown-function", line: 1, column: 20 },
        { code: "between-unknown", line: 1, column: 32 },
      ],
    },
    { rule: "several", reasons: [{ code: "several-events-unsupported", line: 6 }] },
    { rule: "ANY", file: "refused/twin.spl", reasons: [{ code: "duplicate-id" }] },
  ]);
  expect(stderr).toContain(
    'evidently meant as: search index="main" | where tonumber(strftime(_time, "%H")) < 6',
  );
  expect(stderr).toContain("3 rules refused");
  expect(status).toBe(2);
});

test("a query that cannot be evaluated over an event is told at the event; the other rules are decided", async () => {
  const { status, stdout, stderr } = await detect("--rules", "rules", "undecided.spl", "--summary");
  expect(JSON.parse(stdout)).toMatchObject({ matches: { any: 2, night: 1 }, skipped: 0, undecided: 3 });
  expect(stderr).toContain("events.json:2:1: error: query-undecided: undecided.spl could not be evaluated");
  expect(status).toBe(2);
});

test("a query looks its tables up beside it, in each thread", async () => {
  const { status, stdout } = await detect("--rules", "listed", "--workers", "2", "--summary");
  expect(JSON.parse(stdout)).toMatchObject({ rules: 1, matches: { listed: 2 }, undecided: 0 });
  expect(status).toBe(0);
});

test("rule convert leaves queries out and says so", async () => {
  const { status, stdout, stderr } = await tyrian(["rule", "convert", "rules", "--to", "spl"], { cwd: base });
  expect(stdout).toBe('Image="*\\\\powershell.exe"\n');
  expect(stderr).toContain("night.spl is a query of SPL and was left out");
  expect(status).toBe(0);
});
