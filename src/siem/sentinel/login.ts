import { z } from "zod";
import { resolveSecret } from "../../secrets.js";
import type { SiemHttp } from "../http/client.js";
import { type Credentials, RenewableCredentials } from "../http/credentials.js";
import type { Redactor } from "../http/redactor.js";
import { pathOf } from "../http/request.js";
import type { SentinelSettings } from "./settings.js";

const tokenSchema = z.object({ access_token: z.string().min(1) });

/** The public cloud's query API takes tokens under its older name (Microsoft Learn, "Access the Azure Monitor Log Analytics API"). */
const olderNames: Readonly<Record<string, string>> = {
  "https://api.loganalytics.azure.com": "https://api.loganalytics.io",
};

/**
 * A token for the API at an address, by the app registration's secret (Microsoft identity platform, "OAuth 2.0 client credentials
 * flow"). It is got again when the API refuses it: it ends after about an hour.
 */
export function tokenFor(
  url: string,
  { tenant, client, secret }: SentinelSettings["auth"],
  door: SiemHttp,
  redactor: Redactor,
): Credentials {
  const { origin } = new URL(url);
  return new RenewableCredentials(async (signal) => {
    const clientSecret = await resolveSecret(secret, { signal });
    redactor.add(clientSecret);
    const { value } = await door.request({
      what: "the token",
      method: "POST",
      path: `${pathOf(tenant)}/oauth2/v2.0/token`,
      body: {
        form: {
          grant_type: "client_credentials",
          client_id: client,
          client_secret: clientSecret,
          scope: `${olderNames[origin] ?? origin}/.default`,
        },
      },
      schema: tokenSchema,
      signal,
    });
    redactor.add(value.access_token);
    return { authorization: `Bearer ${value.access_token}` };
  });
}
