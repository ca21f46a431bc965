import type { Connector } from "../connector/connector.js";
import { proxyCredentials } from "../http/credentials.js";
import { type HttpOptions, openHttp } from "../http/open.js";
import { LokiConnector } from "./connector.js";
import type { LokiSettings } from "./settings.js";

export function openLoki(name: string, settings: LokiSettings, options?: HttpOptions): Connector {
  const { auth, historyAuth = auth, historyUrl: url } = settings;
  return new LokiConnector(
    openHttp(name, settings, (redactor) => proxyCredentials(auth, redactor), options),
    openHttp(name, { ...settings, url }, (redactor) => proxyCredentials(historyAuth, redactor), options),
    settings,
  );
}
