import type { ConnectorKindSettings } from "../connect.js";

/** What an account is tried for. */
export type Right = "telemetry" | "alerts" | "rules";

/** What each kind of SIEM calls the right that an account lacks (docs/connectors.md has them with their sources). */
export const rights = {
  datadog: {
    telemetry: "logs_read_data on the application key",
    alerts: "security_monitoring_signals_read on the application key",
    rules: "security_monitoring_rules_read on the application key",
  },
  elastic: {
    telemetry: "the index privilege read on the telemetry's indexes",
    alerts: "the index privilege read on .alerts-security.alerts-*",
    rules: "the Kibana privilege Security: Read, and read on .kibana-event-log-*",
  },
  "google-secops": {
    telemetry: "the role Chronicle API Viewer",
    alerts: "the role Chronicle API Viewer",
    rules: "the role Chronicle API Viewer",
  },
  graylog: {
    telemetry: "read on the streams of the sensor",
    alerts: "read on the event definitions and on the streams of their events",
    rules: "read on the event definitions",
  },
  loki: {
    telemetry: "reading the tenant's logs",
    alerts: "reading the store at historyUrl, and the ruler's rules",
    rules: "reading the ruler's rules (/prometheus/api/v1/rules)",
  },
  opensearch: {
    telemetry: "read on the telemetry's indexes",
    alerts: "the role security_analytics_read_access",
    rules: "the role security_analytics_read_access",
  },
  sentinel: {
    telemetry: "the role Log Analytics Reader on the workspace",
    alerts: "the role Log Analytics Reader on the workspace",
    rules: "the role Microsoft Sentinel Reader on the workspace",
  },
  splunk: {
    telemetry: "the capability search, and the telemetry's index among the role's searchable indexes",
    alerts: "the capability to list fired alerts, or for Enterprise Security the indexes notable and risk",
    rules: "read on the saved search and its jobs (sharing, and permissions of its app)",
  },
  victorialogs: {
    telemetry: "reading the tenant's logs",
    alerts: "reading the store at historyUrl, and vmalert",
    rules: "reading vmalert (/api/v1/rules)",
  },
  wazuh: {
    telemetry: "read on wazuh-archives-* in the indexer",
    alerts: "read on wazuh-alerts-* in the indexer",
    rules: "rules:read in the manager's API",
  },
} as const satisfies Readonly<Record<ConnectorKindSettings["kind"], Readonly<Record<Right, string>>>>;
