import { createHmac } from "node:crypto";
import { z } from "zod";
import { resolveSecret } from "../../secrets.js";
import { SiemHttp } from "../http/client.js";
import { noCredentials } from "../http/credentials.js";
import type { HttpOptions } from "../http/open.js";
import { Redactor } from "../http/redactor.js";
import type { Announcement } from "./announcement.js";
import type { Place } from "./place.js";
import type { WebhookSettings } from "./settings.js";

/**
 * Any HTTP server that takes JSON, signed as Standard Webhooks 1.0 says: HMAC-SHA256 over the id, the time and the body. A repeated
 * delivery has the id of the first.
 */
export function openWebhook(settings: WebhookSettings, options: HttpOptions = {}): Place {
  const { name, secret } = settings;
  const redactor = new Redactor();
  const http = new SiemHttp({ siem: name, settings, credentials: noCredentials, redactor, ...options });
  return {
    name,
    send: async (announcement, signal) => {
      const key = await resolveSecret(secret, { signal });
      redactor.add(key);
      const text = JSON.stringify(announcement);
      await http.request({
        what: "an announcement",
        method: "POST",
        path: "",
        headers: signatureOf(announcement, text, key),
        body: { text, type: "application/json" },
        format: "text",
        schema: z.string(),
        signal,
      });
    },
    close: () => http.close(),
  };
}

function signatureOf(
  { type, timestamp, data }: Announcement,
  body: string,
  secret: string,
): Record<string, string> {
  const id = `${type}.${data.run}`;
  const seconds = String(Math.floor(Date.parse(timestamp) / 1000));
  const key = secret.startsWith(ENCODED) ? Buffer.from(secret.slice(ENCODED.length), "base64") : secret;
  const signature = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": `v1,${signature}` };
}

/** Before a key in base64. */
const ENCODED = "whsec_";
