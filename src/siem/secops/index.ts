import { TyrianError } from "../../errors.js";
import type { Connector } from "../connector/connector.js";
import { SiemHttp } from "../http/client.js";
import { noCredentials } from "../http/credentials.js";
import { type HttpOptions, openHttp } from "../http/open.js";
import { SecOpsConnector } from "./connector.js";
import { serviceAccountToken } from "./login.js";
import type { SecOpsSettings } from "./settings.js";

/** @throws TyrianError `bindings-invalid` for a rule of which Google SecOps does not tell enough */
export function openSecOps(name: string, settings: SecOpsSettings, options: HttpOptions = {}): Connector {
  const curated = Object.values(settings.rules).find((rule) => rule.startsWith("ur_"));
  if (curated !== undefined)
    throw new TyrianError("bindings-invalid", `${name}: the rule ${curated} is a curated rule of Google's`, {
      hint: "Curated rules (ur_...) have no deployment of their own that tells whether they run; bind a rule of yours (ru_...).",
    });
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
