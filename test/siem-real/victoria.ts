import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import type { Connector } from "../../src/siem/connector/connector.js";
import { siemOver } from "../../src/siem/connector/port.js";
import { openConnector, connectorSettingsSchema } from "../../src/siem/connect.js";
import type { SiemBench } from "../contract/siem.contract.js";
import { laurelLine, type Start } from "../siem-servers/world.js";
import { goProgram } from "./go-program.js";

const VICTORIA = "github.com/VictoriaMetrics";
const METRICS = "v1.151.0";
const ANALYTIC = "00000000-0000-4000-8000-000000000001";
const ABSENT = "00000000-0000-4000-8000-00000000000f";
/** Milliseconds until a server has started, or shows what it was given. */
const PATIENCE_MS = 30_000;
const RULE = `{job="audit"} _time:10m CommandLine:echo | unpack_json fields (ID) | stats by (host, ID) count() as total | filter total:>0`;

export interface VictoriaPrograms {
  readonly logs: string;
  readonly metrics: string;
  readonly vmalert: string;
}

/** The servers, or the sentence that says why they are not to be had. */
export async function victoriaPrograms(): Promise<VictoriaPrograms | { readonly reason: string }> {
  const logs = await goProgram({
    package: `${VICTORIA}/VictoriaLogs/app/victoria-logs`,
    version: "v1.51.1-0.20260624061259-dc94972a8708",
    // The version that it names itself was never published.
    with: [`${VICTORIA}/VictoriaMetrics@${METRICS}`],
  });
  if ("reason" in logs) return logs;
  const metrics = await goProgram({
    package: `${VICTORIA}/VictoriaMetrics/app/victoria-metrics`,
    version: METRICS,
  });
  if ("reason" in metrics) return metrics;
  const vmalert = await goProgram({ package: `${VICTORIA}/VictoriaMetrics/app/vmalert`, version: METRICS });
  if ("reason" in vmalert) return vmalert;
  return { logs: logs.program, metrics: metrics.program, vmalert: vmalert.program };
}

export interface VictoriaBench extends SiemBench {
  readonly connector: Connector;
}

/** What vmalert is given: a rule by its name, and the file that it stands in. */
export interface VictoriaRule {
  readonly name: string;
  textFor(connector: Connector): string;
}

const echo: VictoriaRule = {
  name: "rule-echo",
  textFor: () =>
    JSON.stringify({
      groups: [{ name: "audit", type: "vlogs", interval: "1s", rules: [{ alert: "rule-echo", expr: RULE }] }],
    }),
};

/** VictoriaLogs, with vmalert that evaluates a rule every second, and VictoriaMetrics that holds its alerts. */
export async function openVictoriaBench(
  programs: VictoriaPrograms,
  rule: VictoriaRule = echo,
): Promise<VictoriaBench> {
  const folder = mkdtempSync(join(tmpdir(), "tyrian-victoria-"));
  const rules = join(folder, "rules.yml");
  const [logsAt, metricsAt, vmalertAt] = [await freeAddress(), await freeAddress(), await freeAddress()];
  const url = `http://${logsAt}`;
  const historyUrl = `http://${metricsAt}`;
  const vmalertUrl = `http://${vmalertAt}`;
  const settings = connectorSettingsSchema.parse({
    kind: "victorialogs",
    url,
    vmalertUrl,
    historyUrl,
    auth: { type: "none" },
    alertLabels: { event: "ID" },
    telemetry: { selector: '{job="audit"}', format: "laurel", storedWithinSeconds: 0 },
    rules: { [ANALYTIC]: rule.name, [ABSENT]: "rule-nowhere" },
  });
  const connector = await openConnector("real", settings);
  writeFileSync(rules, rule.textFor(connector));
  const processes = [
    start(programs.logs, [`-storageDataPath=${join(folder, "logs")}`, `-httpListenAddr=${logsAt}`]),
    start(programs.metrics, [`-storageDataPath=${join(folder, "metrics")}`, `-httpListenAddr=${metricsAt}`]),
  ];
  await Promise.all([isUp(url), isUp(historyUrl)]);
  processes.push(
    start(programs.vmalert, [
      `-rule=${rules}`,
      `-datasource.url=${url}`,
      `-remoteWrite.url=${historyUrl}`,
      "-remoteWrite.flushInterval=100ms",
      "-notifier.blackhole",
      "-rule.evalDelay=0s",
      "-rule.updateEntriesLimit=200",
      `-httpListenAddr=${vmalertAt}`,
    ]),
  );
  await isUp(vmalertUrl);
  const siem = siemOver(connector, { name: "real", settings, format: "laurel" });
  let shipped = 0;
  return {
    siem,
    connector,
    analytic: ANALYTIC,
    told: {},
    absent: ABSENT,
    ship: async (...starts) => {
      shipped += starts.length;
      await post(`${url}/insert/jsonline?_stream_fields=job,host`, starts.map(recordOf).join(""));
      await vi.waitFor(async () => expect(await countIn(url)).toBe(shipped), PATIENCE_MS);
    },
    fire: async (...serials) => {
      await vi.waitFor(async () => {
        const span = { from: Date.now() - 600_000, to: Date.now() + 60_000 };
        const { value } = await siem.alerts({ rules: [ANALYTIC], hosts: [], ...span });
        const seen = value.flatMap(({ sourceEvents }) => sourceEvents ?? []);
        for (const serial of serials) expect(seen.some((id) => id.endsWith(`:${serial}`))).toBe(true);
      }, PATIENCE_MS);
    },
    close: async () => {
      await siem.close();
      await Promise.all(processes.map(end));
      rmSync(folder, { recursive: true });
    },
  };
}

function recordOf(start: Start): string {
  const record = {
    _time: new Date(start.time).toISOString(),
    _msg: laurelLine(start),
    job: "audit",
    host: start.host,
    CommandLine: start.argv.join(" "),
    ingested_at: new Date().toISOString(),
  };
  return `${JSON.stringify(record)}\n`;
}

async function post(url: string, body: string): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/stream+json" },
    body,
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
  return text;
}

async function countIn(url: string): Promise<number> {
  const query = new URLSearchParams({ query: '{job="audit"} | stats count() as total' });
  const { total } = JSON.parse(await post(`${url}/select/logsql/query?${query.toString()}`, "")) as {
    total: string;
  };
  return Number(total);
}

async function isUp(url: string): Promise<void> {
  await vi.waitFor(async () => expect((await fetch(`${url}/health`)).ok).toBe(true), PATIENCE_MS);
}

async function freeAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}`;
}

function start(program: string, parameters: readonly string[]): ChildProcess {
  return spawn(program, parameters, { stdio: "ignore" });
}

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
