import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RulerRule } from "../../src/siem/ruler/rules.js";
import { lookBackOf } from "../../src/siem/victorialogs/vmalert.js";
import { openVictoriaLogsBench, type VictoriaLogsBench } from "./connector/benches.js";

/** What is VictoriaLogs' own, beside the contract; before real servers: test/siem-real. */

let bench: VictoriaLogsBench;
let t0: number;
beforeEach(async () => {
  bench = await openVictoriaLogsBench();
  // Whole seconds, as vmalert's moments mostly are.
  t0 = Math.floor(Date.now() / 1000) * 1000 - 120_000;
});
afterEach(() => bench.close());

const echo = { host: "web-1", session: 7, argv: ["bash", "-c", "echo"], serial: 1 };
const alerts = () =>
  bench.siem.alerts({ rules: [bench.analytic], hosts: ["web-1"], from: t0, to: Date.now() + 60_000 });
const status = () => bench.siem.ruleStatuses([bench.analytic], t0);

describe("alerts of vmalert", () => {
  test("were raised when the evaluation was done, and not at the moment for which it was made", async () => {
    await bench.ship({ ...echo, time: t0 });
    await bench.fire(1);
    const [alert] = (await alerts()).value;
    expect(alert).toMatchObject({ createdAt: t0 + 32_505, updatedAt: t0 + 152_505, sourcesWhole: true });
    expect([...bench.vmalert.refused, ...bench.history.refused]).toEqual([]);
  });

  test("of evaluations that vmalert has forgotten cannot be dated, and are told to be missing", async () => {
    await bench.ship({ ...echo, time: t0 });
    await bench.fire(1);
    bench.vmalert.remembers = 1;
    const answer = await alerts();
    expect(answer).toMatchObject({ state: "partial", value: [] });
    expect(answer.detail).toContain("when an alert of rule-echo was raised is not known any more");
  });

  test("are dated by evaluations that were asked about before vmalert forgot them", async () => {
    await bench.ship({ ...echo, time: t0 });
    await bench.fire(1);
    await status();
    bench.vmalert.remembers = 1;
    expect((await alerts()).state).toBe("complete");
  });
});

describe("a rule of vmalert", () => {
  test("tells its evaluations with the windows that they read", async () => {
    bench.world.evaluated("rule-echo", t0 + 30_000, t0 + 30_200);
    bench.world.evaluated("rule-echo", t0 + 90_000, t0 + 90_100);
    const { state, value } = await status();
    expect(state).toBe("complete");
    expect(value[0]?.schedule).toEqual({
      type: "scheduled",
      intervalMs: 60_000,
      lookBackMs: 600_000,
      windowOver: "event-time",
      evaluations: [
        { startedAt: t0 + 30_000, completedAt: t0 + 30_200, from: t0 - 600_000, to: t0 - 1 },
        { startedAt: t0 + 90_000, completedAt: t0 + 90_100, from: t0 - 540_000, to: t0 + 59_999 },
      ],
    });
  });

  test("of which an evaluation failed proves nothing by its silence, where its look-back does not reach", async () => {
    bench.vmalert.query = '{job="audit"} | stats count() as total';
    for (const minute of [0, 1, 2])
      bench.world.evaluated("rule-echo", t0 + minute * 60_000, t0 + minute * 60_000 + 5);
    expect((await status()).state).toBe("complete");
    await bench.close();
    bench = await openVictoriaLogsBench();
    bench.vmalert.query = '{job="audit"} | stats count() as total';
    bench.vmalert.failed = [1];
    for (const minute of [0, 1, 2])
      bench.world.evaluated("rule-echo", t0 + minute * 60_000, t0 + minute * 60_000 + 5);
    expect(await status()).toMatchObject({
      state: "partial",
      detail: expect.stringContaining("not all evaluations of the rule rule-echo are known") as string,
    });
  });

  test.each<[string, number | null]>([
    ['{job="a"} _time:5m | stats count() as total', 300_000],
    ['{job="a"} (foo AND _time:1h30m) | stats count() as total', 5_400_000],
    ['{job="a"} "_time:5m" | stats count() as total', 60_000],
    ["{job=`a`} | stats count() as total", 60_000],
    ['{job="a"} _time:5m offset 1h | stats count() as total', null],
    ['{job="a"} _time:[2026-01-01, 2026-01-02] | stats count() as total', null],
    ['{job="a"} _time:5m user:in(_time:1d admin | fields user) | stats count() as total', null],
    ['options(time_offset=1h) {job="a"} | stats count() as total', null],
  ])("%s looks back %s ms", (query, ms) => {
    expect(lookBackOf({ query, intervalMs: 60_000 } as RulerRule)).toBe(ms);
  });
});

test("a tenant's records are asked for with its headers", async () => {
  const other = await openVictoriaLogsBench({ settings: { tenant: "4:0" } });
  try {
    await other.ship({ ...echo, time: t0 });
    const { value } = await other.siem.events([{ host: "web-1", from: t0, to: t0 }]);
    expect(value).toEqual([]);
  } finally {
    await other.close();
  }
});
