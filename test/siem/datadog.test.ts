import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DatadogBench, openDatadogBench, settingsOf } from "./connector/benches.js";

/** What is Datadog's own, beside the contract. */

let bench: DatadogBench;
let t0: number;
beforeEach(async () => {
  bench = await openDatadogBench();
  t0 = Date.now() - 60_000;
});
afterEach(() => bench.close());

const echo = { host: "web-1", session: 7, argv: ["bash", "-c", "echo"] };
const ask = () => bench.siem.events([{ host: "web-1", from: t0, to: t0 + 1_000 }]);
const raise = () =>
  bench.world.raise("rule-echo", t0 + 5_000, ...bench.world.ship({ ...echo, time: t0, serial: 1 }));
const statusOf = async () => {
  const { value, ...answer } = await bench.siem.ruleStatuses([bench.analytic], t0);
  return { ...answer, status: value[0] };
};

describe("an answer that is not whole", () => {
  test.each([
    ["of a search that Datadog gave up", { status: "timeout" }, "was not done in the time"],
    [
      "of which Datadog warns",
      { status: "done", warnings: [{ code: "unknown_index", detail: "indexes: foo, bar" }] },
      "indexes: foo, bar",
    ],
  ])("%s", async (_, meta, detail) => {
    bench.world.ship({ ...echo, time: t0, serial: 1 });
    bench.standIn.meta = meta;
    const answer = await ask();
    expect(answer.state).toBe("partial");
    expect(answer.detail).toContain(detail);
  });
});

describe("a record", () => {
  test("that was sent as text is the same event as one that was sent as JSON", async () => {
    bench.world.ship({ ...echo, time: t0, serial: 1 });
    const parsed = await ask();
    bench.standIn.asText = true;
    expect(await ask()).toEqual(parsed);
    expect(parsed.value).toHaveLength(1);
  });

  test("was in Datadog five seconds after its collector sent it, at the latest", async () => {
    bench.world.ship({ ...echo, time: t0, serial: 1, lagMs: 7_000 });
    expect((await ask()).value[0]?.ingestedAt).toBe(t0 + 7_000);
  });
});

test("a server that names its waiting time in its own header is waited for, within reason", async () => {
  const headers = { "x-ratelimit-reset": "3600" };
  bench.standIn.misbehave({ type: "status", status: 429, headers });
  expect(await ask()).toMatchObject({ state: "rate-limited" });
  expect(bench.standIn.seen).toHaveLength(1);
});

describe("a signal", () => {
  const alertsOf = () =>
    bench.siem.alerts({ rules: [bench.analytic], hosts: [], from: t0, to: Date.now() + 60_000 });

  test("of a rule that groups by the event's id stands for that event", async () => {
    raise();
    const { value: events } = await ask();
    expect((await alertsOf()).value[0]).toMatchObject({
      title: "echo",
      host: "web-1",
      sourceEvents: [events[0]?.id],
    });
  });

  test("of another rule names no events", async () => {
    raise();
    bench.standIn.groupsByEvent = false;
    expect((await alertsOf()).value[0]).toMatchObject({ sourceEvents: null, sourcesWhole: false });
  });

  test("that is open takes in what follows: silence proves nothing in that time", async () => {
    const { id } = raise();
    bench.standIn.over = { options: { detectionMethod: "threshold", maxSignalDuration: 3_600 } };
    expect((await statusOf()).status?.throttles).toEqual([
      { from: t0 + 5_000, until: t0 + 3_605_000, openedBy: id },
    ]);
  });
});

describe("a rule", () => {
  test("that runs by a schedule is told: when it ran is not known", async () => {
    bench.standIn.over = { schedulingOptions: { rrule: "FREQ=HOURLY;INTERVAL=1" } };
    expect(await statusOf()).toMatchObject({
      state: "partial",
      detail: "Datadog does not tell when the scheduled rule rule-echo ran",
    });
  });

  test("of another type is told", async () => {
    bench.standIn.over = { type: "signal_correlation" };
    expect((await statusOf()).detail).toContain("of the type signal_correlation");
  });

  test("that fires for new values remembers what it has seen", async () => {
    bench.standIn.over = { options: { detectionMethod: "new_value" } };
    expect((await statusOf()).status?.stateful).toBe(true);
  });

  test("that was deleted is not there", async () => {
    bench.standIn.over = { isDeleted: true };
    expect((await statusOf()).status?.present).toBe(false);
  });
});

test("Sigma rules cannot be run on demand, and the settings say so", () => {
  expect(() => settingsOf({ ...bench.given, onDemand: {} })).toThrow(
    "Sigma rules are not converted to Datadog's language",
  );
});
