import { siemOver } from "../../../src/siem/connector/port.js";
import type { Connector } from "../../../src/siem/connector/connector.js";
import {
  type ConnectorKindSettings,
  connectorSettingsSchema,
  openConnector,
} from "../../../src/siem/connect.js";
import type { SiemBench } from "../../contract/siem.contract.js";
import { APPLICATION_KEY, DatadogStandIn } from "../../siem-servers/datadog.js";
import { ElasticsearchStandIn, KibanaStandIn } from "../../siem-servers/elastic.js";
import { AlertHistoryStandIn } from "../../siem-servers/alert-history.js";
import { GraylogStandIn } from "../../siem-servers/graylog.js";
import { LokiStandIn } from "../../siem-servers/loki.js";
import { OpenSearchStandIn } from "../../siem-servers/opensearch.js";
import {
  auth as azureAuth,
  AzureStandIn,
  LogAnalyticsStandIn,
  WORKSPACE,
} from "../../siem-servers/sentinel.js";
import { GoogleLoginStandIn, INSTANCE, keyFile, SecOpsStandIn } from "../../siem-servers/secops.js";
import type { SiemStandIn } from "../../siem-servers/stand-in.js";
import { SplunkStandIn } from "../../siem-servers/splunk.js";
import { VictoriaLogsStandIn, VmalertStandIn } from "../../siem-servers/victorialogs.js";
import { WazuhIndexerStandIn, WazuhManagerStandIn } from "../../siem-servers/wazuh.js";
import { World } from "../../siem-servers/world.js";

/** What the stand-ins' alerts tell besides: a kind that tells nothing is absent. */
const told: { readonly [Kind in ConnectorKindSettings["kind"]]?: SiemBench["told"] } = {
  datadog: { entities: { hosts: ["web-1"] }, techniques: ["T1059"] },
  elastic: {
    severity: { text: "medium", levels: ["medium"] },
    entities: { hosts: ["web-1"], users: [] },
    techniques: ["T1059", "T1059.004"],
  },
  graylog: { severity: { text: "2", levels: ["medium"] } },
  opensearch: { severity: { text: "medium", levels: ["medium"] }, techniques: ["T1059.004"] },
  sentinel: { severity: { text: "Medium", levels: ["medium"] }, entities: { hosts: ["web-1"], users: [] } },
  splunk: { severity: { text: "3", levels: ["low", "medium"] } },
  wazuh: {
    severity: { text: "level 7", levels: ["medium"] },
    entities: { hosts: ["web-1"] },
    techniques: ["T1059.004"],
  },
};

/** A connector before a stand-in. */
export interface ConnectorBench extends SiemBench {
  readonly kind: ConnectorKindSettings["kind"];
  readonly connector: Connector;
  readonly world: World;
  readonly standIn: SiemStandIn;
  /** The settings as a configuration file would have them. */
  readonly given: Readonly<Record<string, unknown>>;
  /** The stand-in's token is renewed, and where the secret lies there is the new one. */
  expireToken(): void;
}

export interface BenchOptions {
  /** Over the settings of the bench. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Milliseconds of a question. */
  readonly questionMs?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export const ANALYTIC = "00000000-0000-4000-8000-000000000001";
export const ABSENT = "00000000-0000-4000-8000-00000000000f";
const DISABLED = "00000000-0000-4000-8000-00000000000d";
/** Where the secret lies; the stand-in's token at the moment. */
export const SECRET = "TYRIAN_TEST_SIEM_SECRET";
/** A world with one rule that runs and one that does not. */
function newWorld(): World {
  const world = new World();
  const rule = { enabled: true, intervalMs: 60_000, lookBackMs: 120_000, evaluations: [] };
  world.rules.push(
    { ...rule, name: "rule-echo", title: "echo" },
    { ...rule, name: "rule-off", title: "off", enabled: false },
  );
  return world;
}

const rules = { [ANALYTIC]: "rule-echo", [ABSENT]: "rule-nowhere", [DISABLED]: "rule-off" };

/**
 * Starts the servers of a SIEM and opens its connector; closing the bench ends them.
 * @param settingsOfBench asked when the servers have their addresses
 * @param others servers beside the one that is `url`
 */
async function benchOf(
  world: World,
  standIn: SiemStandIn,
  { settings: over = {}, tls, questionMs = 30_000 }: BenchOptions,
  settingsOfBench: () => Readonly<Record<string, unknown>>,
  others: readonly SiemStandIn[] = [],
): Promise<ConnectorBench> {
  await Promise.all([standIn.start(tls), ...others.map((other) => other.start())]);
  process.env[SECRET] = standIn.token;
  const given = { url: standIn.url, rules, ...settingsOfBench(), ...over };
  const parsed = settingsOf(given);
  const connector = await openConnector("lab-siem", parsed, { pause: () => Promise.resolve() });
  const siem = siemOver(connector, {
    name: "lab-siem",
    settings: parsed,
    format: parsed.telemetry.format,
    questionMs,
  });
  return {
    siem,
    kind: parsed.kind,
    connector,
    world,
    standIn,
    given,
    expireToken: () => {
      standIn.expireToken();
      process.env[SECRET] = standIn.token;
    },
    analytic: ANALYTIC,
    absent: ABSENT,
    // Of notables nothing more is asked.
    told:
      parsed.kind === "splunk" && parsed.alerts === "enterprise-security" ? {} : (told[parsed.kind] ?? {}),
    ship: (...starts) => {
      world.ship(...starts);
      return Promise.resolve();
    },
    fire: (...serials) => {
      for (const document of world.documents.filter(({ serial }) => serials.includes(serial)))
        world.raise("rule-echo", document.ingestedAt + 2_000, document);
      return Promise.resolve();
    },
    close: async () => {
      await siem.close();
      await Promise.all([standIn, ...others].map((server) => server.stop()));
    },
  };
}

export function settingsOf(value: unknown): ConnectorKindSettings {
  return connectorSettingsSchema.parse(value);
}

export interface OpenSearchBench extends ConnectorBench {
  readonly standIn: OpenSearchStandIn;
}

export async function openOpenSearchBench(options: BenchOptions = {}): Promise<OpenSearchBench> {
  const world = newWorld();
  const standIn = new OpenSearchStandIn(world);
  const settings = () => ({
    kind: "opensearch",
    auth: { type: "basic", user: "tyrian", password: `env:${SECRET}` },
    telemetry: { index: "audit-*", format: "laurel" },
  });
  const bench = await benchOf(world, standIn, options, settings);
  return {
    ...bench,
    standIn,
    fire: async (...serials) => {
      await bench.fire(...serials);
      for (const { id } of world.alerts) standIn.triggered.add(id);
    },
  };
}

export interface ElasticBench extends ConnectorBench {
  readonly standIn: ElasticsearchStandIn;
  readonly kibana: KibanaStandIn;
}

export async function openElasticBench(options: BenchOptions = {}): Promise<ElasticBench> {
  const world = newWorld();
  const standIn = new ElasticsearchStandIn(world);
  const kibana = new KibanaStandIn(world, standIn);
  const settings = () => ({
    kind: "elastic",
    kibanaUrl: kibana.url,
    auth: { type: "token", token: `env:${SECRET}` },
    telemetry: { index: "audit-*", format: "laurel" },
  });
  return { ...(await benchOf(world, standIn, options, settings, [kibana])), standIn, kibana };
}

export interface SplunkBench extends ConnectorBench {
  readonly standIn: SplunkStandIn;
}

export async function openSplunkBench(options: BenchOptions = {}): Promise<SplunkBench> {
  const world = newWorld();
  const standIn = new SplunkStandIn(world);
  const settings = () => ({
    kind: "splunk",
    auth: { type: "token", token: `env:${SECRET}` },
    telemetry: { index: "linux", format: "laurel" },
  });
  return { ...(await benchOf(world, standIn, options, settings)), standIn };
}

export interface LokiBench extends ConnectorBench {
  readonly standIn: LokiStandIn;
  readonly history: AlertHistoryStandIn;
}

export async function openLokiBench(options: BenchOptions = {}): Promise<LokiBench> {
  const world = newWorld();
  const standIn = new LokiStandIn(world, "team-a");
  const history = new AlertHistoryStandIn(world, () => `Bearer ${standIn.token}`);
  const settings = () => ({
    kind: "loki",
    historyUrl: history.url,
    tenant: "team-a",
    auth: { type: "token", token: `env:${SECRET}` },
    alertLabels: { event: "ID" },
    telemetry: { selector: '{job="audit"}', format: "laurel" },
  });
  return { ...(await benchOf(world, standIn, options, settings, [history])), standIn, history };
}

export interface VictoriaLogsBench extends ConnectorBench {
  readonly standIn: VictoriaLogsStandIn;
  readonly vmalert: VmalertStandIn;
  readonly history: AlertHistoryStandIn;
}

export async function openVictoriaLogsBench(options: BenchOptions = {}): Promise<VictoriaLogsBench> {
  const world = newWorld();
  const standIn = new VictoriaLogsStandIn(world, ["12", "3"]);
  const expected = () => `Bearer ${standIn.token}`;
  const vmalert = new VmalertStandIn(world, expected);
  const history = new AlertHistoryStandIn(world, expected);
  const settings = () => ({
    kind: "victorialogs",
    vmalertUrl: vmalert.url,
    historyUrl: history.url,
    tenant: "12:3",
    auth: { type: "token", token: `env:${SECRET}` },
    alertLabels: { event: "ID" },
    telemetry: { selector: '{job="audit"}', format: "laurel" },
  });
  const bench = await benchOf(world, standIn, options, settings, [vmalert, history]);
  return {
    ...bench,
    standIn,
    vmalert,
    history,
    fire: async (...serials) => {
      await bench.fire(...serials);
      // The series has the moments for which the rule was evaluated.
      for (const { createdAt } of world.alerts)
        for (let turn = 0; turn < history.evaluations; turn += 1) {
          const startedAt = createdAt + turn * 60_000 + VmalertStandIn.evalDelayMs;
          world.evaluated("rule-echo", startedAt, startedAt + 5);
        }
    },
  };
}

export interface WazuhBench extends ConnectorBench {
  readonly standIn: WazuhIndexerStandIn;
  readonly manager: WazuhManagerStandIn;
}

export async function openWazuhBench(options: BenchOptions = {}): Promise<WazuhBench> {
  const world = newWorld();
  const standIn = new WazuhIndexerStandIn(world);
  const manager = new WazuhManagerStandIn(world, () => standIn.token);
  const password = `env:${SECRET}`;
  const settings = () => ({
    kind: "wazuh",
    managerUrl: manager.url,
    auth: { type: "basic", user: "tyrian", password },
    managerAuth: { type: "basic", user: "tyrian-api", password },
    rules: { [ANALYTIC]: "100100", [ABSENT]: "100999", [DISABLED]: "100101" },
    telemetry: { format: "laurel" },
  });
  const bench = await benchOf(world, standIn, options, settings, [manager]);
  return {
    ...bench,
    standIn,
    manager,
    fire: (...serials) => {
      // An alert has the time of its event's arrival.
      for (const document of world.documents.filter(({ serial }) => serials.includes(serial)))
        world.raise("rule-echo", document.ingestedAt, document);
      return Promise.resolve();
    },
  };
}

export interface GraylogBench extends ConnectorBench {
  readonly standIn: GraylogStandIn;
}

export async function openGraylogBench(options: BenchOptions = {}): Promise<GraylogBench> {
  const world = newWorld();
  const standIn = new GraylogStandIn(world);
  const settings = () => ({
    kind: "graylog",
    auth: { type: "token", token: `env:${SECRET}` },
    telemetry: { format: "laurel" },
  });
  return { ...(await benchOf(world, standIn, options, settings)), standIn };
}

export interface SentinelBench extends ConnectorBench {
  readonly standIn: LogAnalyticsStandIn;
  readonly azure: AzureStandIn;
}

/** A workspace of which the rule has run ten minutes ago. */
export async function openSentinelBench(options: BenchOptions = {}): Promise<SentinelBench> {
  const world = newWorld();
  const standIn = new LogAnalyticsStandIn(world);
  const azure = new AzureStandIn(world, standIn);
  const settings = () => ({
    kind: "sentinel",
    managementUrl: azure.url,
    loginUrl: azure.url,
    workspace: WORKSPACE,
    auth: azureAuth(`env:${SECRET}`),
    telemetry: { table: "LinuxAudit_CL", format: "laurel" },
  });
  const bench = await benchOf(world, standIn, options, settings, [azure]);
  world.evaluated("rule-echo", Date.now() - 61_000, Date.now() - 60_000);
  return {
    ...bench,
    standIn,
    azure,
  };
}

export interface DatadogBench extends ConnectorBench {
  readonly standIn: DatadogStandIn;
}

const APPLICATION_SECRET = "TYRIAN_TEST_DATADOG_APPLICATION_KEY";

export async function openDatadogBench(options: BenchOptions = {}): Promise<DatadogBench> {
  const world = newWorld();
  const standIn = new DatadogStandIn(world);
  process.env[APPLICATION_SECRET] = APPLICATION_KEY;
  const settings = () => ({
    kind: "datadog",
    auth: { type: "keys", apiKey: `env:${SECRET}`, applicationKey: `env:${APPLICATION_SECRET}` },
    signalEvent: "ID",
    telemetry: { query: "source:laurel", format: "laurel" },
  });
  return { ...(await benchOf(world, standIn, options, settings)), standIn };
}

export interface SecOpsBench extends ConnectorBench {
  readonly standIn: SecOpsStandIn;
  readonly login: GoogleLoginStandIn;
}

/** Where the service account's key lies. */
export const KEY_FILE = "TYRIAN_TEST_SECOPS_KEY";

export async function openSecOpsBench(options: BenchOptions = {}): Promise<SecOpsBench> {
  const world = newWorld();
  const standIn = new SecOpsStandIn(world);
  const login = new GoogleLoginStandIn(standIn);
  process.env[KEY_FILE] = keyFile(standIn.token);
  const settings = () => ({
    kind: "google-secops",
    loginUrl: login.url,
    instance: INSTANCE,
    auth: { type: "service-account", key: `env:${KEY_FILE}` },
    telemetry: { logType: "AUDIT_LAUREL", format: "laurel" },
  });
  const bench = await benchOf(world, standIn, options, settings, [login]);
  return {
    ...bench,
    standIn,
    login,
    expireToken: () => {
      standIn.expireToken();
      process.env[KEY_FILE] = keyFile(standIn.token);
    },
  };
}
