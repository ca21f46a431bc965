import type { Connector } from "../connector/connector.js";
import { basicCredentials, headerCredentials } from "../http/credentials.js";
import { openHttp } from "../http/open.js";
import { OpenSearchConnector } from "./connector.js";
import type { OpenSearchSettings } from "./settings.js";

export function openOpenSearch(name: string, settings: OpenSearchSettings): Connector {
  const { auth } = settings;
  const http = openHttp(name, settings, (redactor) =>
    auth.type === "basic"
      ? basicCredentials(auth, redactor)
      : headerCredentials(auth.token, redactor, (token) => ({ authorization: `Bearer ${token}` })),
  );
  return new OpenSearchConnector(http, settings);
}
