import { afterEach, beforeEach, expect, test } from "vitest";
import { connectSiem, siemSettingsSchema } from "../../src/siem/connect.js";
import { sentinelStart } from "../contract/siem.contract.js";
import { openWazuhBench, type WazuhBench } from "./connector/benches.js";

/** What is Wazuh's own, beside the contract. */

let bench: WazuhBench;
let t0: number;
beforeEach(async () => {
  bench = await openWazuhBench();
  t0 = Date.now() - 60_000;
});
afterEach(() => bench.close());

const echo = { host: "web-1", session: 7, argv: ["bash", "-c", "echo"], serial: 1 };
const alerts = () =>
  bench.siem.alerts({ rules: [bench.analytic], hosts: [], from: t0, to: Date.now() + 60_000 });
const status = () => bench.siem.ruleStatuses([bench.analytic], t0);

test("an event is found by its own time, however late the manager had it", async () => {
  await bench.ship(
    { ...echo, time: t0, lagMs: 3_600_000 },
    { ...echo, time: t0 - 1, serial: 2 },
    { ...echo, time: t0 + 2, serial: 3 },
  );
  const { value } = await bench.siem.events([{ host: "web-1", from: t0, to: t0 + 1 }]);
  expect(value).toEqual([expect.objectContaining({ sequence: 1, ingestedAt: t0 + 3_600_000 })]);
});

test("events that the manager did not decode cannot be found, and the sentinels tell", async () => {
  bench.standIn.decodes = false;
  await bench.ship(sentinelStart("begin", { host: "web-1", time: t0, serial: 10, session: 7 }, "t"));
  const { state, detail } = await bench.siem.canaries([{ host: "web-1", trial: "t" }]);
  expect(state).toBe("partial");
  expect(detail).toContain("did not decode them as JSON");
});

test.each([
  ["its rule counts", { rule: { id: "100100", frequency: 3 } }],
  ["it holds the events before", { previous_output: '{"ID":"1795550400.000:1"}' }],
])("an alert does not tell all that it stands for when %s", async (_, fields) => {
  bench.standIn.alertFields = fields;
  await bench.ship({ ...echo, time: t0 });
  await bench.fire(1);
  expect((await alerts()).value).toEqual([
    expect.objectContaining({
      sourcesWhole: false,
      sourceEvents: [expect.stringMatching(/^web-1\/laurel\//)],
    }),
  ]);
});

test("a rule that ignores for a time after an alert withholds until then", async () => {
  bench.manager.details = { ignore: "120", frequency: "8" };
  await bench.ship({ ...echo, time: t0 - 30_000 });
  await bench.fire(1);
  const { value } = await status();
  expect(value[0]?.throttles).toEqual([expect.objectContaining({ from: t0 - 29_500, until: t0 + 90_500 })]);
});

test.each([
  [{ if_fts: "" }, true],
  [{ frequency: "8" }, false],
])("a rule whose details are %j remembers what it has seen: %s", async (details, stateful) => {
  bench.manager.details = details;
  expect((await status()).value).toEqual([expect.objectContaining({ stateful })]);
});

test("a rule that may not be read is not one that is absent", async () => {
  bench.manager.forbidden = true;
  const { state, detail } = await status();
  expect(state).toBe("partial");
  expect(detail).toContain("Permission denied");
});

test("a session of the manager's API that has ended is opened again", async () => {
  expect((await status()).state).toBe("complete");
  bench.manager.endSessions();
  expect((await status()).state).toBe("complete");
  expect(bench.manager.refused).toEqual([]);
});

test("a rule is bound by a number", () => {
  const { error } = siemSettingsSchema.safeParse({ ...bench.given, rules: { a: "An echo" } });
  expect(error?.issues[0]).toMatchObject({
    path: ["rules", "a"],
    message: expect.stringContaining("100100") as string,
  });
});

test("Wazuh 5 is refused by name when it is connected to, before its indexes are asked for", async () => {
  bench.manager.version = "5.0.0";
  const { kind } = bench;
  const settings = siemSettingsSchema.parse({ kind, ...bench.given });
  await expect(connectSiem("lab-siem", settings)).rejects.toMatchObject({
    code: "siem-version-unsupported",
    message: expect.stringMatching(/^lab-siem: the manager is Wazuh 5\.0\.0, .*wazuh-findings-v5-\*/),
  });
  expect(bench.standIn.seen).toEqual([]);
});
