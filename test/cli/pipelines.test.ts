import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { tyrian } from "./tyrian.js";

// Processes are started one after the other, perhaps from sources and on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

/** Processing pipelines of `detect` and `search`: shipped ones by name, others by file, and correlations through them. */

let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "tyrian-pipelines-"));
  const started = (minute: number, program: string): unknown => ({
    EventID: 4688,
    Channel: "Security",
    TimeCreated: `2026-11-24T10:0${minute}:00Z`,
    NewProcessName: `C:\\Windows\\${program}`,
    SubjectUserName: "bob",
    SubjectDomainName: "LAB",
  });
  const events = [started(1, "cmd.exe"), started(2, "cmd.exe"), started(3, "notepad.exe")];
  const files = {
    "events.json": events.map((event) => JSON.stringify(event)).join("\n"),
    "rule.yml": rule,
    "twice.yml": `${rule}---\n${twice("Image")}`,
    "user.yml": `${rule}---\n${twice("User")}`,
    "lacking.yml": rule.replace("Image|endswith: '\\cmd.exe'", "OriginalFileName: null"),
    "broken-pipeline.yml": "name: broken\npriority: 1\ntransformations:\n  - { type: no_such_step }\n",
    "names.yml":
      "name: names\npriority: 5\ntransformations:\n  - { type: field_name_mapping, mapping: { Image: NewProcessName, User: [SubjectUserName, SubjectDomainName] } }\n",
    "values.yml":
      "name: values\npriority: 1\nvars: { shells: [cmd.exe] }\ntransformations:\n  - { type: value_placeholders }\n",
    "playbook.yaml": JSON.stringify(playbook),
    "analytics/two.yml": two,
    "analytics/known.yml":
      "title: Known\nlogsource: { product: linux }\nfilter: { rules: [first], selection: { proc.user: root }, condition: not selection }\n",
    "own.yml":
      "name: own\nvars: { needle: hello }\ntransformations:\n  - { type: value_placeholders }\n  - { type: field_name_mapping, mapping: { proc.args: CommandLine, proc.user: User } }\n",
    "placeholder.yml": rule.replace("Image|endswith: '\\cmd.exe'", "Image|endswith|expand: '%shells%'"),
  };
  await mkdir(join(base, "analytics"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(base, name), text);
});
afterAll(() => rm(base, { recursive: true }));

const rule = String.raw`title: Shell
id: shell
name: shell
logsource: { product: windows, category: process_creation }
detection:
  selection: { Image|endswith: '\cmd.exe' }
  condition: selection
level: high
`;

const document = (id: string, word: string): string =>
  `title: The ${id}\nid: ${id}\nlogsource: { product: linux, category: process_creation }\ndetection: { s: { proc.args|expand|contains: "${word}" }, condition: s }\n`;
const two = `${document("first", "%needle%")}---\n${document("second", "%needle% %needle%")}`;
const playbook = {
  id: "t1059.004-two",
  technique: "T1059.004",
  name: "Two rules of a file",
  procedures: [
    {
      id: "say-hello",
      guid: "7f0d1d5e-93e1-4a35-9d0f-3b6f0c1d2e4a",
      name: "Hello is said",
      platforms: ["linux"],
      interpreter: { program: "sh", via: "argument" },
      run: "echo hello",
      effects: [],
      proof: { stdout: { contains: "hello" } },
      cleanup: "none",
      expect: [
        { analytic: "analytics/two.yml#first" },
        { analytic: "analytics/two.yml#second", outcome: "logged", because: "hello is said once" },
      ],
    },
  ],
};

function twice(field: string): string {
  return `title: Twice\nid: twice\ncorrelation:\n  type: event_count\n  rules: [shell]\n  group-by: [${field}]\n  timespan: 5m\n  condition: { gte: 2 }\nlevel: high\n`;
}

function run(...words: string[]): ReturnType<typeof tyrian> {
  return tyrian(words, { cwd: base, environment: { XDG_STATE_HOME: join(base, "state") } });
}

async function matches(rules: string, ...words: string[]): Promise<string[]> {
  const { status, stdout, stderr } = await run(
    ...["detect", "--rules", rules, "--events", "events.json", ...words],
  );
  expect({ status, stderr }).toMatchObject({ status: 0 });
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const match = JSON.parse(line) as { rule: string; line: number; group?: unknown };
      return [
        match.rule,
        match.line,
        ...(match.group === undefined ? [] : [JSON.stringify(match.group)]),
      ].join(" ");
    });
}

describe("detect --pipeline", () => {
  test("names a shipped pipeline: the rule reads that format, with one thread as with two", async () => {
    expect(await matches("rule.yml", "--pipeline", "windows-security")).toEqual(["shell 1", "shell 2"]);
    expect(await matches("rule.yml", "--pipeline", "windows-security", "--workers", "2")).toEqual([
      "shell 1",
      "shell 2",
    ]);
    expect(await matches("rule.yml", "--pipeline", "windows-sysmon")).toEqual([]);
  });

  test("names a file, and several are applied by their priority", async () => {
    const source = ["--logsource", "windows/process_creation"];
    expect(await matches("rule.yml", "--pipeline", "names.yml", ...source)).toEqual(["shell 1", "shell 2"]);
    expect(await matches("placeholder.yml", "--pipeline", "names.yml", "values.yml", ...source)).toEqual([
      "shell 1",
      "shell 2",
    ]);
  });

  test("maps the fields of correlations; one that becomes several is grouped by all of them", async () => {
    const source = ["--logsource", "windows/process_creation"];
    expect(await matches("twice.yml", "--pipeline", "windows-security")).toEqual([
      String.raw`twice 2 {"Image":"C:\\Windows\\cmd.exe"}`,
    ]);
    expect(await matches("user.yml", "--pipeline", "names.yml", ...source)).toEqual([
      `twice 2 {"SubjectUserName":"bob","SubjectDomainName":"LAB"}`,
    ]);
  });

  test.each([
    [
      "a correlation over a field that the pipeline refuses",
      "user.yml",
      "user.yml:12:1: error: field-not-in-format",
    ],
    [
      "a rule that asks for what the format lacks",
      "lacking.yml",
      "lacking.yml:6:16: error: field-not-in-format",
    ],
  ])("refuses %s, at its place", async (_name, rules, told) => {
    const { status, stderr } = await run(
      ...["detect", "--rules", rules, "--events", "events.json", "--pipeline", "windows-security"],
    );
    expect(status).toBe(2);
    expect(stderr).toContain(told);
    expect(stderr).toContain("1 rule refused");
  });

  test.each([
    ["nothing that is there", ["no-such"], "error: file-unreadable: there is no pipeline no-such"],
    ["a pipeline with an error", ["broken-pipeline.yml"], "broken-pipeline.yml:4:"],
    [
      "two formats",
      ["windows-security", "windows-sysmon"],
      "error: usage: --pipeline names windows-security and",
    ],
  ])("is refused when it names %s", async (_name, names, told) => {
    const { status, stdout, stderr } = await run(
      ...["detect", "--rules", "rule.yml", "--events", "events.json", "--pipeline", ...names],
    );
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(told);
  });
});

describe("search --pipeline", () => {
  test("looks for a Sigma file's rules through it", async () => {
    const { status, stdout } = await run(
      ...[
        "search",
        "--sigma",
        "twice.yml",
        "--events",
        "events.json",
        "--pipeline",
        "windows-security",
        "--json",
      ],
    );
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      hits: [{ rule: "twice", events: ["events.json:1", "events.json:2"] }],
    });
  });

  test("is for Sigma: a query says itself what the events call their fields", async () => {
    const { status, stderr } = await run(
      ...["search", "--spl", "a=1", "--events", "events.json", "--pipeline", "windows-security"],
    );
    expect(status).toBe(2);
    expect(stderr).toContain("usage");
  });
});

describe("the pipelines of a plan", () => {
  test("change its analytics, which may be rules of one file with a filter of another; the plan records all of it", async () => {
    const { status, stdout } = await run("plan", "playbook.yaml", "--pipeline", "own.yml", "--json");
    expect(status).toBe(0);
    const { analytics, pipelines } = JSON.parse(stdout) as Record<string, unknown>;
    expect(analytics).toMatchObject([
      { id: "first", rule: "first", with: [{ file: join(base, "analytics/known.yml") }] },
      { id: "second", rule: "second" },
    ]);
    expect(pipelines).toMatchObject([{ file: "own.yml", format: null }]);
    const text = await run("plan", "playbook.yaml", "--pipeline", "own.yml");
    expect(text.stdout).toContain("expects detected: The first (with known.yml)");
    expect((await run("lint", "playbook.yaml", "--pipeline", "own.yml")).status).toBe(0);
  });

  test("are needed where the analytics have their placeholders", async () => {
    const { status, stderr } = await run("plan", "playbook.yaml");
    expect(status).toBe(2);
    expect(stderr).toContain("nothing is known of the placeholder %needle%");
  });
});
