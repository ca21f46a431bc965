import type { Connector } from "../connector/connector.js";
import { basicCredentials, type Credentials, headerCredentials } from "../http/credentials.js";
import { type HttpOptions, openHttp } from "../http/open.js";
import type { Redactor } from "../http/redactor.js";
import { ElasticConnector } from "./connector.js";
import type { ElasticSettings } from "./settings.js";

export function openElastic(name: string, settings: ElasticSettings, options?: HttpOptions): Connector {
  const { auth, kibanaUrl } = settings;
  const credentials = (redactor: Redactor): Credentials =>
    auth.type === "basic"
      ? basicCredentials(auth, redactor)
      : headerCredentials(auth.token, redactor, (token) => ({ authorization: `ApiKey ${token}` }));
  return new ElasticConnector(
    openHttp(name, settings, credentials, options),
    openHttp(name, { ...settings, url: kibanaUrl }, credentials, options),
    settings,
  );
}
