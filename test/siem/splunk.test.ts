import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSplunkBench, SECRET, type SplunkBench } from "./connector/benches.js";

/** What is Splunk's own, beside the contract. */

let bench: SplunkBench;
let t0: number;
beforeEach(async () => {
  bench = await openSplunkBench();
  // Splunk tells the time of alerts in whole seconds.
  t0 = Math.floor(Date.now() / 1000) * 1000 - 60_000;
});
afterEach(() => bench.close());

const echo = { host: "web-1", session: 7, argv: ["bash", "-c", "echo"] };
const alertsOf = (of: SplunkBench) =>
  of.siem.alerts({ rules: [of.analytic], hosts: [], from: t0, to: Date.now() + 60_000 });

function raise(of: SplunkBench, serial = 1): void {
  of.world.raise("rule-echo", t0 + 5_000, ...of.world.ship({ ...echo, time: t0, serial }));
}

describe("an answer that is not whole", () => {
  const ask = () => bench.siem.events([{ host: "web-1", from: t0, to: t0 + 1_000 }]);

  test("of an export that breaks off", async () => {
    bench.world.ship({ ...echo, time: t0, serial: 1 });
    bench.standIn.breaksOff = true;
    expect(await ask()).toMatchObject({
      state: "partial",
      detail: "the export broke off before its last row",
    });
  });

  test("of which Splunk itself says so", async () => {
    bench.standIn.messages = [{ type: "WARN", text: "Unable to distribute to peer idx2" }];
    expect(await ask()).toMatchObject({ state: "partial", detail: "Unable to distribute to peer idx2" });
  });

  test("a search that cannot be run is no answer at all", async () => {
    bench.standIn.messages = [{ type: "FATAL", text: "Unknown index" }];
    await expect(ask()).rejects.toMatchObject({
      code: "siem-query-rejected",
      message: expect.stringContaining("lab-siem: the events of a host: Unknown index") as string,
    });
  });
});

test("a host that Splunk finds under another case of its name is told: by that its events are nobody's", async () => {
  bench.world.ship({ ...echo, host: "WEB-1", time: t0, serial: 1 });
  const answer = await bench.siem.events([{ host: "web-1", from: t0, to: t0 }]);
  expect(answer.state).toBe("partial");
  expect(answer.detail).toContain("under the name WEB-1");
});

test("the time of storing is the end of the second that Splunk tells", async () => {
  bench.world.ship({ ...echo, time: t0, serial: 1, lagMs: 1_300 });
  const { value } = await bench.siem.events([{ host: "web-1", from: t0, to: t0 }]);
  expect(value[0]?.ingestedAt).toBe(t0 + 1_999);
});

test("a job is waited for, and taken away afterwards", async () => {
  bench.standIn.jobRounds = 2;
  bench.world.ship({ ...echo, time: t0, serial: 1 });
  const query = { language: "spl", text: 'search index=linux process.command_line="*echo*"' } as const;
  const span = { hosts: ["web-1"], from: t0, to: t0 };
  const { rows, lacks } = await bench.connector.search(query, span, AbortSignal.timeout(5_000));
  expect({ rows: rows.length, lacks }).toEqual({ rows: 1, lacks: null });
  expect(bench.standIn.jobs).toBe(0);
});

describe("a saved search", () => {
  test("has its schedule as Splunk reckons it, and the spans that its jobs read", async () => {
    bench.world.evaluated("rule-echo", t0 - 100_000, t0 - 99_000);
    bench.world.evaluated("rule-echo", t0 + 10_000, t0 + 11_000);
    const { state, value } = await bench.siem.ruleStatuses([bench.analytic], t0);
    expect(state).toBe("complete");
    expect(value[0]?.schedule).toEqual({
      type: "scheduled",
      intervalMs: 60_000,
      lookBackMs: 119_999,
      windowOver: "event-time",
      evaluations: [{ startedAt: t0 + 10_000, completedAt: t0 + 11_000, from: t0 - 110_000, to: t0 + 9_999 }],
    });
  });

  test("that withholds alerts does so from each alert on, for its period", async () => {
    bench.standIn.suppressMs = 3_600_000;
    raise(bench);
    const { value } = await bench.siem.ruleStatuses([bench.analytic], t0);
    expect(value[0]?.throttles).toEqual([
      { from: t0 + 5_000, until: t0 + 5_000 + 3_600_000, openedBy: "scheduler__nobody__search__alert-0" },
    ]);
  });

  test("is run now without its actions", async () => {
    bench.world.ship({ ...echo, time: t0, serial: 1 }, { ...echo, time: t0, serial: 2, argv: ["id"] });
    const run = bench.connector.runRule?.("rule-echo", { from: t0, to: t0 }, AbortSignal.timeout(5_000));
    expect((await run)?.rows.map(({ rule, host }) => [rule, host])).toEqual([["rule-echo", "web-1"]]);
    expect(bench.standIn).toMatchObject({ jobs: 0, refused: [] });
  });
});

describe("a triggered alert", () => {
  test("whose job has expired names no events", async () => {
    raise(bench);
    bench.standIn.expired.add("scheduler__nobody__search__RMD5_at_alert-0");
    const { state, value } = await alertsOf(bench);
    expect(state).toBe("complete");
    expect(value[0]).toMatchObject({ sourceEvents: null, sourcesWhole: false, host: null });
  });

  test("that stands for one result of several does not tell for which", async () => {
    const documents = bench.world.ship(
      { ...echo, time: t0, serial: 1 },
      { ...echo, time: t0 + 1, serial: 2 },
    );
    bench.world.raise("rule-echo", t0 + 5_000, ...documents);
    bench.standIn.digests = false;
    expect((await alertsOf(bench)).value[0]).toMatchObject({ sourceEvents: null, sourcesWhole: false });
    bench.standIn.digests = true;
    expect((await alertsOf(bench)).value[0]?.sourceEvents).toHaveLength(2);
  });

  test("has its job read once, however often it is asked about", async () => {
    raise(bench);
    await alertsOf(bench);
    await alertsOf(bench);
    const results = bench.standIn.seen.filter(({ path }) => path.endsWith("/results"));
    expect(results).toHaveLength(1);
  });
});

describe("with Enterprise Security", () => {
  test("a notable that does not keep its event names it by its job", async () => {
    const other = await openSplunkBench({ settings: { alerts: "enterprise-security" } });
    try {
      other.standIn.keepsRaw = false;
      raise(other);
      const { value } = await alertsOf(other);
      const { value: events } = await other.siem.events([{ host: "web-1", from: t0, to: t0 }]);
      expect(value[0]).toMatchObject({ tier: "alert", host: "web-1", sourceEvents: [events[0]?.id] });
    } finally {
      await other.close();
    }
  });
});

describe("with a login", () => {
  const auth = { type: "login", user: "tyrian", password: `env:${SECRET}` };

  test("a session that has ended is opened again", async () => {
    const other = await openSplunkBench({ settings: { auth } });
    try {
      expect((await other.siem.clock()).state).toBe("complete");
      other.standIn.endSessions();
      expect((await other.siem.clock()).state).toBe("complete");
      const logins = other.standIn.seen.filter(({ path }) => path === "/services/auth/login");
      expect(logins).toHaveLength(2);
    } finally {
      await other.close();
    }
  });

  test("a wrong password is told, and not shown", async () => {
    const other = await openSplunkBench({ settings: { auth } });
    try {
      const password = other.standIn.token;
      other.standIn.expireToken();
      await expect(other.siem.clock()).rejects.toMatchObject({
        code: "siem-auth-failed",
        message: expect.not.stringContaining(password) as string,
      });
    } finally {
      await other.close();
    }
  });
});
