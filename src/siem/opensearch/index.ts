import type { Connector } from "../connector/connector.js";
import type { SiemHttp } from "../http/client.js";
import { basicCredentials, headerCredentials } from "../http/credentials.js";
import { type HttpOptions, openHttp } from "../http/open.js";
import { OpenSearchConnector } from "./connector.js";
import type { OpenSearchSettings } from "./settings.js";

export function openOpenSearch(name: string, settings: OpenSearchSettings, options?: HttpOptions): Connector {
  return new OpenSearchConnector(openSearchDoor(name, settings, options), settings);
}

export function openSearchDoor(name: string, settings: OpenSearchSettings, options?: HttpOptions): SiemHttp {
  const { auth } = settings;
  return openHttp(
    name,
    settings,
    (redactor) =>
      auth.type === "basic"
        ? basicCredentials(auth, redactor)
        : headerCredentials(auth.token, redactor, (token) => ({ authorization: `Bearer ${token}` })),
    options,
  );
}
