import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type GraylogBench, openGraylogBench } from "./connector/benches.js";

/** What is Graylog's own, beside the contract. */

let bench: GraylogBench;
let t0: number;
beforeEach(async () => {
  bench = await openGraylogBench();
  t0 = Date.now() - 60_000;
});
afterEach(() => bench.close());

const echo = { host: "web-1", session: 7, argv: ["bash", "-c", "echo"], serial: 1 };
const alerts = (hosts: readonly string[] = []) =>
  bench.siem.alerts({ rules: [bench.analytic], hosts, from: t0, to: Date.now() + 60_000 });
const status = () => bench.siem.ruleStatuses([bench.analytic], t0);

describe("events of Graylog", () => {
  test("that raise no alert are signals", async () => {
    bench.standIn.raises = false;
    await bench.ship({ ...echo, time: t0 });
    await bench.fire(1);
    expect((await alerts()).value).toEqual([expect.objectContaining({ tier: "signal", host: "web-1" })]);
  });

  test("that count messages name no source events, and their host by what they are grouped by", async () => {
    bench.standIn.counts = true;
    await bench.ship({ ...echo, time: t0 });
    await bench.fire(1);
    for (const hosts of [[], ["web-1"]])
      expect((await alerts(hosts)).value).toEqual([
        expect.objectContaining({ host: "web-1", sourceEvents: null, sourcesWhole: false }),
      ]);
  });

  test("whose message is not there any more name what is missing", async () => {
    await bench.ship({ ...echo, time: t0 });
    await bench.fire(1);
    bench.world.documents.length = 0;
    expect((await alerts()).value).toEqual([expect.objectContaining({ sourceEvents: ["document:doc-0"] })]);
  });

  test("are read page by page, and not more of them looked into than is announced", async () => {
    await bench.ship({ ...echo, time: t0 });
    const [document] = bench.world.documents;
    if (document === undefined) throw new Error("nothing was shipped");
    for (let turn = 0; turn < 501; turn += 1) bench.world.raise("rule-echo", t0 + turn, document);
    const { state, detail, value } = await alerts();
    expect(state).toBe("partial");
    expect(detail).toBe("there are 501 events, and 200 are looked into");
    expect(value).toHaveLength(200);
  });
});

describe("an event definition", () => {
  test("has done all evaluations before the one that comes next, and says when they were first known to be done", async () => {
    bench.standIn.nextTo = t0 + 90_000;
    const asked = Date.now();
    const { state, value } = await status();
    expect(state).toBe("complete");
    const schedule = value[0]?.schedule;
    if (schedule?.type !== "scheduled") throw new Error("the definition is not scheduled");
    expect(schedule).toMatchObject({ intervalMs: 60_000, lookBackMs: 120_000, windowOver: "event-time" });
    expect(schedule.evaluations.map(({ startedAt, from, to }) => [startedAt, from, to])).toEqual([
      [t0 - 30_000, t0 - 150_000, t0 - 30_001],
      [t0 + 30_000, t0 - 90_000, t0 + 29_999],
    ]);
    for (const { completedAt } of schedule.evaluations) expect(completedAt).toBeGreaterThanOrEqual(asked);
    const again = (await status()).value[0]?.schedule;
    expect(again).toEqual(schedule);
  });

  test("that has fallen behind has not done what it has not reached", async () => {
    bench.standIn.nextTo = t0 - 3_600_000;
    expect((await status()).value[0]?.schedule).toMatchObject({ evaluations: [] });
  });

  test("that is disabled is there, and not enabled", async () => {
    const rule = bench.world.rules.findIndex(({ name }) => name === "rule-echo");
    bench.world.rules[rule] = { ...bench.world.rules[rule], enabled: false } as never;
    expect((await status()).value).toEqual([expect.objectContaining({ present: true, enabled: false })]);
  });

  test.each<[string, (standIn: GraylogBench["standIn"]) => void, RegExp]>([
    ["has a cron schedule", (standIn) => (standIn.cron = true), /cron schedule/],
    [
      "searches no further back than its interval",
      (standIn) => (standIn.searchWithinMs = 60_000),
      /a minute further back/,
    ],
    [
      "has made as many events as it may",
      (standIn) => (standIn.eventLimit = 1),
      /no more than 1 events at once/,
    ],
  ])("that %s proves nothing by its silence", async (_, change, lacks) => {
    change(bench.standIn);
    await bench.ship({ ...echo, time: t0 });
    await bench.fire(1);
    expect(await status()).toMatchObject({
      state: "partial",
      detail: expect.stringMatching(lacks) as string,
    });
  });

  test("that has a limit which is not reached proves as much as one without", async () => {
    bench.standIn.eventLimit = 100;
    expect((await status()).state).toBe("complete");
  });
});

test("messages that have the time at which Graylog got them are told", async () => {
  bench.standIn.receiveTimes = true;
  await bench.ship({ ...echo, time: t0 });
  const { state, detail } = await bench.siem.events([{ host: "web-1", from: t0, to: t0 + 1_000 }]);
  expect(state).toBe("partial");
  expect(detail).toContain("stored under another time than their event's");
});

test("a user's password is taken in place of a token", async () => {
  const other = await openGraylogBench({
    settings: { auth: { type: "basic", user: "secret-token-1", password: "env:TYRIAN_TEST_WORD" } },
  });
  process.env["TYRIAN_TEST_WORD"] = "token";
  try {
    expect((await other.siem.clock()).state).toBe("complete");
  } finally {
    await other.close();
    delete process.env["TYRIAN_TEST_WORD"];
  }
});
