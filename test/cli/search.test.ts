import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { timeOf } from "../../src/cli/search/event-time.js";
import { nearer } from "../../src/detection/nearest.js";
import type { NearestEvent } from "../../src/model/verdict.js";
import { EventStore } from "../../src/telemetry/store.js";
import { Journal } from "../../src/journal/journal.js";
import { aTrial, anEvent, RUN, started } from "../journal/run-fixture.js";
import { tyrian } from "./tyrian.js";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "tyrian-search-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const rule = (name: string, selection: string): string => `title: ${name}
name: ${name.toLowerCase()}
logsource: { product: linux, category: process_creation }
detection:
  selection: ${selection}
  condition: selection
`;

const startOf = (minute: number, image: string, line: string): string =>
  JSON.stringify({
    time: Date.UTC(2026, 10, 24, 12, minute),
    logsource: { product: "linux", category: "process_creation" },
    fields: { Image: image, CommandLine: line, User: "op" },
  });

describe("searching with a rule", () => {
  const events = (): string =>
    file(
      "processes.ndjson",
      [
        startOf(0, "/usr/bin/bash", "bash -c id"),
        startOf(1, "/usr/sbin/sshd", "sshd -R"),
        startOf(2, "/usr/bin/bash", "bash -c whoami"),
      ].join("\n"),
    );

  test("names the place of each event that it matches", async () => {
    const sigma = file("bash.yml", rule("Bash", "{ Image|endswith: /bash }"));
    const { status, stdout, stderr } = await tyrian(["search", "--sigma", sigma, "--events", events()]);
    expect(status).toBe(0);
    expect(stdout).toBe(
      [
        `${events()}:1  Bash\n    CommandLine: bash -c id`,
        `${events()}:3  Bash\n    CommandLine: bash -c whoami\n`,
      ].join("\n"),
    );
    expect(stderr).toContain("2 matches in 3 events");
  });

  test("explains the nearest event of a rule that matches none, with the change that would match", async () => {
    const sigma = file("bare.yml", rule("Bare", "{ Image: bash }"));
    const { status, stdout } = await tyrian([
      ...["search", "--sigma", sigma, "--events", events(), "--explain", "--json"],
    ]);
    expect([status, JSON.parse(stdout)]).toMatchObject([
      0,
      {
        hits: [],
        misses: [
          {
            read: 3,
            nearest: {
              event: `${events()}:1`,
              unmet: [
                {
                  wanted: "'bash'",
                  found: "/usr/bin/bash",
                  change: expect.stringContaining("endswith") as string,
                },
              ],
            },
          },
        ],
      },
    ]);
  });

  test("counts over time for a correlation, and says what was missing", async () => {
    const twice = (count: number): string => `${rule("Bash", "{ Image|endswith: /bash }")}---
title: Often
correlation: { type: event_count, rules: [bash], group-by: [User], timespan: 5m, condition: { gte: ${count} } }
level: high
`;
    const met = await tyrian([
      "search",
      "--sigma",
      file("two.yml", twice(2)),
      "--events",
      events(),
      "--json",
    ]);
    expect(JSON.parse(met.stdout)).toMatchObject({
      hits: [{ title: "Often", fields: { User: "op" }, events: [`${events()}:1`, `${events()}:3`] }],
    });
    const missed = await tyrian([
      "search",
      "--sigma",
      file("three.yml", twice(3)),
      "--events",
      events(),
      "--explain",
    ]);
    expect(missed.stdout).toContain("User=op");
    expect(missed.stdout).toContain("had 2 of 3 events");
  });

  test("says of a correlation that counted nothing how near the events came to its rules", async () => {
    const text = `${rule("Zsh", "{ Image: zsh }")}---
title: Often
name: often
correlation: { type: event_count, rules: [zsh], timespan: 5m, condition: { gte: 3 } }
---
title: Often and again
correlation: { type: temporal, rules: [often], timespan: 10m }
`;
    const sigma = file("chain.yml", text);
    const { stdout } = await tyrian(["search", "--sigma", sigma, "--events", events(), "--explain"]);
    const lines = stdout.split("\n").map((line) => line.trim());
    expect(lines.slice(1, 7)).toEqual([
      '"Often and again" needs often within 10m; no event matched often.',
      '"Often" needs at least 3 events of zsh within 5m; no event matched zsh.',
      "no event matched Zsh",
      "nearest   bash -c id (0 of 1 clauses)",
      "clause    selection: Image",
      "wanted    'zsh'",
    ]);
  });

  test("says which events no rule reads, because their log source is not known", async () => {
    const bare = file("bare.ndjson", `{"Image":"/usr/bin/bash"}\n`);
    const sigma = file("bash.yml", rule("Bash", "{ Image|endswith: /bash }"));
    const unknown = await tyrian(["search", "--sigma", sigma, "--events", bare]);
    expect([unknown.stdout, unknown.stderr]).toEqual(["", expect.stringContaining("--logsource")]);
    const named = await tyrian([
      ...["search", "--sigma", sigma, "--events", bare, "--logsource", "linux/process_creation"],
    ]);
    expect(named.stdout).toContain(`${bare}:1  Bash`);
  });
});

describe("searching with SPL", () => {
  test("gives the rows of the query, from files that are packed too", async () => {
    const packed = file(
      "packed.ndjson.gz",
      gzipSync(`${startOf(0, "/bin/a", "a")}\n${startOf(1, "/bin/a", "b")}\n`),
    );
    const query = "Image=/bin/a | stats count values(CommandLine) as lines by Image";
    const { stdout } = await tyrian(["search", "--spl", query, "--events", packed, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      events: 2,
      rows: [
        { fields: { Image: "/bin/a", count: 2, lines: ["a", "b"] }, events: [`${packed}:1`, `${packed}:2`] },
      ],
    });
  });

  test("refuses what Splunk refuses, with the position and what was meant, which --lenient evaluates", async () => {
    const events = file("day.ndjson", startOf(0, "/bin/a", "a"));
    const words = ["search", "--spl", "Image=* | where hour(_time) BETWEEN 8 AND 18", "--events", events];
    const strict = await tyrian(words);
    expect([strict.status, strict.stdout]).toEqual([2, ""]);
    expect(strict.stderr).toContain("query:1:17: SPL has no function hour()");
    // In one line, so that it can be pasted.
    expect(strict.stderr).toMatch(/--lenient evaluates it so\): search .* \| where /);
    const lenient = await tyrian([...words, "--lenient"]);
    expect([lenient.status, lenient.stdout]).toEqual([0, expect.stringContaining("/bin/a")]);
  });

  test("looks up tables of the folder that it is run in", async () => {
    mkdirSync(join(folder, "lookups"));
    file("lookups/owners.csv", "name,owner\nop,alice\n");
    const events = file("day.ndjson", startOf(0, "/bin/a", "a"));
    const query = "Image=* | lookup owners.csv name AS User OUTPUT owner | table owner";
    const words = ["search", "--spl", query, "--events", events, "--json"];
    const { stdout } = await tyrian(words, { cwd: folder });
    expect(JSON.parse(stdout)).toMatchObject({ rows: [{ fields: { owner: "alice" } }] });
    file("lookups/owners.csv", "name,owner\nop\n");
    const broken = await tyrian(words, { cwd: folder });
    expect(broken.status).toBe(2);
    expect(broken.stderr).toContain("lookups/owners.csv:2:1");
  });

  test("hunts in the telemetry of a run where no files are named", async () => {
    const runs = join(folder, "runs");
    const journal = await Journal.create(join(runs, RUN), RUN);
    await journal.append(started([aTrial(1)]), { barrier: true });
    await journal.close();
    const none = await tyrian(["search", "--spl", "bash", "--out", runs]);
    expect([none.status, none.stderr]).toEqual([2, expect.stringContaining("has no telemetry of its own")]);
    const store = new EventStore(join(runs, RUN, "events.duckdb"));
    store.append([anEvent()]);
    await store.close();
    const found = await tyrian(["search", "--spl", "bash | table CommandLine", "--out", runs]);
    expect([found.status, found.stdout]).toEqual([0, "CommandLine\nbash -c echo hello\n"]);
  });
});

test("what is no event is named, and the answer is then not whole", async () => {
  const broken = file("broken.ndjson", `${startOf(0, "/bin/a", "a")}\n{"Image":\n`);
  const { status, stdout, stderr } = await tyrian(["search", "--spl", "Image=*", "--events", broken]);
  expect([status, stdout]).toEqual([2, expect.stringContaining("/bin/a")]);
  expect(stderr).toContain(`${broken}:2:1`);
});

test.each<[unknown, number | null]>([
  [{ time: 1795521579786.5 }, 1795521579786.5],
  [{ "@timestamp": "2026-11-24T12:00:00+01:00" }, Date.UTC(2026, 10, 24, 11)],
  // Sysmon writes its time without a zone.
  [{ UtcTime: "2026-11-24 12:00:00.250" }, Date.UTC(2026, 10, 24, 12, 0, 0, 250)],
  [
    { Event: { System: { TimeCreated: { "#attributes": { SystemTime: "2026-11-24T12:00:00Z" } } } } },
    Date.UTC(2026, 10, 24, 12),
  ],
  [{ timestamp: 1795521579 }, 1795521579000],
  [{ eventTime: "never", timestamp: "2026-11-24T12:00:00Z" }, Date.UTC(2026, 10, 24, 12)],
  [{ time: "" }, null],
  ["a text", null],
])("the time of %j", (document, time) => {
  expect(timeOf(document)).toBe(time);
});

test("the nearest event has most clauses met; of equals what was found holds the wanted word", () => {
  const miss = (event: string, met: number, found: string | null): NearestEvent => ({
    ...{ event, summary: event, met, needed: 2 },
    unmet: [
      { clause: "selection: Image", field: "Image", wanted: "any of 'sh', '*\\cmd.exe'", found, change: "" },
    ],
  });
  const order = (...events: NearestEvent[]): string | undefined =>
    events.reduce<NearestEvent | null>(nearer, null)?.event;
  expect(order(miss("less", 0, "/bin/sh"), miss("more", 1, null))).toBe("more");
  expect(order(miss("other", 1, "/usr/sbin/sshd"), miss("like", 1, "/bin/sh"))).toBe("like");
  expect(order(miss("first", 1, "x"), miss("second", 1, "y"))).toBe("first");
});
