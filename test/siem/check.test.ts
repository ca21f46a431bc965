import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CheckLine, checkedConnector, checkSiem } from "../../src/siem/check/check-siem.js";
import { newestRecord } from "../../src/siem/check/newest.js";
import { MOST_ROWS } from "../../src/siem/http/pages.js";
import { tyrian } from "../cli/tyrian.js";
import {
  ABSENT,
  ANALYTIC,
  type ConnectorBench,
  openDatadogBench,
  openElasticBench,
  openGraylogBench,
  openLokiBench,
  openOpenSearchBench,
  openSecOpsBench,
  openSentinelBench,
  openSplunkBench,
  openVictoriaLogsBench,
  openWazuhBench,
  SECRET,
  settingsOf,
} from "./connector/benches.js";
import { ownLab } from "./connector/lab.js";

const check = (
  bench: ConnectorBench,
  hosts: readonly string[] | null = ["web-1", "web-9"],
): Promise<CheckLine[]> =>
  checkSiem(
    checkedConnector(bench.connector, settingsOf({ ...bench.given })),
    hosts,
    AbortSignal.timeout(120_000),
  );
const told = (lines: readonly CheckLine[]) =>
  Object.fromEntries(lines.map(({ what, state }) => [what, state]));

describe.each<[string, () => Promise<ConnectorBench>]>([
  ["Splunk", openSplunkBench],
  ["Elastic", openElasticBench],
  ["OpenSearch", openOpenSearchBench],
  ["Loki", openLokiBench],
  ["VictoriaLogs", openVictoriaLogsBench],
  ["Wazuh", openWazuhBench],
  ["Graylog", openGraylogBench],
  ["Microsoft Sentinel", openSentinelBench],
  ["Datadog", openDatadogBench],
  ["Google SecOps", openSecOpsBench],
])("a check of %s", (_, open) => {
  let bench: ConnectorBench;
  beforeEach(async () => void (bench = await open()));
  afterEach(() => bench.close());

  test("says what is there, how old the newest event is, and which rules are missing or off", async () => {
    const now = Date.now();
    await bench.ship(
      { host: "web-1", time: now - 30 * 3_600_000, serial: 1, session: 1, argv: ["id"] },
      { host: "web-1", time: now - 120_000, serial: 2, session: 1, argv: ["id"] },
    );
    const lines = await check(bench);
    const { [ABSENT]: absent = "" } = settingsOf(bench.given).rules;
    expect(told(lines)).toMatchObject({
      answers: "ok",
      clock: "ok",
      "reading telemetry": "ok",
      "reading alerts": "ok",
      "reading rules": "ok",
      "events of web-1": "ok",
      "events of web-9": "wrong",
      [`rule ${absent}`]: "wrong",
    });
    const newest = lines.find(({ what }) => what === "events of web-1");
    expect(newest?.detail).toContain(new Date(now - 120_000).toISOString());
    for (const { state, todo } of lines) if (state !== "ok") expect(todo).not.toBe("");
    expect(bench.standIn.refused).toEqual([]);
  });

  test("says how far its clock is off", async () => {
    bench.world.clockOffsetMs = -90_000;
    const lines = await check(bench, null);
    expect(lines.find(({ what }) => what === "clock")).toMatchObject({
      state: "warning",
      detail: expect.stringMatching(/^1 min (29|30|31) s behind ours/) as string,
    });
  });
});

test("a right that is missing is told by the name that the SIEM has for it", async () => {
  const bench = await openWazuhBench();
  try {
    const { manager } = bench;
    manager.misbehave(
      { type: "status", status: 403, body: { title: "Denied" } },
      { concerns: ({ path }) => path === "/rules" },
    );
    const lines = await check(bench, []);
    expect(lines.find(({ what }) => what === "reading rules")).toMatchObject({
      state: "failed",
      todo: "give its account rules:read in the manager's API",
    });
    expect(told(lines)).toMatchObject({ answers: "ok", "reading telemetry": "ok" });
  } finally {
    await bench.close();
  }
});

test("a login that is refused ends the check with that", async () => {
  const bench = await openOpenSearchBench();
  try {
    bench.standIn.expireToken();
    const lines = await check(bench);
    expect(lines).toEqual([
      expect.objectContaining({
        what: "answers",
        state: "failed",
        todo: expect.stringContaining("auth") as string,
      }),
    ]);
    expect(JSON.stringify(lines)).not.toContain("secret-token");
  } finally {
    await bench.close();
  }
});

describe("the newest record", () => {
  const now = 1_795_550_400_000;

  test("is looked for further and further back, and told as missing only then", async () => {
    const asked: number[] = [];
    const ask = ({ from }: { from: number }) => {
      asked.push(now - from);
      return Promise.resolve({ times: [], lacks: null });
    };
    expect(await newestRecord(ask, "web-1", now)).toEqual({ at: null, others: 0, lacks: null });
    expect(asked).toEqual([600_000, 3_600_000, 86_400_000, 8 * 86_400_000]);
  });

  test("is found where a span holds more than can be had, which is told from its beginning", async () => {
    const all = Array.from({ length: 2 * MOST_ROWS + 7 }, (_, index) => now - 600_000 + index * 5);
    const ask = ({ from, to }: { from: number; to: number }) => {
      const within = all.filter((time) => time >= from && time <= to);
      const isAll = within.length <= MOST_ROWS;
      return Promise.resolve({ times: within.slice(0, MOST_ROWS), lacks: isAll ? null : "there are more" });
    };
    expect(await newestRecord(ask, "web-1", now)).toEqual({ at: all.at(-1), others: 0, lacks: null });
  });
});

test(
  "tyrian siem check prints what to do, and ends with 1 for what is missing and 4 for a SIEM that is down",
  { timeout: 120_000 },
  async () => {
    const bench = await openElasticBench();
    const lab = ownLab(
      { office: { ...bench.given, rules: { [ANALYTIC]: "rule-echo" } } },
      { [SECRET]: bench.standIn.token },
    );
    const run = (...words: readonly string[]) =>
      tyrian(["siem", "check", "office", ...words], { cwd: lab.folder, environment: lab.environment });
    try {
      bench.world.evaluated("rule-echo", Date.now() - 2_000, Date.now() - 1_000);
      const missing = await run("--lab", "inventory.yaml");
      expect(missing.status, missing.stderr).toBe(1);
      expect(missing.stdout).toMatch(
        /wrong\s+events of web-1: none in the last 8 days\n\s+-> does the sensor run/,
      );
      expect(missing.stdout).toMatch(/ok\s+rule rule-echo: on; last run/);
      await bench.ship({ host: "web-1", time: Date.now() - 1_000, serial: 1, session: 1, argv: ["id"] });
      const { status, stdout } = await run("--lab", "inventory.yaml", "--json");
      expect({ status, stdout }).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('"state": "ok"') as string,
      });
      bench.standIn.misbehave({ type: "web-page" });
      expect(await run()).toMatchObject({
        status: 4,
        stdout: expect.stringContaining("is a web page") as string,
      });
    } finally {
      lab.remove();
      await bench.close();
    }
  },
);
