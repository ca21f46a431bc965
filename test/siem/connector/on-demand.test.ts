import { afterEach, beforeEach, expect, test } from "vitest";
import { siemOver } from "../../../src/siem/connector/port.js";
import type { Siem } from "../../../src/siem/siem.js";
import { type ElasticBench, openElasticBench, settingsOf } from "./benches.js";

/** Analytics that the SIEM has no rule of, run by Tyrian. */

let bench: ElasticBench;
let siem: Siem;
let t0: number;
beforeEach(async () => {
  bench = await openElasticBench();
  t0 = Date.now() - 60_000;
  const query = { language: "lucene", text: "process.command_line:*echo*" } as const;
  siem = siemOver(bench.connector, {
    name: "office",
    settings: settingsOf(bench.given),
    format: "laurel",
    onDemand: new Map([["a-1", { query, title: "An echo", tier: "alert" }]]),
  });
});
afterEach(() => bench.close());

const echo = { host: "web-1", session: 7, argv: ["bash", "-c", "echo"] };
const ask = (rules: readonly string[], from = t0) =>
  siem.alerts({ rules, hosts: ["web-1"], from, to: Date.now() });

test("match what was stored in the span, an event once although it was delivered twice", async () => {
  bench.world.ship({ ...echo, time: t0, serial: 1 }, { ...echo, time: t0, serial: 1 });
  const { value } = await ask(["a-1"]);
  expect(value).toEqual([
    expect.objectContaining({ rule: "a-1", host: "web-1", createdAt: t0 + 500, sourcesWhole: true }),
  ]);
  const { value: events } = await siem.events([{ host: "web-1", from: t0, to: t0 }]);
  expect(value[0]?.sourceEvents).toEqual([events[0]?.id]);
  expect((await ask(["a-1"], t0 + 501)).value).toEqual([]);
  expect((await ask(["a-2"])).value).toEqual([]);
});

test("of a host whose clock is hours behind are found by when they were stored", async () => {
  bench.world.ship({ ...echo, time: t0 - 5 * 3_600_000, lagMs: 5 * 3_600_000 + 500, serial: 1 });
  expect((await ask(["a-1"])).value).toHaveLength(1);
});

test("are said to be evaluated on demand, beside rules that the SIEM has", async () => {
  const { state, value } = await siem.ruleStatuses(["a-1", bench.analytic, "a-2"], t0);
  expect(state).toBe("complete");
  // Of an analytic that is neither bound nor run on demand nothing is said.
  expect(value.map(({ rule, evaluatedBy }) => [rule, evaluatedBy])).toEqual([
    ["a-1", "on-demand"],
    [bench.analytic, "siem-rule"],
  ]);
});
