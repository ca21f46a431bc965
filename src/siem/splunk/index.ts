import type { Connector } from "../connector/connector.js";
import { SiemHttp } from "../http/client.js";
import { headerCredentials, noCredentials } from "../http/credentials.js";
import { type HttpOptions, openHttp } from "../http/open.js";
import { SplunkConnector } from "./connector.js";
import { loginCredentials } from "./login.js";
import type { SplunkSettings } from "./settings.js";

export function openSplunk(name: string, settings: SplunkSettings, options: HttpOptions = {}): Connector {
  const { http, others } = splunkDoors(name, settings, options);
  return new SplunkConnector(http, settings, others);
}

/** The management port, and the ways to it that open sessions. */
export function splunkDoors(
  name: string,
  settings: SplunkSettings,
  options: HttpOptions,
): { readonly http: SiemHttp; readonly others: readonly SiemHttp[] } {
  const { auth } = settings;
  const others: SiemHttp[] = [];
  const http = openHttp(
    name,
    settings,
    (redactor) => {
      if (auth.type === "token")
        return headerCredentials(auth.token, redactor, (token) => ({ authorization: `Bearer ${token}` }));
      const door = new SiemHttp({ siem: name, settings, credentials: noCredentials, redactor, ...options });
      others.push(door);
      return loginCredentials(auth, door, redactor);
    },
    options,
  );
  return { http, others };
}
