import { z } from "zod";
import { resolveSecret } from "../../secrets.js";
import { type Credentials, RenewableCredentials } from "../http/credentials.js";
import type { SiemHttp } from "../http/client.js";
import type { Redactor } from "../http/redactor.js";

const sessionSchema = z.object({ sessionKey: z.string().min(1) });

/** A session that is opened with a user's password (REST API: auth/login), and opened again when it was refused. */
export function loginCredentials(
  auth: { readonly user: string; readonly password: string },
  http: SiemHttp,
  redactor: Redactor,
): Credentials {
  return new RenewableCredentials(async (signal) => {
    const password = await resolveSecret(auth.password, { signal });
    redactor.add(password);
    const { value } = await http.request({
      what: "the login",
      method: "POST",
      path: "/services/auth/login",
      body: { form: { username: auth.user, password, output_mode: "json" } },
      schema: sessionSchema,
      signal,
    });
    redactor.add(value.sessionKey);
    return { authorization: `Splunk ${value.sessionKey}` };
  });
}
