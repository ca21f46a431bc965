import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lookBackOf } from "../../src/siem/loki/look-back.js";
import { sentinelStart } from "../contract/siem.contract.js";
import { type LokiBench, openLokiBench } from "./connector/benches.js";

/** What is Loki's own, beside the contract. */

let bench: LokiBench;
let t0: number;
beforeEach(async () => {
  bench = await openLokiBench();
  t0 = Date.now() - 60_000;
});
afterEach(() => bench.close());

const echo = { host: "web-1", session: 7, argv: ["bash", "-c", "echo"], serial: 1 };
const alerts = () =>
  bench.siem.alerts({ rules: [bench.analytic], hosts: ["web-1"], from: t0, to: Date.now() + 60_000 });
const status = async () => (await bench.siem.ruleStatuses([bench.analytic], t0)).value[0]?.schedule;

describe("alerts of Loki's ruler, from the history that it writes", () => {
  test("are one from their first evaluation to their last, and nothing is asked that would be refused", async () => {
    await bench.ship({ ...echo, time: t0 });
    await bench.fire(1);
    const { state, value } = await alerts();
    expect(state).toBe("complete");
    expect(value).toEqual([
      expect.objectContaining({ host: "web-1", createdAt: t0 + 2_500, updatedAt: t0 + 62_500 }),
    ]);
    expect(bench.history.refused).toEqual([]);
  });

  test("stand for what is not told, where no label of theirs names an event", async () => {
    await bench.close();
    bench = await openLokiBench({ settings: { alertLabels: {} } });
    await bench.ship({ ...echo, time: t0 });
    await bench.fire(1);
    expect((await alerts()).value).toEqual([
      expect.objectContaining({ host: "web-1", sourceEvents: null, sourcesWhole: false }),
    ]);
  });

  test("whose event is not there any more name what is missing", async () => {
    await bench.ship({ ...echo, time: t0 });
    await bench.fire(1);
    bench.world.documents.length = 0;
    const [alert] = (await alerts()).value;
    expect(alert?.sourceEvents).toEqual([expect.stringMatching(/^document:web-1\/\d+\.\d{3}:1$/)]);
  });

  test("that began before they were looked for are told to be so", async () => {
    await bench.ship({ ...echo, time: t0 - 3_660_000 });
    await bench.fire(1);
    bench.history.evaluations = 100;
    const answer = await alerts();
    expect(answer).toMatchObject({ state: "partial", value: [expect.anything()] });
    expect(answer.detail).toContain("when alerts of rule-echo began is not known");
  });

  test("are not all when the history says so", async () => {
    bench.history.warnings = ["PromQL warning: a store did not answer"];
    expect((await alerts()).detail).toContain("a store did not answer");
    bench.history.warnings = [];
    bench.history.isPartial = true;
    expect((await alerts()).detail).toContain("the history of alerts is partial");
  });

  test("a history that is down is no answer", async () => {
    await bench.history.stop();
    expect(await alerts()).toMatchObject({ state: "unreachable", value: [] });
  });
});

describe("a rule of Loki's ruler", () => {
  test("is evaluated over its range, and the evaluations that were seen are remembered", async () => {
    bench.world.evaluated("rule-echo", t0 + 10_000, t0 + 10_200);
    await status();
    bench.world.evaluated("rule-echo", t0 + 70_000, t0 + 70_100);
    expect(await status()).toEqual({
      type: "scheduled",
      intervalMs: 60_000,
      lookBackMs: 600_000,
      windowOver: "event-time",
      evaluations: [
        {
          startedAt: t0 + 10_000,
          completedAt: t0 + 10_200,
          from: t0 - 589_999,
          to: t0 + 9_000,
        },
        { startedAt: t0 + 70_000, completedAt: t0 + 70_100, from: t0 - 529_999, to: t0 + 69_000 },
      ],
    });
  });

  test("that failed, waits, or looks back no further than its interval proves nothing", async () => {
    const detail = async () => (await bench.siem.ruleStatuses([bench.analytic], t0)).detail;
    bench.standIn.lastError = "too many series";
    expect(await detail()).toContain("too many series");
    bench.standIn.lastError = "";
    bench.standIn.forSeconds = 60;
    expect(await detail()).toContain("has a `for`");
    bench.standIn.forSeconds = 0;
    bench.standIn.query = 'count_over_time({job="audit"}[1m]) > 0';
    expect(await detail()).toContain("no longer than its interval");
  });

  test("that records a series is none that alerts", async () => {
    const { value } = await bench.siem.ruleStatuses([bench.absent], t0);
    expect(value).toEqual([expect.objectContaining({ present: false })]);
  });

  test.each([
    ['sum by (host) (count_over_time({job="a"} |= "[1h]" [5m])) > 0', 300_000],
    ["count_over_time({job=`[1h]`}[5m]) > 0 or count_over_time({job=`b`}[5m]) > 1 # [1d]", 300_000],
    ['count_over_time({job="a"}[5m]) > 0 or count_over_time({job="a"}[1h]) > 9', null],
    ['count_over_time({job="a"}[5m] offset 1m) > 0', null],
    ["vector(1)", null],
  ])("%s looks back %s ms", (query, ms) => {
    expect(lookBackOf(query)).toBe(ms);
  });
});

test("entries that have the time at which they were read, and not their event's, are told", async () => {
  bench.standIn.readTimes = true;
  await bench.ship(sentinelStart("begin", { host: "web-1", time: t0, serial: 10, session: 7 }));
  const { state, detail } = await bench.siem.canaries([{ host: "web-1", trial: "t" }]);
  expect(state).toBe("partial");
  expect(detail).toContain("stored under another time than their event's");
});

test("what Loki warns about makes an answer partial", async () => {
  bench.standIn.warnings = ["a querier was not there"];
  const answer = await bench.siem.events([{ host: "web-1", from: t0, to: t0 }]);
  expect(answer).toMatchObject({ state: "partial", detail: "a querier was not there" });
});

test("the figures of a metric query are no events", async () => {
  const query = { language: "logql", text: 'sum(count_over_time({job="audit"}[1m]))' } as const;
  const span = { hosts: ["web-1"], from: t0, to: t0 };
  await expect(bench.connector.search(query, span, AbortSignal.timeout(5_000))).rejects.toMatchObject({
    code: "siem-query-rejected",
  });
});
