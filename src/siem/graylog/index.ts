import type { Connector } from "../connector/connector.js";
import { basicCredentials, headerCredentials } from "../http/credentials.js";
import { type HttpOptions, openHttp } from "../http/open.js";
import { GraylogConnector } from "./connector.js";
import type { GraylogSettings } from "./settings.js";

export function openGraylog(name: string, settings: GraylogSettings, options?: HttpOptions): Connector {
  const { auth } = settings;
  const http = openHttp(
    name,
    settings,
    (redactor) =>
      auth.type === "basic"
        ? basicCredentials(auth, redactor)
        : headerCredentials(auth.token, redactor, (token) => {
            // The token is the user, and the password is the word `token`.
            const encoded = Buffer.from(`${token}:token`).toString("base64");
            redactor.add(encoded);
            return { authorization: `Basic ${encoded}` };
          }),
    options,
  );
  return new GraylogConnector(http, settings);
}
