import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ElasticBench, openElasticBench } from "./connector/benches.js";

/** What is Elastic Security's own, beside the contract. */

let bench: ElasticBench;
let t0: number;
beforeEach(async () => {
  bench = await openElasticBench();
  t0 = Date.now() - 60_000;
});
afterEach(() => bench.close());

const ofWeb = () => bench.siem.events([{ host: "web-1", from: t0, to: t0 + 60_000 }]);
const echo = { host: "web-1", session: 7, argv: ["bash", "-c", "echo"] };

describe("an answer that is not whole", () => {
  test("of shards that failed, and of a search that ran out of time", async () => {
    bench.standIn.failedShards = 2;
    expect(await ofWeb()).toMatchObject({ state: "partial", detail: "2 of 5 shards failed" });
    bench.standIn.failedShards = 0;
    bench.standIn.timedOut = true;
    expect(await ofWeb()).toMatchObject({
      state: "partial",
      detail: "the search ran out of its time in the SIEM",
    });
  });
});

describe("a rule", () => {
  test("has its schedule and its evaluations, with the spans that they read", async () => {
    bench.world.evaluated("rule-echo", t0 - 100_000, t0 - 99_000);
    bench.world.evaluated("rule-echo", t0 + 10_000, t0 + 11_000);
    const { value } = await bench.siem.ruleStatuses([bench.analytic], t0);
    expect(value[0]).toEqual({
      rule: bench.analytic,
      present: true,
      enabled: true,
      evaluatedBy: "siem-rule",
      schedule: {
        type: "scheduled",
        intervalMs: 60_000,
        lookBackMs: 120_000,
        windowOver: "event-time",
        evaluations: [
          { startedAt: t0 + 10_000, completedAt: t0 + 11_000, from: t0 - 110_000, to: t0 + 10_000 },
        ],
      },
      throttles: [],
      stateful: false,
    });
  });

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    [
      "that suppresses alerts may always have withheld one",
      { alert_suppression: { group_by: ["host.name"] } },
      { throttles: [{ from: 0, until: Number.MAX_SAFE_INTEGER, openedBy: null }] },
    ],
    ["of new terms remembers", { type: "new_terms" }, { stateful: true }],
    [
      "that goes by the ingest time says so",
      { timestamp_override: "event.ingested" },
      { schedule: expect.objectContaining({ windowOver: "ingest-time" }) },
    ],
  ])("%s", async (_, over, status) => {
    bench.kibana.over = over;
    const { state, value } = await bench.siem.ruleStatuses([bench.analytic], t0);
    expect(state).toBe("complete");
    expect(value[0]).toMatchObject(status);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ["reads until earlier than now", { to: "now-1h" }, /until now-1h/],
    ["goes by a time that Tyrian does not know", { timestamp_override: "my.time" }, /my\.time/],
    ["has a schedule that cannot be read", { interval: "monthly" }, /every monthly/],
  ])("that %s is told", async (_, over, detail) => {
    bench.kibana.over = over;
    const answer = await bench.siem.ruleStatuses([bench.analytic], t0);
    expect(answer.state).toBe("partial");
    expect(answer.detail).toMatch(detail);
  });
});

describe("an alert", () => {
  const alerts = () =>
    bench.siem.alerts({ rules: [bench.analytic], hosts: [], from: t0, to: Date.now() + 60_000 });

  async function raised(over: Record<string, unknown>) {
    const [document] = bench.world.ship({ ...echo, time: t0, serial: 1 });
    if (document === undefined) throw new Error("nothing was shipped");
    bench.world.raise("rule-echo", t0 + 5_000, document);
    bench.standIn.alertFields = over;
    const { state, value } = await alerts();
    expect(state).toBe("complete");
    expect(value).toHaveLength(1);
    return value[0];
  }

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    [
      "of a building block is a signal",
      { "kibana.alert.building_block_type": "default" },
      { tier: "signal" },
    ],
    [
      "of a threshold names no event that exists",
      { "kibana.alert.threshold_result": { count: 9 } },
      { sourceEvents: null, sourcesWhole: false },
    ],
    [
      "that folded others does not name them all",
      { "kibana.alert.suppression.docs_count": 3 },
      { sourcesWhole: false },
    ],
  ])("%s", async (_, over, expected) => {
    expect(await raised(over)).toMatchObject(expected);
  });

  test("that has grown is found by its last change", async () => {
    const started = new Date(t0 - 3_600_000).toISOString();
    expect(await raised({ "kibana.alert.start": started })).toMatchObject({
      createdAt: t0 - 3_600_000,
      updatedAt: t0 + 5_000,
    });
  });

  test("whose event is gone stands for something that is not known, and for nobody's event", async () => {
    const [document] = bench.world.ship({ ...echo, time: t0, serial: 1 });
    if (document === undefined) throw new Error("nothing was shipped");
    bench.world.raise("rule-echo", t0 + 5_000, document);
    bench.world.documents.length = 0;
    expect((await alerts()).value[0]?.sourceEvents).toEqual(["document:audit-000001/doc-0"]);
  });
});

describe("queries that take their time", () => {
  const query = { language: "eql", text: 'any where process.command_line == "bash -c echo"' } as const;
  const find = (signal: AbortSignal) =>
    bench.connector.search(query, { hosts: ["web-1"], from: t0, to: t0 + 1_000 }, signal);

  test("are waited for, and ended on the server", async () => {
    bench.world.ship({ ...echo, time: t0, serial: 1 });
    bench.standIn.eqlRounds = 3;
    const { rows, lacks } = await find(AbortSignal.timeout(5_000));
    expect(lacks).toBeNull();
    expect(rows).toHaveLength(1);
    expect(bench.standIn.unended).toBe(0);
  });
});

test("a rule is run now by a preview, which leaves no alert", async () => {
  bench.world.ship({ ...echo, time: t0, serial: 1 }, { ...echo, time: t0, serial: 2, argv: ["id"] });
  const { rows, lacks } = (await bench.connector.runRule?.(
    "rule-echo",
    { from: t0 - 5_000, to: t0 + 5_000 },
    AbortSignal.timeout(5_000),
  )) ?? { rows: [], lacks: "it cannot" };
  expect(lacks).toBeNull();
  expect(rows.map(({ rule, sources }) => [rule, sources?.documents.map(({ id }) => id)])).toEqual([
    ["rule-echo", ["audit-000001/doc-0"]],
  ]);
  expect(bench.world.alerts).toEqual([]);
  expect(bench.kibana.refused).toEqual([]);
});
