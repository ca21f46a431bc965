import type { Connector } from "../connector/connector.js";
import type { SiemHttp } from "../http/client.js";
import { basicCredentials, type Credentials, headerCredentials } from "../http/credentials.js";
import { type HttpOptions, openHttp } from "../http/open.js";
import type { Redactor } from "../http/redactor.js";
import { ElasticConnector } from "./connector.js";
import type { ElasticSettings } from "./settings.js";

export function openElastic(name: string, settings: ElasticSettings, options?: HttpOptions): Connector {
  const { elasticsearch, kibana } = elasticDoors(name, settings, options);
  return new ElasticConnector(elasticsearch, kibana, settings);
}

/** The two servers of Elastic Security. */
export function elasticDoors(
  name: string,
  settings: ElasticSettings,
  options?: HttpOptions,
): { readonly elasticsearch: SiemHttp; readonly kibana: SiemHttp } {
  const { auth, kibanaUrl } = settings;
  const credentials = (redactor: Redactor): Credentials =>
    auth.type === "basic"
      ? basicCredentials(auth, redactor)
      : headerCredentials(auth.token, redactor, (token) => ({ authorization: `ApiKey ${token}` }));
  return {
    elasticsearch: openHttp(name, settings, credentials, options),
    kibana: openHttp(name, { ...settings, url: kibanaUrl }, credentials, options),
  };
}
