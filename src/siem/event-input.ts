import type { ConnectorKindSettings } from "./connect.js";
import type { HttpOptions } from "./http/open.js";

/** An event as a SIEM is given one. */
export interface SentEvent {
  /** The same for the same event: where a SIEM tells repeated events apart by it, the event is there once. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** One sentence, for people. */
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The way by which a SIEM takes events at the address that it is asked at. */
export interface EventInput {
  /** Resolves when the SIEM says that it has the event. @throws TyrianError `siem-...`, `secret-unresolved` */
  send(event: SentEvent, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/**
 * The event input of a SIEM.
 * @param index where the SIEM keeps it
 * @returns null for a kind to which nothing is sent: most take events at other addresses only
 */
export async function openEventInput(
  name: string,
  settings: ConnectorKindSettings,
  index: string,
  options?: HttpOptions,
): Promise<EventInput | null> {
  switch (settings.kind) {
    case "elastic":
      return (await import("./elastic/event-input.js")).openElasticInput(name, settings, index, options);
    case "opensearch":
      return (await import("./opensearch/event-input.js")).openOpenSearchInput(
        name,
        settings,
        index,
        options,
      );
    case "splunk":
      return (await import("./splunk/event-input.js")).openSplunkInput(name, settings, index, options);
    case "datadog":
    case "google-secops":
    case "graylog":
    case "loki":
    case "sentinel":
    case "victorialogs":
    case "wazuh":
      return null;
  }
}
