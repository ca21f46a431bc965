import type { Connector } from "../connector/connector.js";
import { SiemHttp } from "../http/client.js";
import { basicCredentials, noCredentials } from "../http/credentials.js";
import { type HttpOptions, openHttp } from "../http/open.js";
import { WazuhConnector } from "./connector.js";
import { managerToken } from "./manager.js";
import type { WazuhSettings } from "./settings.js";

export function openWazuh(name: string, settings: WazuhSettings, options: HttpOptions = {}): Connector {
  const others: SiemHttp[] = [];
  const managerSettings = { ...settings, url: settings.managerUrl };
  const indexer = openHttp(name, settings, (redactor) => basicCredentials(settings.auth, redactor), options);
  const manager = openHttp(
    name,
    managerSettings,
    (redactor) => {
      const door = new SiemHttp({
        siem: name,
        settings: managerSettings,
        credentials: noCredentials,
        redactor,
        ...options,
      });
      others.push(door);
      return managerToken(settings, door, redactor);
    },
    options,
  );
  return new WazuhConnector(indexer, manager, settings, others);
}
