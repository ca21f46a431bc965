import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { compileSigma } from "../../src/detection/sigma/compile.js";
import type { CompiledRule } from "../../src/detection/rule.js";
import type { TelemetrySource } from "../../src/model/inventory.js";
import { compileAnalytic } from "../../src/plan/compile-analytic.js";
import { openEmbeddedSiem } from "../../src/siem/embedded/index.js";
import type { EmbeddedSiem, EmbeddedSiemOptions } from "../../src/siem/embedded/index.js";
import { EventStore } from "../../src/telemetry/store.js";
import { bytesOf, encodeExec } from "../telemetry/audit-encoder.js";
import type { EncodedExec } from "../telemetry/audit-encoder.js";
import { alertsOf, canaryOf } from "./questions.js";

let folder: string;
let log: string;
let opened: EmbeddedSiem[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tyrian-siem-"));
  log = join(folder, "audit.log");
  opened = [];
});

afterEach(async () => {
  await Promise.all(opened.map((siem) => siem.close()));
  rmSync(folder, { recursive: true, force: true });
});

const audit = (): TelemetrySource => ({
  type: "audit-log",
  file: log,
  users: { "tyrian-h1": { "20100": "op" } },
});

async function open(options: Partial<EmbeddedSiemOptions> = {}): Promise<EmbeddedSiem> {
  const siem = await openEmbeddedSiem({ sources: [audit()], rules: [], ...options });
  opened.push(siem);
  return siem;
}

function rule(
  id: string,
  detection: string,
  logsource = "{ product: linux, category: process_creation }",
): CompiledRule {
  const text = `title: ${id}\nid: ${id}\nlogsource: ${logsource}\ndetection:\n  selection:\n    ${detection}\n  condition: selection\nlevel: high\n`;
  const { rule: compiled, diagnostics } = compileSigma(text, `${id}.yml`);
  if (compiled === null) throw new Error(JSON.stringify(diagnostics));
  return compiled;
}

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const echoRule = (): CompiledRule => rule(id(1), "CommandLine|contains: echo");

function write(exec: Omit<EncodedExec, "argv"> & { argv: string[] }): void {
  appendFileSync(
    log,
    encodeExec({ ...exec, argv: bytesOf(...exec.argv) })
      .map((line) => `${line}\n`)
      .join(""),
  );
}

function sentinel(serial: number, edge: "begin" | "end", trial: string, ses: number): void {
  write({ serial, ses, exe: "/usr/bin/true", argv: ["/bin/true", "tyrian-sentinel", edge, trial] });
}

test("events, sentinels and alerts of a trial are found as its lines are written", async () => {
  writeFileSync(log, "");
  const siem = await open({ rules: [echoRule(), rule(id(2), "CommandLine|contains: tyrian-sentinel")] });
  expect(await canaryOf(siem, "tyrian-h1", "t1")).toEqual({
    state: "complete",
    detail: "",
    value: { begin: null, end: null },
  });
  sentinel(10, "begin", "t1", 9);
  write({ serial: 11, ses: 9, argv: ["bash", "-c", "echo hello"] });
  sentinel(12, "end", "t1", 9);
  const before = Date.now();
  const canary = await canaryOf(siem, "tyrian-h1", "t1");
  expect(canary.value.begin?.sequence).toBe(10);
  expect(canary.value.end?.sequence).toBe(12);
  const time = canary.value.begin?.time ?? 0;
  const events = await siem.events([{ host: "tyrian-h1", from: time, to: time + 2 }]);
  expect(events.state).toBe("complete");
  expect(events.value.map(({ sequence }) => sequence)).toEqual([10, 11, 12]);
  expect(events.value[1]?.fields).toMatchObject({
    CommandLine: "bash -c echo hello",
    User: "op",
    UserId: 20100,
    LogonId: 9,
  });
  const alerts = await alertsOf(siem, "tyrian-h1", before - 1000, Date.now());
  const event = events.value[1]?.id ?? "";
  expect(alerts.value).toEqual([
    expect.objectContaining({
      id: `${id(1)}@${event}`,
      rule: id(1),
      sourceEvents: [event],
      host: "tyrian-h1",
    }),
  ]);
  expect((await alertsOf(siem, "tyrian-h2", 0, Date.now())).value).toEqual([]);
  expect(siem.problems).toEqual([]);
});

describe("when absence may mean nothing, the state says so", () => {
  test("a log that is missing, or that disappears, is unreachable until it is back", async () => {
    const siem = await open({ rules: [echoRule()] });
    const asked = await alertsOf(siem, "tyrian-h1", 0, Date.now());
    expect(asked).toMatchObject({ state: "unreachable", value: [] });
    expect(asked.detail).toContain("ENOENT");
    expect((await canaryOf(siem, "tyrian-h1", "t")).state).toBe("unreachable");
    expect((await siem.events([{ host: "tyrian-h1", from: 0, to: Infinity }])).state).toBe("unreachable");
    expect((await siem.background(id(1), "tyrian-h1")).state).toBe("unreachable");
    expect(siem.problems.join()).toContain("ENOENT");
    writeFileSync(log, "");
    expect((await canaryOf(siem, "tyrian-h1", "t")).state).toBe("complete");
    unlinkSync(log);
    await vi.waitFor(async () => expect((await canaryOf(siem, "tyrian-h1", "t")).state).toBe("unreachable"), {
      timeout: 20_000,
    });
    write({ serial: 1, argv: ["echo"] });
    expect((await siem.events([{ host: "tyrian-h1", from: 0, to: Infinity }])).value).toHaveLength(1);
    expect((await siem.events([{ host: "tyrian-h1", from: 0, to: Infinity }])).state).toBe("complete");
  });

  test("a host that no source carries is unreachable", async () => {
    writeFileSync(log, "");
    const siem = await open();
    const { state, detail } = await siem.events([{ host: "tyrian-h9", from: 0, to: Infinity }]);
    expect([state, detail]).toEqual(["unreachable", "no telemetry source carries host tyrian-h9"]);
  });

  test("a sentinel that is seen twice brackets nothing", async () => {
    writeFileSync(log, "");
    const siem = await open();
    sentinel(1, "begin", "t1", 9);
    expect((await canaryOf(siem, "tyrian-h1", "t1")).state).toBe("complete");
    sentinel(2, "begin", "t1", 9);
    const { state, value } = await canaryOf(siem, "tyrian-h1", "t1");
    expect([state, value.begin?.sequence]).toEqual(["partial", 1]);
  });

  test("a rule that matches everything costs a bounded number of alerts, and the answer is partial", async () => {
    writeFileSync(log, "");
    const siem = await open({
      rules: [rule(id(1), "Image|endswith: prog"), rule(id(2), "CommandLine: rare")],
    });
    const before = Date.now();
    write({ serial: 1, argv: ["rare"] });
    await canaryOf(siem, "tyrian-h1", "x");
    const lines: string[] = [];
    for (let serial = 2; serial < 6000; serial += 1)
      lines.push(...encodeExec({ serial, argv: bytesOf("a") }));
    appendFileSync(log, `${lines.join("\n")}\n`);
    const { state, detail, value } = await alertsOf(siem, "tyrian-h1", before, Date.now() + 60_000);
    expect(state).toBe("partial");
    expect(detail).toContain("dropped");
    expect(value.length).toBeLessThan(4100);
    // the other rule's alert is not pushed out by the noisy one
    expect(value.filter((alert) => alert.rule === id(2))).toHaveLength(1);
    expect((await alertsOf(siem, "tyrian-h1", Date.now() + 60_000, Infinity)).state).toBe("complete");
  });

  test("a closed SIEM answers unreachable and wakes who waits", async () => {
    writeFileSync(log, "");
    const siem = await open();
    await canaryOf(siem, "tyrian-h1", "x");
    const waiting = siem.changed("tyrian-h1", 60_000);
    await siem.close();
    await waiting;
    expect((await siem.events([{ host: "tyrian-h1", from: 0, to: Infinity }])).state).toBe("unreachable");
  });
});

describe("background", () => {
  const at = (serial: number, seconds: number, ses: number, ...argv: string[]): void =>
    write({ serial, seconds: 1795492300 + seconds, ses, argv });

  test("counts matches outside Tyrian's sessions, over what the log held already and what came since", async () => {
    at(1, 0, 5, "bash", "-c", "echo admin");
    at(2, 10, 6, "bash", "-c", "echo before the sentinel, in a session of Tyrian");
    write({
      serial: 3,
      seconds: 1795492320,
      ses: 6,
      exe: "/bin/true",
      argv: ["/bin/true", "tyrian-sentinel", "begin", "old"],
    });
    at(4, 30, 6, "bash", "-c", "echo after it");
    write({ serial: 5, seconds: 1795492330, ses: 4294967295, argv: ["cron", "echo"] });
    const siem = await open({ rules: [echoRule()] });
    expect(await siem.background(id(1), "tyrian-h1")).toEqual({
      state: "complete",
      detail: "",
      value: { matches: 2, observedHours: expect.closeTo(30 / 3600, 5) as number, perDay: null },
    });
    at(6, 3600, 8, "bash", "-c", "echo later");
    const { value } = await siem.background(id(1), "tyrian-h1");
    expect(value.matches).toBe(3);
    expect(value.observedHours).toBeCloseTo(1, 2);
    expect(value.perDay).toBeCloseTo(72, 0);
    write({
      serial: 7,
      seconds: 1795495901,
      ses: 8,
      argv: ["/usr/bin/true", "tyrian-sentinel", "end", "new"],
    });
    expect((await siem.background(id(1), "tyrian-h1")).value.matches).toBe(2);
  });

  test("of a rule that is added later covers the history, without raising alerts over it", async () => {
    at(1, 0, 5, "bash", "-c", "echo admin");
    const siem = await open();
    await canaryOf(siem, "tyrian-h1", "x");
    expect(await siem.ruleStatuses([id(1)])).toMatchObject({ value: [{ present: false, enabled: false }] });
    expect((await siem.background(id(1), "tyrian-h1")).state).toBe("partial");
    const adding = siem.addRules([echoRule()]);
    at(2, 90, 5, "bash", "-c", "echo again");
    expect((await siem.background(id(1), "tyrian-h1")).value.matches).toBe(2);
    await adding;
    expect((await siem.background(id(1), "tyrian-h1")).value).toMatchObject({
      matches: 2,
      perDay: expect.closeTo(1920, 0) as number,
    });
    const alerts = await alertsOf(siem, "tyrian-h1", 0, Date.now());
    expect(alerts.value.map(({ sourceEvents }) => sourceEvents)).toEqual([
      ["tyrian-h1/auditd/1795492390.002:2"],
    ]);
    expect(await siem.ruleStatuses([id(1)])).toEqual({
      state: "complete",
      detail: "",
      value: [
        {
          rule: id(1),
          present: true,
          enabled: true,
          evaluatedBy: "embedded",
          schedule: { type: "streaming" },
          throttles: [],
          stateful: false,
        },
      ],
    });
    await siem.addRules([echoRule()]);
    expect((await siem.background(id(1), "tyrian-h1")).value.matches).toBe(2);
  });

  test("is partial when Tyrian's own events carry no session", async () => {
    const siem = await open({ rules: [echoRule()] });
    sentinel(1, "begin", "t", 4294967295);
    write({ serial: 2, ses: 4294967295, argv: ["echo", "x"] });
    const { state, detail } = await siem.background(id(1), "tyrian-h1");
    expect([state, detail]).toEqual(["partial", expect.stringContaining("no session")]);
  });

  test("reads no more of an old log than it is told to", async () => {
    for (let serial = 1; serial <= 50; serial += 1) at(serial, serial, 5, "echo", String(serial));
    const siem = await open({ rules: [echoRule()], backfillBytes: 10_000 });
    const { value } = await siem.background(id(1), "tyrian-h1");
    expect(value.matches).toBeGreaterThan(5);
    expect(value.matches).toBeLessThan(15);
  });
});

describe("waiting for a host", () => {
  test("ends at once when something of it arrives, also between an answer and the wait", async () => {
    writeFileSync(log, "");
    const siem = await open();
    await canaryOf(siem, "tyrian-h1", "x");
    const waiting = siem.changed("tyrian-h1", 600_000);
    write({ serial: 1, argv: ["a"] });
    await waiting;
    write({ serial: 2, argv: ["a"] });
    await vi.waitFor(
      async () =>
        expect((await siem.events([{ host: "tyrian-h1", from: 0, to: Infinity }])).value).toHaveLength(2),
      { timeout: 20_000 },
    );
    write({ serial: 3, argv: ["a"] });
    await sleep(500);
    await siem.changed("tyrian-h1", 600_000);
  });

  test("ends after its time when nothing comes, and rejects when it is aborted", async () => {
    writeFileSync(log, "");
    const siem = await open();
    await canaryOf(siem, "tyrian-h1", "x");
    const begin = performance.now();
    await siem.changed("tyrian-h1", 100);
    expect(performance.now() - begin).toBeGreaterThan(90);
    const abort = new AbortController();
    const waiting = siem.changed("tyrian-h1", 60_000, abort.signal);
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(siem.changed("tyrian-h1", 60_000, abort.signal)).rejects.toThrow("enough");
  });
});

describe("a correlation", () => {
  const twice = (): CompiledRule => {
    const text = `title: Echo\nname: echo\nlogsource: { product: linux }\ndetection: { s: { CommandLine|contains: echo }, condition: s }\n---\ntitle: Twice\nid: twice\ncorrelation: { type: event_count, rules: [echo], group-by: [User], timespan: 1m, condition: { gte: 2 } }\nlevel: high\n`;
    const { rule: compiled, diagnostics } = compileAnalytic({ file: "twice.yml", text });
    if (compiled === null) throw new Error(JSON.stringify(diagnostics));
    return compiled;
  };
  const echo = (serial: number, ses: number, milliseconds = serial): void =>
    write({ serial, ses, seconds: 1795492300 + Math.floor(milliseconds / 1000), argv: ["echo", "x"] });

  test("raises its alert when the end sentinel is in, with its source events; its rules alone raise none", async () => {
    writeFileSync(log, "");
    const siem = await open({ rules: [twice()] });
    sentinel(1, "begin", "t1", 9);
    write({ serial: 2, ses: 9, argv: ["echo", "1"] });
    write({ serial: 3, ses: 9, argv: ["echo", "2"] });
    expect((await alertsOf(siem, "tyrian-h1", 0, Infinity)).value).toEqual([]);
    sentinel(4, "end", "t1", 9);
    const { value } = await alertsOf(siem, "tyrian-h1", 0, Infinity);
    const { value: events } = await siem.events([{ host: "tyrian-h1", from: 0, to: Infinity }]);
    expect(value).toMatchObject([
      { rule: "twice", tier: "alert", sourceEvents: [events[1]?.id, events[2]?.id], sourcesWhole: true },
    ]);
    expect((await siem.background("twice", "tyrian-h1")).value.matches).toBe(0);
  });

  test("that is added later has its background of the history, and alerts from then on", async () => {
    echo(1, 5);
    echo(2, 5);
    const siem = await open();
    await canaryOf(siem, "tyrian-h1", "x");
    await siem.addRules([twice()]);
    expect((await siem.background("twice", "tyrian-h1")).value.matches).toBe(1);
    expect((await alertsOf(siem, "tyrian-h1", 0, Infinity)).value).toEqual([]);
    echo(3, 5, 300_000);
    echo(4, 5, 300_001);
    expect((await siem.background("twice", "tyrian-h1")).value.matches).toBe(2);
  });

  test("says of what came too late to be counted that its background is not whole", async () => {
    writeFileSync(log, "");
    const siem = await open({ rules: [twice()] });
    echo(1, 5, 100_000);
    echo(2, 5, 200_000);
    echo(3, 5, 0);
    const { state, detail } = await siem.background("twice", "tyrian-h1");
    expect([state, detail]).toEqual(["partial", "events came too late to be counted"]);
  });
});

test("rotation and truncation in the middle of a run lose no event that was written", async () => {
  writeFileSync(log, "");
  const siem = await open({ rules: [echoRule()] });
  write({ serial: 1, argv: ["echo", "1"] });
  await canaryOf(siem, "tyrian-h1", "x");
  write({ serial: 2, argv: ["echo", "2"] });
  renameSync(log, `${log}.1`);
  write({ serial: 3, argv: ["echo", "3"] });
  await canaryOf(siem, "tyrian-h1", "x");
  truncateSync(log);
  await canaryOf(siem, "tyrian-h1", "x");
  write({ serial: 4, argv: ["echo", "4"] });
  const { value, state } = await siem.events([{ host: "tyrian-h1", from: 0, to: Infinity }]);
  expect([state, value.map(({ sequence }) => sequence)]).toEqual(["complete", [1, 2, 3, 4]]);
  expect((await alertsOf(siem, "tyrian-h1", 0, Date.now())).value).toHaveLength(4);
  expect(siem.problems.join()).toContain("truncated");
});

test("a rule that fails is a problem that is told, and the other rules go on", async () => {
  writeFileSync(log, "");
  const broken: CompiledRule = {
    ...rule(id(3), "CommandLine: x"),
    reads: () => true,
    matches: () => {
      throw new Error("broken rule");
    },
  };
  const siem = await open({ rules: [broken, echoRule()] });
  write({ serial: 1, argv: ["echo", "1"] });
  expect((await alertsOf(siem, "tyrian-h1", 0, Infinity)).value.map((alert) => alert.rule)).toEqual([id(1)]);
  expect(siem.problems.join()).toContain("broken rule");
});

describe("the sensor", () => {
  test("is asked through the probe, again when the last reading began before the question; what the log lacks is added", async () => {
    writeFileSync(log, "");
    const before = Date.now();
    let asked = 0;
    const siem = await open({
      probe: () => {
        asked += 1;
        return Promise.resolve({ lost: 10, running: true, detail: "ok" });
      },
    });
    const many = await Promise.all([1, 2, 3].map(() => siem.sensor("tyrian-h1", before)));
    expect(asked).toBe(1);
    expect(many[2]).toEqual({
      state: "complete",
      detail: "",
      value: { lost: 10, missing: 0, running: true, detail: "ok" },
    });
    const lines = encodeExec({ serial: 1, argv: bytesOf("x") }).filter(
      (line) => !line.startsWith("type=EXECVE"),
    );
    appendFileSync(log, `${lines.join("\n")}\n`);
    expect((await siem.sensor("tyrian-h1", before)).value.lost).toBe(11);
    expect(asked).toBe(1);
    await sleep(5);
    await siem.sensor("tyrian-h1", Date.now());
    expect(asked).toBe(2);
  });

  test("is unknown without a probe, and when the probe fails", async () => {
    writeFileSync(log, "");
    expect((await (await open()).sensor("tyrian-h1", 0)).value).toMatchObject({ lost: null, running: null });
    const siem = await open({ probe: () => Promise.reject(new Error("no lab")) });
    expect(await siem.sensor("tyrian-h1", 0)).toMatchObject({
      state: "partial",
      detail: expect.stringContaining("no lab") as string,
      value: { lost: null, running: null },
    });
  });
});

test("events are in the run's database after it is closed", async () => {
  writeFileSync(log, "");
  const storeFile = join(folder, "events.duckdb");
  const siem = await open({ storeFile });
  write({ serial: 1, argv: ["echo", "kept"] });
  await canaryOf(siem, "tyrian-h1", "x");
  await siem.close();
  const store = new EventStore(storeFile);
  expect((await store.window("tyrian-h1", 0, Infinity)).map(({ argv }) => argv)).toEqual([["echo", "kept"]]);
  await store.close();
});

test("events that memory no longer holds come from the database", async () => {
  writeFileSync(log, "");
  const siem = await open({ rules: [echoRule()], memoryEvents: 10 });
  for (let serial = 1; serial <= 30; serial += 1)
    write({ serial, seconds: 1795492300 + serial, argv: ["echo", String(serial)] });
  const { state, value } = await siem.events([{ host: "tyrian-h1", from: 0, to: Infinity }]);
  expect([state, value.map(({ sequence }) => sequence)]).toEqual([
    "complete",
    Array.from({ length: 30 }, (_, n) => n + 1),
  ]);
  await siem.addRules([rule(id(5), "CommandLine|contains: echo")]);
  expect((await siem.background(id(5), "tyrian-h1")).value.matches).toBe(30);
});

test("two hosts whose sensor is strace, each with a log of its own", async () => {
  const sources: TelemetrySource[] = ["s1", "s2"].map((host) => ({
    type: "strace-log",
    file: join(folder, host),
    host,
  }));
  const siem = await open({ sources, rules: [echoRule()] });
  const line = (host: string, pid: number, micros: number, ...argv: string[]): void =>
    appendFileSync(
      join(folder, host),
      `${pid} 1795492269.${String(micros).padStart(6, "0")} execve("${argv[0] ?? ""}", ["${argv.join('", "')}"], 0x1 /* 1 var */) = 0\n`,
    );
  for (const host of ["s1", "s2"]) line(host, 1, 1, "/usr/sbin/sshd");
  appendFileSync(join(folder, "s1"), "1 1795492269.000002 fork() = 5\n");
  line("s1", 5, 3, "/bin/true", "tyrian-sentinel", "begin", "t1");
  line("s1", 5, 4, "/bin/echo", "hi");
  line("s1", 5, 5, "/bin/true", "tyrian-sentinel", "end", "t1");
  const canary = await canaryOf(siem, "s1", "t1");
  expect(canary.state).toBe("complete");
  expect(canary.value.begin?.session).toBe(canary.value.end?.session);
  expect(canary.value.begin?.session).toMatch(/^5@/);
  expect((await alertsOf(siem, "s1", 0, Date.now())).value).toHaveLength(1);
  expect((await canaryOf(siem, "s2", "t1")).value).toEqual({ begin: null, end: null });
  expect((await siem.events([{ host: "s2", from: 0, to: Infinity }])).value).toHaveLength(1);
});

test("an answer waits for an event whose records are still arriving, and says nothing of it when they never do", async () => {
  writeFileSync(log, "");
  const siem = await open();
  const lines = encodeExec({ serial: 1, argv: bytesOf("bash", "x".repeat(20_000)) });
  appendFileSync(log, `${lines.slice(0, 3).join("\n")}\n`);
  const asked = siem.events([{ host: "tyrian-h1", from: 0, to: Infinity }]);
  setTimeout(() => appendFileSync(log, `${lines.slice(3).join("\n")}\n`), 60);
  expect((await asked).value).toHaveLength(1);
  appendFileSync(log, `${encodeExec({ serial: 2, argv: bytesOf("x") })[0] ?? ""}\n`);
  expect((await siem.events([{ host: "tyrian-h1", from: 0, to: Infinity }])).value).toHaveLength(1);
  expect((await siem.sensor("tyrian-h1", 0)).value.detail).toContain("1 record(s) are missing");
});
