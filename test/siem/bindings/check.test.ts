import { afterEach, describe, expect, test } from "vitest";
import { checkBindings, type CheckedBinding } from "../../../src/siem/bindings/check.js";
import type { AcceptedRule } from "../../../src/siem/bindings/record.js";
import {
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

/** How the rules are bound. */
interface Bound {
  open(): Promise<ConnectorBench>;
  /** By the names that other kinds of SIEM have for them. */
  readonly names?: Readonly<Record<string, string>>;
  /** Rules that are switched off are not told of. */
  readonly hidesDisabled?: true;
  /** A rule is bound by its name: another name is another rule. */
  readonly byName?: true;
}

const numbers = { a: "100100", b: "100101", c: "100999" };
const ruler = { hidesDisabled: true, byName: true } as const;

/** What is recorded when everything is accepted. */
const recorded = (checked: readonly CheckedBinding[]): Record<string, AcceptedRule> =>
  Object.fromEntries(
    checked.flatMap(({ rule, now }) =>
      now === null ? [] : [[rule, { ...now, acceptedAt: "2026-11-20T12:00:00.000Z" }]],
    ),
  );

describe.each<[string, Bound]>([
  ["Splunk", { open: openSplunkBench, byName: true }],
  ["Elastic", { open: openElasticBench }],
  ["OpenSearch", { open: openOpenSearchBench }],
  ["Loki", { open: openLokiBench, ...ruler }],
  ["VictoriaLogs", { open: openVictoriaLogsBench, ...ruler }],
  ["Wazuh", { open: openWazuhBench, names: numbers }],
  ["Graylog", { open: openGraylogBench }],
  ["Microsoft Sentinel", { open: openSentinelBench }],
  ["Datadog", { open: openDatadogBench }],
  ["Google SecOps", { open: openSecOpsBench }],
])("the bound rules of %s", (_, { open, names = rules, hidesDisabled, byName }) => {
  const { a: echo = "", b: off = "", c: nowhere = "" } = names;
  /** `untold` comes and goes with what a SIEM tells of evaluations, and is not what is tested here. */
  const told = (checked: readonly CheckedBinding[]) =>
    Object.fromEntries(
      Object.entries(findings(checked)).map(([rule, of]) => [
        rule,
        of.filter((finding) => finding !== "untold"),
      ]),
    );

  test("that were never accepted are told, and so are those that are missing or switched off", async () => {
    bench = await open();
    expect(told(await checkBindings(bench.connector, names, {}))).toEqual({
      [echo]: ["unrecorded"],
      [off]: hidesDisabled === true ? ["missing"] : ["disabled", "unrecorded"],
      [nowhere]: ["missing"],
    });
  });

  test("are as they were until somebody edits them, whatever the SIEM writes into them by itself", async () => {
    bench = await open();
    const { connector, world } = bench;
    world.changeRule("rule-echo", { query: "echo" });
    const before = recorded(await checkBindings(connector, names, {}));
    world.evaluated("rule-echo", Date.now() - 2_000, Date.now() - 1_000);
    expect(told(await checkBindings(connector, names, before))).toMatchObject({
      [echo]: [],
      [off]: hidesDisabled === true ? ["missing"] : ["disabled"],
    });
    world.changeRule("rule-echo", { query: "nothing" });
    const [changed] = await checkBindings(connector, names, before);
    expect(changed?.findings).toContainEqual({
      finding: "changed",
      detail: "it is not what it was on 2026-11-20",
    });
    world.changeRule("rule-echo", { query: "echo", title: "printed" });
    world.changeRule("rule-off", { enabled: true });
    expect(told(await checkBindings(connector, names, before))).toMatchObject({
      [echo]: byName === true ? [] : ["renamed"],
      [off]: hidesDisabled === true ? ["unrecorded"] : [],
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
