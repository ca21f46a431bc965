import { z } from "zod";
import { secretReferenceSchema } from "../../model/target.js";
import { resolveSecret } from "../../secrets.js";
import type { Redactor } from "./redactor.js";

/** Headers that prove to a SIEM who asks. */
export type CredentialHeaders = Readonly<Record<string, string>>;

/** What proves to a SIEM who asks. */
export interface Credentials {
  /** Statuses by which the server refuses them; 401 when absent. */
  readonly refusals?: readonly number[];
  /**
   * The headers of a request.
   * @param refused those that the server has just refused: others are got, if that is possible at all
   * @throws TyrianError `secret-unresolved`, or what the request for a token met
   */
  headers(refused: CredentialHeaders | null): Promise<CredentialHeaders>;
}

export const basicSchema = z.strictObject({
  type: z.literal("basic"),
  user: z.string().regex(/^[^:]+$/, "a user name for Basic holds no colon"),
  password: secretReferenceSchema,
});

export const tokenSchema = z.strictObject({ type: z.literal("token"), token: secretReferenceSchema });

/** Milliseconds that getting credentials may take: a command, or a login. */
const GET_MS = 20_000;

/**
 * Credentials that are got once and used until the server refuses them: a file or a command may have a new token by then, and a
 * login gives another. Requests that need them at the same time get them once.
 */
export class RenewableCredentials implements Credentials {
  #current: { readonly headers: Promise<CredentialHeaders>; known: CredentialHeaders | null } | null = null;

  /**
   * @param get tells the redactor every secret before anything else can fail
   * @param refusals statuses by which the server refuses them
   */
  constructor(
    private readonly get: (signal: AbortSignal) => Promise<CredentialHeaders>,
    readonly refusals: readonly number[] = [401],
  ) {}

  headers(refused: CredentialHeaders | null): Promise<CredentialHeaders> {
    if (this.#current !== null && (refused === null || this.#current.known !== refused))
      return this.#current.headers;
    const current: { headers: Promise<CredentialHeaders>; known: CredentialHeaders | null } = {
      headers: this.get(AbortSignal.timeout(GET_MS)),
      known: null,
    };
    this.#current = current;
    current.headers.then(
      (headers) => (current.known = headers),
      () => {
        if (this.#current === current) this.#current = null;
      },
    );
    return current.headers;
  }
}

/** For servers that ask nobody who they are, and for a login itself. */
export const noCredentials: Credentials = { headers: () => Promise.resolve({}) };

/** What proxies before servers without accounts of their own ask for. */
export const proxyAuthSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("none") }),
  basicSchema,
  /** `Authorization: Bearer`. */
  tokenSchema,
]);

export function proxyCredentials(auth: z.infer<typeof proxyAuthSchema>, redactor: Redactor): Credentials {
  if (auth.type === "none") return noCredentials;
  if (auth.type === "basic") return basicCredentials(auth, redactor);
  return headerCredentials(auth.token, redactor, (token) => ({ authorization: `Bearer ${token}` }));
}

/** `Authorization: Basic`. */
export function basicCredentials(auth: z.infer<typeof basicSchema>, redactor: Redactor): Credentials {
  return new RenewableCredentials(async (signal) => {
    const password = await resolveSecret(auth.password, { signal });
    const encoded = Buffer.from(`${auth.user}:${password}`).toString("base64");
    redactor.add(password, encoded);
    return { authorization: `Basic ${encoded}` };
  });
}

/** A header that holds one secret, such as `Authorization: Bearer`. */
export function headerCredentials(
  reference: string,
  redactor: Redactor,
  header: (secret: string) => CredentialHeaders,
): Credentials {
  return new RenewableCredentials(async (signal) => {
    const secret = await resolveSecret(reference, { signal });
    redactor.add(secret);
    return header(secret);
  });
}
