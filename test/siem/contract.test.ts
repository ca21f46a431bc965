import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileSigma } from "../../src/detection/sigma/compile.js";
import { openEmbeddedSiem } from "../../src/siem/embedded/index.js";
import { connectorContract } from "../contract/connector.contract.js";
import { type SiemBench, siemContract } from "../contract/siem.contract.js";
import { laurelLine } from "../siem-servers/world.js";
import {
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
} from "./connector/benches.js";

const ECHO = "00000000-0000-4000-8000-000000000001";

/** The embedded SIEM, which reads the logs of two hosts. It evaluates its rule by itself. */
async function openEmbeddedBench(): Promise<SiemBench> {
  const folder = mkdtempSync(join(tmpdir(), "tyrian-siem-"));
  const fileOf = (host: string): string => join(folder, `${host}.jsonl`);
  const hosts = ["web-1", "web-2"];
  for (const host of hosts) writeFileSync(fileOf(host), "");
  const { rule } = compileSigma(
    `title: echo\nid: ${ECHO}\nlogsource: { product: linux, category: process_creation }\ndetection:\n  selection:\n    CommandLine|contains: echo\n  condition: selection\nlevel: high\ntags: [attack.t1059.004]\n`,
    "echo.yml",
  );
  if (rule === null) throw new Error("the rule does not compile");
  const siem = await openEmbeddedSiem({
    sources: hosts.map((host) => ({ type: "laurel-log", file: fileOf(host), host })),
    rules: [rule],
  });
  return {
    siem,
    analytic: ECHO,
    told: {
      severity: { text: "high", levels: ["high"] },
      entities: { hosts: ["web-1"] },
      techniques: ["T1059.004"],
    },
    absent: "00000000-0000-4000-8000-00000000000f",
    ship: (...starts) => {
      for (const start of starts) appendFileSync(fileOf(start.host), `${laurelLine(start)}\n`);
      return Promise.resolve();
    },
    fire: () => Promise.resolve(),
    close: async () => {
      await siem.close();
      rmSync(folder, { recursive: true });
    },
  };
}

siemContract("the embedded SIEM", openEmbeddedBench);
siemContract("OpenSearch", () => openOpenSearchBench());
siemContract("Elastic Security", () => openElasticBench());
siemContract("Datadog", () => openDatadogBench());
siemContract("Google SecOps", () => openSecOpsBench());
siemContract("Microsoft Sentinel", () => openSentinelBench());
siemContract("Splunk", () => openSplunkBench());
siemContract("Splunk with Enterprise Security", () =>
  openSplunkBench({ settings: { alerts: "enterprise-security" } }),
);
siemContract("Grafana Loki", () => openLokiBench());
siemContract("VictoriaLogs", () => openVictoriaLogsBench());
siemContract("Wazuh", () => openWazuhBench());
siemContract("Graylog", () => openGraylogBench());

connectorContract("OpenSearch", {
  open: openOpenSearchBench,
  native: [
    { language: "lucene", text: String.raw`process.command_line:whoami\ \-\-now` },
    { language: "ppl", text: "source=audit-* | where process.command_line = 'whoami --now'" },
  ],
});

connectorContract("Elastic Security", {
  open: openElasticBench,
  native: [
    { language: "lucene", text: String.raw`process.command_line:whoami\ \-\-now` },
    { language: "eql", text: 'any where process.command_line == "whoami --now"' },
    { language: "esql", text: 'FROM audit-* | WHERE process.command_line == "whoami --now"' },
  ],
});

connectorContract("Splunk", {
  open: openSplunkBench,
  source: "linux",
  native: [{ language: "spl", text: 'search index=linux process.command_line="whoami --now"' }],
});

connectorContract("Grafana Loki", {
  open: openLokiBench,
  source: '{job="audit"} | json',
  native: [{ language: "logql", text: '{job="audit"} | json | process_command_line="whoami --now"' }],
});

connectorContract("VictoriaLogs", {
  open: openVictoriaLogsBench,
  native: [{ language: "logsql", text: '"process.command_line":="whoami --now"' }],
});

connectorContract("Wazuh", {
  open: openWazuhBench,
  native: [{ language: "lucene", text: String.raw`process.command_line:whoami\ \-\-now` }],
});

connectorContract("Graylog", {
  open: openGraylogBench,
  native: [{ language: "lucene", text: "process.command_line:/whoami --now/" }],
});

connectorContract("Microsoft Sentinel", {
  open: openSentinelBench,
  source: "LinuxAudit_CL",
  native: [{ language: "kql", text: "LinuxAudit_CL\n| where ['process.command_line'] == \"whoami --now\"" }],
});

connectorContract("Datadog", { open: openDatadogBench, native: [] });

connectorContract("Google SecOps", {
  open: openSecOpsBench,
  field: "target.process.command_line",
  native: [{ language: "udm-search", text: 'target.process.command_line = "whoami --now"' }],
});
