import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tyrian } from "./tyrian.js";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "tyrian-rule-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const rules = `title: Shell
id: 5d2f4c0e-0000-4000-8000-000000000001
logsource: { product: linux, category: process_creation }
detection:
  sel: { Image: /bin/sh }
  condition: sel
---
title: Word
name: word
logsource: { product: linux, category: process_creation }
detection:
  sel: { CommandLine|re: 'a|\\bc' }
  condition: sel
---
title: Often
correlation: { type: event_count, rules: [word], timespan: 1m, condition: { gte: 2 } }
`;
const filter = `title: Not here
logsource: { product: linux, category: process_creation }
filter:
  rules: [5d2f4c0e-0000-4000-8000-000000000001]
  selection: { User: ci }
  condition: not selection
`;

test("queries are on stdout, what they assume and what is refused on stderr", async () => {
  const path = file("rules.yml", rules);
  const { status, stdout, stderr } = await tyrian(["rule", "convert", path, "--to", "kql", "--source", "T"]);
  // A rule that is there for a correlation has no query of its own.
  expect(stdout).toBe(
    [
      'T\n| where Image =~ "/bin/sh"\n',
      'T\n| where CommandLine matches regex "a|\\\\bc"\n| summarize tyrian_count=count()\n| where tyrian_count >= 2\n',
    ].join("\n"),
  );
  expect(stderr).toContain("Often: The query is run over 1m at a time");
  expect(status).toBe(0);
});

test("a refusal has its place, and the other rules have their queries", async () => {
  const path = file("refused.yml", rules);
  const { status, stdout, stderr } = await tyrian(["rule", "convert", path, "--to", "lucene"]);
  expect(stdout).toBe("Image:/\\/[Bb][Ii][Nn]\\/[Ss][Hh]/\n");
  expect(stderr).toContain(
    `${path}:16:1: error: convert-unsupported: a query of Lucene finds events one by one`,
  );
  expect(status).toBe(2);
});

test("filters and pipelines are applied, and --json tells all", async () => {
  const pipeline = file(
    "pipeline.yml",
    "name: fields\ntransformations:\n  - { type: field_name_mapping, mapping: { Image: exe } }\n",
  );
  const path = file("filtered.yml", `${rules.split("---")[0]}---\n${filter}`);
  const words = ["rule", "convert", path, "--to", "spl", "--json", "--pipeline", pipeline];
  const { status, stdout } = await tyrian(words);
  expect(JSON.parse(stdout)).toMatchObject({
    language: "spl",
    queries: [{ title: "Shell", file: path, query: 'exe="/bin/sh" NOT User="ci"' }],
    diagnostics: [],
  });
  expect(status).toBe(0);
});

test("a pipeline that Tyrian ships goes by its name; others are told with the names", async () => {
  const path = file("shipped.yml", rules.split("---")[0] ?? "");
  const shipped = ["rule", "convert", path, "--to", "spl", "--pipeline"];
  const { stdout } = await tyrian([...shipped, "linux-laurel"]);
  expect(stdout).toContain('"/bin/sh"');
  const { status, stderr } = await tyrian([...shipped, "linux-lorel"]);
  expect(stderr).toContain("linux-laurel");
  expect(status).toBe(2);
});

test("a rule that several correlations count is refused once", async () => {
  const again = rules.split("---")[2]?.replace("Often", "Twice as often") ?? "";
  const path = file(
    "counted-twice.yml",
    `${rules.replace("CommandLine|re", "CommandLine|fieldref").replace("'a|\\\\bc'", "Image")}---${again}`,
  );
  const { stderr } = await tyrian(["rule", "convert", path, "--to", "eql", "--json"]);
  expect(stderr).toContain("1 query; 1 refusal");
});
