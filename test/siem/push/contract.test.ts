import { expect, test } from "vitest";
import { fieldAt } from "../../../src/siem/connector/values.js";
import type { RulePusher } from "../../../src/siem/push/rule-pusher.js";
import { rulePushContract } from "../../contract/rule-push.contract.js";
import type { ConnectorBench, ElasticBench, SentinelBench } from "../connector/benches.js";
import {
  openDatadogBench,
  openElasticBench,
  openGraylogBench,
  openLokiBench,
  openOpenSearchBench,
  openSecOpsBench,
  openSentinelBench,
  openSplunkBench,
  openWazuhBench,
} from "../connector/benches.js";

/** A copy without the mark, wherever it stands in it. */
function without<T>(rule: T): T {
  return JSON.parse(
    JSON.stringify(rule).replaceAll(/tyrian-rule:[\w-]+|tyrian\.[\da-f-]{36}/g, "kept.by-us"),
  ) as T;
}

rulePushContract("Splunk", {
  open: openSplunkBench,
  source: "linux",
  untag: without,
  isOn: ([search]) => search?.["disabled"] === "0",
});

rulePushContract("Elastic Security", {
  open: openElasticBench,
  keeps: (bench) => (bench as ElasticBench).kibana,
  untag: without,
  isOn: ([rule]) => rule?.["enabled"] === true,
});

rulePushContract("OpenSearch", {
  open: openOpenSearchBench,
  untag: without,
  isOn: (rules) => rules.some((rule) => rule["enabled"] === true),
  parts: 2,
  last: /detectors$/,
});

rulePushContract("Microsoft Sentinel", {
  open: openSentinelBench,
  keeps: (bench) => (bench as SentinelBench).azure,
  source: "LinuxAudit_CL",
  untag: without,
  isOn: ([rule]) => fieldAt(rule, "properties.enabled") === true,
});

rulePushContract("Google SecOps", {
  open: openSecOpsBench,
  field: "target.process.command_line",
  untag: without,
  last: /deployment$/,
  isOn: ([rule]) => fieldAt(rule, "deployment.enabled") === true,
});

rulePushContract("Graylog", {
  open: openGraylogBench,
  untag: without,
  isOn: ([definition]) => definition?.["state"] === "ENABLED",
});

rulePushContract("Grafana Loki", { open: openLokiBench, source: '{job="audit"} | json', untag: without });

test("a rule whose creation was answered by nothing is not sent again: it would be there twice", async () => {
  const bench = await openGraylogBench();
  try {
    const pusher = bench.connector.pusher() as RulePusher;
    const analytic = "5b1c0000-0000-4000-8000-0000000000aa";
    const rule = { analytic, title: "A word", level: "low", tags: [], query: "a:b", enabled: true } as const;
    const isCreation = ({ method }: { method: string }) => method === "POST";
    bench.standIn.misbehave({ type: "hang-up" }, { concerns: isCreation });
    await expect(pusher.push(rule, null, AbortSignal.timeout(60_000))).rejects.toMatchObject({
      code: "siem-unreachable",
    });
    expect(bench.standIn.seen.filter(isCreation)).toHaveLength(1);
  } finally {
    await bench.close();
  }
});

test("a copy that somebody made of a pushed rule is told from it by the id, or left alone", async () => {
  const bench = await openGraylogBench();
  try {
    const pusher = bench.connector.pusher() as RulePusher;
    const analytic = "5b1c0000-0000-4000-8000-0000000000aa";
    const rule = { analytic, title: "A word", level: "low", tags: [], query: "a:b", enabled: true } as const;
    const { id } = await pusher.push(rule, null, AbortSignal.timeout(60_000));
    const { installed } = bench.standIn;
    installed.set("copy", { ...installed.get(id), id: "copy" });
    await expect(pusher.remove(analytic, null, AbortSignal.timeout(60_000))).rejects.toMatchObject({
      code: "rule-not-ours",
      message: expect.stringContaining(`${id}, copy`) as string,
    });
    expect(await pusher.remove(analytic, id, AbortSignal.timeout(60_000))).toBe("removed");
    expect([...installed.keys()]).toEqual(["copy"]);
  } finally {
    await bench.close();
  }
});

test.each<[string, () => Promise<ConnectorBench>, RegExp]>([
  ["Wazuh", openWazuhBench, /files of XML on its manager/],
  ["Datadog", openDatadogBench, /not converted to Datadog's language/],
])("%s says why rules cannot be pushed there", async (_, open, why) => {
  const bench = await open();
  try {
    expect(() => bench.connector.pusher()).toThrow(why);
    expect(() => bench.connector.pusher()).toThrow(
      expect.objectContaining({ code: "push-unsupported", exit: 2 }),
    );
  } finally {
    await bench.close();
  }
});
