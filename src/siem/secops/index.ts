import type { Connector } from "../connector/connector.js";
import { SiemHttp } from "../http/client.js";
import { noCredentials } from "../http/credentials.js";
import { type HttpOptions, openHttp } from "../http/open.js";
import { SecOpsConnector } from "./connector.js";
import { serviceAccountToken } from "./login.js";
import type { SecOpsSettings } from "./settings.js";

export function openSecOps(name: string, settings: SecOpsSettings, options: HttpOptions = {}): Connector {
  const doors: SiemHttp[] = [];
  const base = settings.loginUrl.replace(/\/+$/, "");
  const http = openHttp(
    name,
    settings,
    (redactor) => {
      const door = new SiemHttp({
        siem: name,
        settings: { ...settings, url: base },
        credentials: noCredentials,
        redactor,
        ...options,
      });
      doors.push(door);
      return serviceAccountToken(settings.auth.key, `${base}/token`, door, redactor);
    },
    options,
  );
  return new SecOpsConnector(http, settings, doors);
}
