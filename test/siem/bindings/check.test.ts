import { afterEach, describe, expect, test } from "vitest";
import { checkBindings, type CheckedBinding } from "../../../src/siem/bindings/check.js";
import type { AcceptedRule } from "../../../src/siem/bindings/record.js";
import {
  type ConnectorBench,
  openElasticBench,
  openOpenSearchBench,
  openSplunkBench,
} from "../connector/benches.js";

const rules = { a: "rule-echo", b: "rule-off", c: "rule-nowhere" };

let bench: ConnectorBench | null = null;
afterEach(async () => {
  const { standIn } = bench ?? {};
  await bench?.close();
  bench = null;
  expect(standIn?.refused).toEqual([]);
});

const findings = (checked: readonly CheckedBinding[]) =>
  Object.fromEntries(checked.map(({ rule, findings: of }) => [rule, of.map(({ finding }) => finding)]));

/** What is recorded when everything is accepted. */
const recorded = (checked: readonly CheckedBinding[]): Record<string, AcceptedRule> =>
  Object.fromEntries(
    checked.flatMap(({ rule, now }) =>
      now === null ? [] : [[rule, { ...now, acceptedAt: "2026-11-20T12:00:00.000Z" }]],
    ),
  );

describe.each<[string, () => Promise<ConnectorBench>]>([
  ["Splunk", openSplunkBench],
  ["Elastic", openElasticBench],
  ["OpenSearch", openOpenSearchBench],
])("the bound rules of %s", (name, open) => {
  test("that were never accepted are told, and so are those that are missing or switched off", async () => {
    bench = await open();
    expect(findings(await checkBindings(bench.connector, rules, {}))).toEqual({
      "rule-echo": ["unrecorded"],
      "rule-off": ["disabled", "unrecorded"],
      "rule-nowhere": ["missing"],
    });
  });

  test("are as they were until somebody edits them, whatever the SIEM writes into them by itself", async () => {
    bench = await open();
    const { connector, world } = bench;
    world.changeRule("rule-echo", { query: "echo" });
    const before = recorded(await checkBindings(connector, rules, {}));
    world.evaluated("rule-echo", Date.now() - 2_000, Date.now() - 1_000);
    expect(findings(await checkBindings(connector, rules, before))).toMatchObject({
      "rule-echo": [],
      "rule-off": ["disabled"],
    });
    world.changeRule("rule-echo", { query: "nothing" });
    const [changed] = await checkBindings(connector, rules, before);
    expect(changed?.findings).toEqual([
      { finding: "changed", detail: "it is not what it was on 2026-11-20" },
    ]);
    world.changeRule("rule-echo", { query: "echo", title: "printed" });
    world.changeRule("rule-off", { enabled: true });
    expect(findings(await checkBindings(connector, rules, before))).toMatchObject({
      // A saved search is bound by its name.
      "rule-echo": name === "Splunk" ? [] : ["renamed"],
      "rule-off": [],
    });
  });
});

test("a rule of which the SIEM does not tell for now is told to be so, and one that is refused for good ends the check", async () => {
  bench = await openSplunkBench();
  const { connector, standIn } = bench;
  standIn.misbehave({ type: "status", status: 503 });
  const [untold] = await checkBindings(connector, { a: "rule-echo" }, {});
  expect(untold?.findings).toEqual([
    { finding: "untold", detail: expect.stringContaining("answered 503") as string },
  ]);
  standIn.behave();
  standIn.expireToken();
  await expect(checkBindings(connector, rules, {})).rejects.toMatchObject({ code: "siem-auth-failed" });
});
