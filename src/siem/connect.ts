import { z } from "zod";
import type { QueryLanguage } from "../detection/convert/index.js";
import type { Connector } from "./connector/connector.js";
import type { OnDemandQuery } from "./connector/on-demand.js";
import { siemOver } from "./connector/port.js";
import { datadogSettingsSchema } from "./datadog/settings.js";
import { elasticSettingsSchema } from "./elastic/settings.js";
import type { SensorProbe } from "./embedded/index.js";
import { graylogSettingsSchema } from "./graylog/settings.js";
import type { HttpOptions } from "./http/open.js";
import { lokiSettingsSchema } from "./loki/settings.js";
import { openSearchSettingsSchema } from "./opensearch/settings.js";
import { secOpsSettingsSchema } from "./secops/settings.js";
import { sentinelSettingsSchema } from "./sentinel/settings.js";
import { splunkSettingsSchema } from "./splunk/settings.js";
import { remoteSiemSettingsSchema } from "./embedded-remote/settings.js";
import type { Siem } from "./siem.js";
import { victoriaLogsSettingsSchema } from "./victorialogs/settings.js";
import { wazuhSettingsSchema } from "./wazuh/settings.js";

/** A SIEM that a connector speaks to in its own language. Each kind is a folder beside this file. */
export const connectorSettingsSchema = z.discriminatedUnion("kind", [
  datadogSettingsSchema,
  elasticSettingsSchema,
  graylogSettingsSchema,
  lokiSettingsSchema,
  openSearchSettingsSchema,
  secOpsSettingsSchema,
  sentinelSettingsSchema,
  splunkSettingsSchema,
  victoriaLogsSettingsSchema,
  wazuhSettingsSchema,
]);
export type ConnectorKindSettings = z.infer<typeof connectorSettingsSchema>;

/** One SIEM of the configuration (`siems:`); an embedded one that is served elsewhere speaks the port's own language. */
export const siemSettingsSchema = z.discriminatedUnion("kind", [
  ...connectorSettingsSchema.options,
  remoteSiemSettingsSchema,
]);
export type SiemSettings = z.infer<typeof siemSettingsSchema>;

/**
 * The language in which each kind is asked what a Sigma rule asks; it is one of its connector's. Null where Sigma rules are not
 * converted to the kind's language.
 */
export const rulesLanguage = {
  datadog: null,
  elastic: "lucene",
  graylog: "lucene",
  "google-secops": "udm-search",
  loki: "logql",
  opensearch: "lucene",
  sentinel: "kql",
  splunk: "spl",
  victorialogs: "logsql",
  wazuh: "lucene",
} as const satisfies Readonly<Record<ConnectorKindSettings["kind"], QueryLanguage | null>>;

/** Where the queries that are made of Sigma rules look, in languages that must be told; undefined in others. */
export function rulesSource(settings: ConnectorKindSettings): string | undefined {
  switch (settings.kind) {
    case "splunk":
      return settings.telemetry.index;
    case "loki":
      return `${settings.telemetry.selector} | ${settings.telemetry.parser}`;
    case "sentinel":
      return settings.telemetry.table;
    default:
      return undefined;
  }
}

/** A connector of the kind that the settings name. Nothing is asked yet; whoever opens it closes it. */
export async function openConnector(
  name: string,
  settings: ConnectorKindSettings,
  options?: HttpOptions,
): Promise<Connector> {
  switch (settings.kind) {
    case "datadog":
      return (await import("./datadog/index.js")).openDatadog(name, settings, options);
    case "elastic":
      return (await import("./elastic/index.js")).openElastic(name, settings, options);
    case "graylog":
      return (await import("./graylog/index.js")).openGraylog(name, settings, options);
    case "google-secops":
      return (await import("./secops/index.js")).openSecOps(name, settings, options);
    case "loki":
      return (await import("./loki/index.js")).openLoki(name, settings, options);
    case "opensearch":
      return (await import("./opensearch/index.js")).openOpenSearch(name, settings, options);
    case "sentinel":
      return (await import("./sentinel/index.js")).openSentinel(name, settings, options);
    case "splunk":
      return (await import("./splunk/index.js")).openSplunk(name, settings, options);
    case "victorialogs":
      return (await import("./victorialogs/index.js")).openVictoriaLogs(name, settings, options);
    case "wazuh":
      return (await import("./wazuh/index.js")).openWazuh(name, settings, options);
  }
}

/**
 * The port to a SIEM of the configuration. It is asked first, about a host that nobody has, so that wrong credentials, addresses,
 * certificates and indexes are told before anything is done on a host.
 * @param onDemand the queries of analytics that no rule is bound to, by analytic id
 * @param probe asks the sensors of the run's lab what they lost: a served embedded SIEM counts only what it misses itself
 * @param fingerprints of the analytics' texts by id (`ruleFingerprint`), for a served embedded SIEM, which tells those of its own
 * @throws TyrianError `siem-...`, `secret-unresolved`
 */
export async function connectSiem(
  name: string,
  settings: SiemSettings,
  onDemand: ReadonlyMap<string, OnDemandQuery> = new Map(),
  probe?: SensorProbe,
  fingerprints?: ReadonlyMap<string, string>,
): Promise<Siem> {
  if (settings.kind === "tyrian") {
    const { openRemoteSiem } = await import("./embedded-remote/index.js");
    return await openRemoteSiem(name, settings, probe, undefined, fingerprints);
  }
  const connector = await openConnector(name, settings);
  try {
    const signal = AbortSignal.timeout(FIRST_ANSWER_MS);
    const { now } = await connector.clock(signal);
    const nothing = { from: now, to: now };
    await Promise.all([
      connector.documents({ host: NOBODY, ...nothing }, signal),
      connector.alerts({ rules: [], hosts: [NOBODY], ...nothing }, signal),
    ]);
    const slowestAlertMs = (await connector.slowestAlertMs?.(signal)) ?? 0;
    const { format } = settings.telemetry;
    return siemOver(connector, { name, settings, format, slowestAlertMs, onDemand });
  } catch (thrown) {
    await connector.close();
    throw thrown;
  }
}

/** No host has a name that begins so. */
const NOBODY = "-tyrian-asks-about-nobody-";
/** Milliseconds that a SIEM has to answer at all. */
const FIRST_ANSWER_MS = 20_000;
