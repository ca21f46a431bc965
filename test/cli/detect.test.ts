import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { shell, tyrian } from "./tyrian.js";

// Processes are started one after the other, perhaps from sources and on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "tyrian-detect-"));
  await mkdir(join(base, "rules", "deeper"), { recursive: true });
  await writeFile(join(base, "rules", "shell.yml"), rule("shell", "Image|endswith: /sh"));
  await writeFile(join(base, "rules", "deeper", "curl.yml"), rule("curl", "CommandLine|contains: curl"));
  await writeFile(join(base, "rules", "notes.yaml"), "just: notes\n");
});
afterAll(() => rm(base, { recursive: true }));

function rule(id: string, line: string): string {
  return `title: Rule ${id}\nid: ${id}\nlogsource: { product: linux, category: process_creation }\ndetection:\n  s:\n    ${line}\n  condition: s\n`;
}

function event(fields: Record<string, unknown>): Record<string, unknown> {
  return { logsource: { product: "linux", category: "process_creation" }, fields };
}

async function file(name: string, content: string | Buffer): Promise<string> {
  await writeFile(join(base, name), content);
  return name;
}

function detect(words: readonly string[]): ReturnType<typeof tyrian> {
  return tyrian(["detect", ...words], { cwd: base, environment: { XDG_STATE_HOME: join(base, "state") } });
}

function lines(stdout: string): unknown[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}

test("each match is a line, in the order of the events", async () => {
  const text = [
    event({ Image: "/bin/sh", CommandLine: "sh -c 'curl x'" }),
    event({ Image: "/bin/ls" }),
    event({ Image: "/bin/dash/sh" }),
  ]
    .map((each) => JSON.stringify(each))
    .join("\n");
  const first = await file("first.ndjson", text);
  const second = await file("second.json", JSON.stringify([event({ CommandLine: "curl y" })], null, 2));
  const { status, stdout, stderr } = await detect(["--rules", "rules", "--events", first, second]);
  expect(lines(stdout)).toEqual([
    { rule: "curl", title: "Rule curl", file: "first.ndjson", line: 1 },
    { rule: "shell", title: "Rule shell", file: "first.ndjson", line: 1 },
    { rule: "shell", title: "Rule shell", file: "first.ndjson", line: 3 },
    { rule: "curl", title: "Rule curl", file: "second.json", line: 2 },
  ]);
  expect(status).toBe(0);
  expect(stderr).toContain("4 events, 2 rules, 4 matches");
  expect(stderr).toContain("1 YAML file");
});

test("events come through standard input, too", async () => {
  await file("piped.ndjson", JSON.stringify(event({ Image: "/bin/sh" })));
  const { status, stdout } = await shell(
    "cat piped.ndjson | tyrian detect --rules rules/shell.yml --events -",
    { cwd: base },
  );
  expect([status, lines(stdout)]).toEqual([0, [{ rule: "shell", title: "Rule shell", file: "-", line: 1 }]]);
});

test("a summary counts, and lists each refused rule with its reasons and place", async () => {
  await mkdir(join(base, "mixed"), { recursive: true });
  await writeFile(join(base, "mixed", "good.yml"), rule("good", "Image|endswith: /sh"));
  await writeFile(join(base, "mixed", "bad.yml"), rule("bad", "Image|endwith: /sh"));
  const events = await file(
    "counted.ndjson",
    `${JSON.stringify(event({ Image: "/bin/sh" }))}\nnonsense\n${JSON.stringify({ Image: "/bin/sh" })}\n`,
  );
  const { status, stdout, stderr } = await detect(["--rules", "mixed", "--events", events, "--summary"]);
  expect(JSON.parse(stdout)).toMatchObject({
    events: 2,
    rules: 1,
    matches: { good: 1 },
    unsupportedCount: 1,
    unsupported: [
      {
        rule: "bad",
        title: "Rule bad",
        file: join("mixed", "bad.yml"),
        reasons: [{ code: "unknown-modifier", line: 6, column: 11 }],
      },
    ],
    skipped: 1,
    eventsOfUnknownLogsource: 1,
  });
  // Incomplete answers are not passed off as whole ones.
  expect(status).toBe(2);
  expect(stderr).toContain(`${join("mixed", "bad.yml")}:6:11: error: unknown-modifier`);
  expect(stderr).toContain("counted.ndjson:2:1: error: event-not-object");
  expect(stderr).toContain("--logsource");
});

test("a log source can be named for events that do not tell it", async () => {
  const events = await file("bare.ndjson", '{"Image":"/bin/sh"}\n');
  const words = ["--rules", "rules", "--events", events];
  expect((await detect(words)).stdout).toBe("");
  const named = await detect([...words, "--logsource", "linux/process_creation"]);
  expect(lines(named.stdout)).toHaveLength(1);
  expect((await detect([...words, "--logsource", "a/b/c/d"])).status).toBe(2);
});

test("several threads find the same as one, in every form of file", async () => {
  const records = Array.from({ length: 9000 }, (_, index) =>
    event({
      Image: index % 3 === 0 ? "/bin/sh" : "/bin/ls",
      CommandLine: `command ${index} ${"argument ".repeat(40)}${index % 5 === 0 ? "curl" : ""}`,
    }),
  );
  const ndjson = records
    .map((each, index) => (index % 1000 === 7 ? "{broken" : JSON.stringify(each)))
    .join("\n");
  const files = await Promise.all([
    file("many.ndjson", ndjson),
    file("many.json", JSON.stringify(records, null, 1)),
    file("pretty.json", records.map((each) => JSON.stringify(each, null, 2)).join("\n")),
    file(
      "flat.json",
      records.map((each) => JSON.stringify(each, null, 2).replaceAll(/^ +/gm, "")).join("\n"),
    ),
    file("many.ndjson.gz", gzipSync(ndjson)),
  ]);
  const words = ["--rules", "rules", "--events", ...files];
  const one = await detect(words);
  const three = await detect([...words, "--workers", "3"]);
  expect(lines(one.stdout).length).toBeGreaterThan(10_000);
  expect(three.stdout).toBe(one.stdout);
  const problems = (text: string): string[] => text.split("\n").filter((line) => line.includes("error:"));
  expect(problems(one.stderr)).toHaveLength(18);
  expect(problems(three.stderr)).toEqual(problems(one.stderr));
  expect([one.status, three.status]).toEqual([2, 2]);
});

test("a reader that goes away is no error", async () => {
  const record = JSON.stringify(event({ Image: "/bin/sh" }));
  await file("long.ndjson", `${record}\n`.repeat(50_000));
  const { stdout, stderr } = await shell("tyrian detect --rules rules --events long.ndjson | head -1", {
    cwd: base,
  });
  expect(lines(stdout)).toHaveLength(1);
  expect(stderr).toContain("50000 events");
});

test("files that cannot be read are told, and the others are read", async () => {
  const events = await file("readable.ndjson", JSON.stringify(event({ Image: "/bin/sh" })));
  await file("broken.gz", "no gzip");
  const { status, stdout, stderr } = await detect([
    "--rules",
    "rules",
    "none.yml",
    "--events",
    "none.ndjson",
    "rules",
    "broken.gz",
    events,
  ]);
  expect(status).toBe(2);
  expect(lines(stdout)).toHaveLength(1);
  expect(stderr).toContain("none.yml:1:1: error: file-unreadable");
  expect(stderr).toContain("none.ndjson:1:1: error: file-unreadable");
  expect(stderr).toContain("rules:1:1: error: file-unreadable");
  expect(stderr).toContain("broken.gz:1:1: error: events-compression");
});

test("rules are kept read, and what is kept is only used when it is what was kept", async () => {
  const folder = join(base, "many-rules");
  await mkdir(folder, { recursive: true });
  for (let index = 0; index < 120; index++) {
    await writeFile(
      join(folder, `${String(index).padStart(3, "0")}.yml`),
      rule(`rule-${index}`, `CommandLine|contains: word-${index}-`),
    );
  }
  const events = await file(
    "kept.ndjson",
    [3, 50, 119].map((index) => JSON.stringify(event({ CommandLine: `x word-${index}- y` }))).join("\n"),
  );
  const words = ["--rules", "many-rules", "--events", events];
  const ids = async (more: readonly string[] = []): Promise<unknown[]> =>
    lines((await detect([...words, ...more])).stdout).map((match) => (match as { rule: string }).rule);
  const wanted = ["rule-3", "rule-50", "rule-119"];
  expect(await ids(["--no-cache"])).toEqual(wanted);
  const kept = join(base, "state", "tyrian", "rules");
  await expect(readdir(kept)).rejects.toThrow();
  expect(await ids()).toEqual(wanted);
  const [name = ""] = await readdir(kept);
  const path = join(kept, name);
  expect([(await stat(path)).mode & 0o777, (await stat(kept)).mode & 0o777]).toEqual([0o600, 0o700]);
  const written = (await stat(path)).mtimeMs;
  expect(await ids()).toEqual(wanted);
  expect((await stat(path)).mtimeMs).toBe(written);

  // A rule that changed is read again.
  await writeFile(join(folder, "050.yml"), rule("rule-50", "CommandLine|contains: other"));
  expect(await ids()).toEqual(["rule-3", "rule-119"]);

  // Broken, and writable for others: as good as none.
  const bytes = await readFile(path);
  bytes.fill(0, bytes.length >> 1);
  await writeFile(path, bytes);
  expect(await ids()).toEqual(["rule-3", "rule-119"]);
  await chmod(path, 0o666);
  expect(await ids()).toEqual(["rule-3", "rule-119"]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("every rule of the playbooks is matched", async () => {
  const playbooks = resolve(import.meta.dirname, "../../playbooks");
  const events = await file("none.json", "");
  const { status, stdout } = await detect(["--rules", playbooks, "--events", events, "--summary"]);
  const files = (await readdir(playbooks, { recursive: true })).filter((name) =>
    /analytics\/.*\.(?:yml|spl)$/.test(name),
  );
  expect(files.length).toBeGreaterThan(10);
  expect(JSON.parse(stdout)).toMatchObject({ rules: files.length, unsupportedCount: 0, unsupported: [] });
  expect(status).toBe(0);
});

test.each([
  [["--rules", "rules"], "--events"],
  [["--events", "x"], "--rules"],
  [["--rules", "rules", "--events", "x", "--workers", "0"], "1 to 64"],
])("%j is refused: %s", async (words, message) => {
  const { status, stderr } = await detect(words);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
});

test("a correlation counts over events of all files, in the order of their times, at the last of its events", async () => {
  const correlation = `${rule("shells", "Image|endswith: /sh")}---
title: Two Shells
id: two-shells
correlation: { type: event_count, rules: [shells], group-by: [User], timespan: 5m, condition: { gte: 2 } }
level: high
`;
  const at = (minute: number, user: string): string =>
    JSON.stringify({ time: Date.UTC(2026, 10, 24, 12, minute), ...event({ Image: "/bin/sh", User: user }) });
  await mkdir(join(base, "correlated"), { recursive: true });
  const rules = await file("correlated/two.yml", correlation);
  const later = await file("later.ndjson", [at(4, "op"), at(5, "root"), at(30, "op")].join("\n"));
  const earlier = await file("earlier.ndjson", at(1, "op"));
  const words = ["--rules", rules, "--events", later, earlier];
  const { status, stdout } = await detect(words);
  expect([status, lines(stdout)]).toEqual([
    0,
    [{ rule: "two-shells", title: "Two Shells", file: later, line: 1, events: 2, group: { User: "op" } }],
  ]);
  const { stdout: summary } = await detect([...words, "--summary"]);
  expect(JSON.parse(summary)).toMatchObject({
    correlations: 1,
    matches: { "two-shells": 1 },
    unsupported: [],
  });
  const { stdout: several } = await detect([...words, "--workers", "2"]);
  expect(several).toBe(stdout);
  const piped = await shell(`cat ${later} ${earlier} | tyrian detect --rules ${rules} --events -`, {
    cwd: base,
  });
  expect(lines(piped.stdout)).toEqual(lines(stdout).map((match) => ({ ...(match as object), file: "-" })));
});
