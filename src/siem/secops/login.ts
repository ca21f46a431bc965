import { sign } from "node:crypto";
import { z } from "zod";
import { resolveSecret } from "../../secrets.js";
import type { SiemHttp } from "../http/client.js";
import { type Credentials, RenewableCredentials } from "../http/credentials.js";
import type { Redactor } from "../http/redactor.js";

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
/** Seconds that an assertion is good for; Google allows an hour. */
const ASSERTION_S = 600;

const keySchema = z.object({
  client_email: z.string().min(1),
  private_key_id: z.string().min(1),
  private_key: z.string().min(1),
});
type ServiceAccountKey = z.infer<typeof keySchema>;

const tokenSchema = z.object({ access_token: z.string().min(1) });
const refusedSchema = z.object({ error: z.string(), error_description: z.string().default("") });

/**
 * A token by a service account's key (Google Identity, "Using OAuth 2.0 for server to server applications"). It is got again when the API
 * refuses it: it ends after an hour.
 * @param audience the address that gives tokens
 */
export function serviceAccountToken(
  reference: string,
  audience: string,
  door: SiemHttp,
  redactor: Redactor,
): Credentials {
  return new RenewableCredentials(async (signal) => {
    const key = keyOf(await resolveSecret(reference, { signal }));
    if (key === null)
      throw door.error(
        "siem-auth-failed",
        "the token: the secret of `auth.key` is no key of a service account",
      );
    redactor.add(key.private_key);
    const assertion = assertionOf(key, audience);
    if (assertion === null)
      throw door.error("siem-auth-failed", "the token: the service account's private key cannot be read");
    redactor.add(assertion);
    const { value } = await door.request({
      what: "the token",
      method: "POST",
      path: "/token",
      body: { form: { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion } },
      // How Google refuses an account or a key.
      accept: [400, 401],
      schema: z.union([tokenSchema, refusedSchema]),
      signal,
    });
    if ("error" in value)
      throw door.error("siem-auth-failed", `the token: ${value.error}: ${value.error_description}`);
    redactor.add(value.access_token);
    return { authorization: `Bearer ${value.access_token}` };
  });
}

function keyOf(text: string): ServiceAccountKey | null {
  try {
    return keySchema.parse(JSON.parse(text));
  } catch {
    // What is wrong with it may quote it.
    return null;
  }
}

/** A JSON Web Token, signed with RS256 (RFC 7519, RFC 7518 3.3); null when the key is none. */
function assertionOf(key: ServiceAccountKey, audience: string): string | null {
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: "RS256", typ: "JWT", kid: key.private_key_id };
  const claims = { iss: key.client_email, scope: SCOPE, aud: audience, iat: now, exp: now + ASSERTION_S };
  const encoded = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  try {
    const signature = sign("RSA-SHA256", Buffer.from(encoded.join(".")), key.private_key);
    return [...encoded, signature.toString("base64url")].join(".");
  } catch {
    return null;
  }
}
