import type { Connector } from "../connector/connector.js";
import { SiemHttp } from "../http/client.js";
import { noCredentials } from "../http/credentials.js";
import { type HttpOptions, openHttp } from "../http/open.js";
import { SentinelConnector } from "./connector.js";
import { tokenFor } from "./login.js";
import type { SentinelSettings } from "./settings.js";

export function openSentinel(name: string, settings: SentinelSettings, options: HttpOptions = {}): Connector {
  const doors: SiemHttp[] = [];
  const open = (url: string): SiemHttp =>
    openHttp(
      name,
      { ...settings, url },
      (redactor) => {
        const door = new SiemHttp({
          siem: name,
          settings: { ...settings, url: settings.loginUrl },
          credentials: noCredentials,
          redactor,
          ...options,
        });
        doors.push(door);
        return tokenFor(url, settings.auth, door, redactor);
      },
      options,
    );
  return new SentinelConnector(open(settings.url), open(settings.managementUrl), settings, doors);
}
