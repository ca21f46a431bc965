import { resolveSecret } from "../../secrets.js";
import type { Connector } from "../connector/connector.js";
import { RenewableCredentials } from "../http/credentials.js";
import { type HttpOptions, openHttp } from "../http/open.js";
import { DatadogConnector } from "./connector.js";
import type { DatadogSettings } from "./settings.js";

/** Datadog says 403 of a key that it does not know, and of one that may not do what was asked. */
const REFUSALS = [401, 403];

export function openDatadog(name: string, settings: DatadogSettings, options?: HttpOptions): Connector {
  const { apiKey, applicationKey } = settings.auth;
  const http = openHttp(
    name,
    settings,
    (redactor) =>
      new RenewableCredentials(async (signal) => {
        const api = await resolveSecret(apiKey, { signal });
        redactor.add(api);
        const application = await resolveSecret(applicationKey, { signal });
        redactor.add(application);
        return { "dd-api-key": api, "dd-application-key": application };
      }, REFUSALS),
    options,
  );
  return new DatadogConnector(http, settings);
}
