import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSentinelBench, type SentinelBench } from "./connector/benches.js";

/** What is Microsoft Sentinel's own, beside the contract. */

let bench: SentinelBench;
let t0: number;
beforeEach(async () => {
  bench = await openSentinelBench();
  t0 = Date.now() - 60_000;
});
afterEach(() => bench.close());

const echo = { host: "web-1", session: 7, argv: ["bash", "-c", "echo"] };
const ask = () => bench.siem.events([{ host: "web-1", from: t0, to: t0 + 1_000 }]);
const statusOf = async (since = t0 - 600_000) => {
  const { value, ...answer } = await bench.siem.ruleStatuses([bench.analytic], since);
  return { ...answer, status: value[0] };
};
const alertsOf = () =>
  bench.siem.alerts({ rules: [bench.analytic], hosts: [], from: t0, to: Date.now() + 60_000 });

describe("an answer that is not whole", () => {
  test("of which Log Analytics itself says so (PartialError)", async () => {
    bench.world.ship({ ...echo, time: t0, serial: 1 }, { ...echo, time: t0, serial: 2 });
    bench.standIn.partialError = "Query result set has exceeded the internal record count limit 500000";
    const answer = await ask();
    expect(answer.state).toBe("partial");
    expect(answer.detail).toContain("exceeded the internal record count limit");
  });

  test("of a table whose TimeGenerated is not the records' own time", async () => {
    bench.world.ship({ ...echo, time: t0 - 9_000, serial: 1 });
    bench.standIn.timeGeneratedLateMs = 9_000;
    const answer = await ask();
    expect(answer.state).toBe("partial");
    expect(answer.detail).toContain("have in TimeGenerated another time than their record");
  });

  test("of a host that has another case of its name", async () => {
    bench.world.ship({ ...echo, host: "WEB-1", time: t0, serial: 1 });
    expect((await ask()).detail).toContain("under the name WEB-1");
  });
});

describe("an alert", () => {
  test("with its own result in its query stands for that", async () => {
    const [one] = bench.world.ship({ ...echo, time: t0, serial: 1 }, { ...echo, time: t0 + 1, serial: 2 });
    if (one !== undefined) bench.world.raise("rule-echo", t0 + 5_000, one);
    const { value: events } = await bench.siem.events([{ host: "web-1", from: t0, to: t0 }]);
    expect((await alertsOf()).value).toEqual([
      expect.objectContaining({ tier: "alert", sourceEvents: [events[0]?.id], sourcesWhole: true }),
    ]);
  });

  test("for all results of a run stands for what its query finds, as long as no other came", async () => {
    bench.standIn.grouping = "SingleAlert";
    const documents = bench.world.ship(
      { ...echo, time: t0, serial: 1 },
      { ...echo, time: t0 + 1, serial: 2 },
    );
    bench.world.raise("rule-echo", t0 + 5_000, ...documents);
    expect((await alertsOf()).value[0]?.sourceEvents).toHaveLength(2);
  });

  test("of which a record came late does not tell which events it stands for", async () => {
    bench.standIn.grouping = "SingleAlert";
    bench.world.raise("rule-echo", t0 + 5_000, ...bench.world.ship({ ...echo, time: t0, serial: 1 }));
    bench.world.ship({ ...echo, time: t0 + 1, serial: 2 });
    expect(await alertsOf()).toMatchObject({
      state: "complete",
      value: [{ sourceEvents: null, sourcesWhole: false }],
    });
  });

  test("has its events asked for once, however often it is asked about", async () => {
    bench.world.raise("rule-echo", t0 + 5_000, ...bench.world.ship({ ...echo, time: t0, serial: 1 }));
    await alertsOf();
    await alertsOf();
    const asked = bench.standIn.seen.filter(({ body }) => body.includes("column_ifexists"));
    expect(asked).toHaveLength(1);
  });

  test("keeps when it was made when it is changed later, and is an incident when one holds it", async () => {
    const { id } = bench.world.raise(
      "rule-echo",
      t0 + 5_000,
      ...bench.world.ship({ ...echo, time: t0, serial: 1 }),
    );
    bench.standIn.changedAt.set(id, t0 + 30_000);
    bench.standIn.inIncident.add(id);
    expect((await alertsOf()).value[0]).toMatchObject({
      tier: "incident",
      createdAt: t0 + 5_000,
      updatedAt: t0 + 30_000,
    });
  });
});

describe("a scheduled rule", () => {
  test("has read up to five minutes before it ran", async () => {
    bench.world.evaluated("rule-echo", t0, t0 + 1_000);
    const { state, status } = await statusOf(t0);
    expect(state).toBe("complete");
    expect(status?.schedule).toEqual({
      type: "scheduled",
      intervalMs: 60_000,
      lookBackMs: 120_000,
      windowOver: "event-time",
      evaluations: [
        expect.objectContaining({ completedAt: expect.any(Number) as number }) as object,
        { startedAt: t0, completedAt: t0 + 1_000, from: t0 - 420_000, to: t0 - 300_001 },
      ],
    });
  });

  test("of which no run is told: health monitoring is off, and the answer is partial", async () => {
    bench.standIn.health = "none";
    const { state, detail } = await statusOf();
    expect(state).toBe("partial");
    expect(detail).toContain("turn on health monitoring");
  });

  test("whose runs do not tell the span that they read has no evaluations, and the answer is partial", async () => {
    bench.standIn.health = "run-times";
    const { state, detail, status } = await statusOf();
    expect(state).toBe("partial");
    expect(detail).toContain("it is not told what they read");
    expect(status?.schedule).toMatchObject({ evaluations: [] });
  });

  test("with suppression withholds alerts after each alert", async () => {
    bench.azure.over = { suppressionEnabled: true, suppressionDuration: "PT1H" };
    const { id } = bench.world.raise(
      "rule-echo",
      t0 + 5_000,
      ...bench.world.ship({ ...echo, time: t0, serial: 1 }),
    );
    const { status } = await statusOf();
    expect(status?.throttles).toEqual([{ from: t0 + 5_000, until: t0 + 3_605_000, openedBy: id }]);
  });

  test("with an interval that cannot be read is told", async () => {
    bench.azure.over = { queryFrequency: "P1M" };
    expect((await statusOf()).detail).toContain("the rule runs every P1M");
  });
});

test("a near-real-time rule reads a minute by ingestion time", async () => {
  bench.azure.kind = "NRT";
  bench.azure.over = { queryFrequency: undefined, queryPeriod: undefined };
  expect((await statusOf()).status?.schedule).toMatchObject({
    intervalMs: 60_000,
    lookBackMs: 60_000,
    windowOver: "ingest-time",
  });
});

test("when a rule of another kind is evaluated is not known", async () => {
  bench.azure.kind = "Fusion";
  expect((await statusOf()).detail).toBe("when a rule of the kind Fusion is evaluated is not known");
});

describe("its addresses and secrets", () => {
  test("each API has a token of its own, and no rule is asked for twice in one question", async () => {
    await bench.siem.clock();
    await bench.siem.ruleStatuses([bench.analytic, bench.absent], t0);
    const asked = bench.azure.seen.map(({ method, path }) => `${method} ${path.split("/").at(-1) ?? ""}`);
    expect(asked.toSorted()).toEqual(["GET alertRules", "GET alertRules", "POST token", "POST token"]);
    expect(bench.azure.refused).toEqual([]);
  });

  test("a wrong client secret is told in Entra's words", async () => {
    bench.standIn.expireToken();
    await expect(bench.siem.clock()).rejects.toMatchObject({
      code: "siem-auth-failed",
      message: expect.stringContaining(
        "lab-siem: the token (POST /tenant.example/oauth2/v2.0/token): answered 401: AADSTS7000215",
      ) as string,
    });
  });

  test("a workspace that Azure does not have is not taken for a rule that is missing", async () => {
    const workspace = { ...(bench.given.workspace as object), name: "ws-other" };
    const other = await openSentinelBench({ settings: { workspace } });
    try {
      const answer = await other.siem.ruleStatuses([other.analytic], t0);
      expect(answer).toMatchObject({ state: "unreachable", value: [] });
      expect(answer.detail).toContain("siem-not-found");
    } finally {
      await other.close();
    }
  });
});
