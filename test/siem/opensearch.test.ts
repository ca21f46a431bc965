import { afterEach, beforeEach, expect, test } from "vitest";
import { connectSiem } from "../../src/siem/connect.js";
import { openOpenSearchBench, type OpenSearchBench, settingsOf } from "./connector/benches.js";

/** What is OpenSearch's own, beside the contract. */

let bench: OpenSearchBench;
let t0: number;
beforeEach(async () => {
  bench = await openOpenSearchBench();
  t0 = Date.now() - 60_000;
});
afterEach(() => bench.close());

const echo = { host: "web-1", session: 7, argv: ["bash", "-c", "echo"], time: 0, serial: 1 };

test("a finding is a signal, and what a trigger made of it an alert", async () => {
  const documents = bench.world.ship({ ...echo, time: t0 });
  const { id } = bench.world.raise("rule-echo", t0 + 1_000, ...documents);
  const ask = async () => {
    const wanted = { rules: [bench.analytic], hosts: [], from: t0, to: Date.now() };
    return (await bench.siem.alerts(wanted)).value.map(({ tier, createdAt }) => ({ tier, createdAt }));
  };
  expect(await ask()).toEqual([{ tier: "signal", createdAt: t0 + 1_000 }]);
  bench.standIn.triggered.add(id);
  expect(await ask()).toEqual([
    { tier: "signal", createdAt: t0 + 1_000 },
    { tier: "alert", createdAt: t0 + 2_000 },
  ]);
});

test("alerts are waited for two turns of the slowest detector that is concerned", async () => {
  const declared = { longestLagSeconds: 1, longestAlertLagSeconds: 1 };
  const siem = await connectSiem("office", settingsOf({ ...bench.given, delivery: declared }));
  try {
    expect(siem.delivery).toEqual({ type: "shipped", longestLagMs: 1_000, longestAlertLagMs: 120_000 });
  } finally {
    await siem.close();
  }
});

test("rows that PPL cuts off are missed", async () => {
  bench.world.ship(
    ...Array.from({ length: 5 }, (_, index) => ({ ...echo, time: t0 + index, serial: index })),
  );
  bench.standIn.pplLimit = 3;
  const query = {
    language: "ppl",
    text: "source=audit-* | where process.command_line = 'bash -c echo'",
  } as const;
  const span = { hosts: ["web-1"], from: t0, to: t0 + 1_000 };
  const { rows, lacks } = await bench.connector.search(query, span, AbortSignal.timeout(5_000));
  expect(rows).toHaveLength(3);
  expect(lacks).toBe("the query finds 5 documents, and gave 3");
});
