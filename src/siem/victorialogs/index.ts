import type { Connector } from "../connector/connector.js";
import { proxyCredentials } from "../http/credentials.js";
import { type HttpOptions, openHttp } from "../http/open.js";
import type { Redactor } from "../http/redactor.js";
import { VictoriaLogsConnector } from "./connector.js";
import type { VictoriaLogsSettings } from "./settings.js";

export function openVictoriaLogs(
  name: string,
  settings: VictoriaLogsSettings,
  options?: HttpOptions,
): Connector {
  const { auth, historyAuth = auth, vmalertUrl, historyUrl } = settings;
  const own = (redactor: Redactor) => proxyCredentials(auth, redactor);
  return new VictoriaLogsConnector(
    openHttp(name, settings, own, options),
    openHttp(name, { ...settings, url: vmalertUrl }, own, options),
    openHttp(
      name,
      { ...settings, url: historyUrl },
      (redactor) => proxyCredentials(historyAuth, redactor),
      options,
    ),
    settings,
  );
}
