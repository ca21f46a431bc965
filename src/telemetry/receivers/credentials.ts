import { createHash } from "node:crypto";

/** A token and the name under which its use is counted. */
export interface Credential {
  readonly name: string;
  readonly token: string;
}

/**
 * The tokens of a receiver. They are compared by their digests, so that the time of a comparison tells nothing of a token.
 */
export class Credentials {
  readonly #names: ReadonlyMap<string, string>;

  constructor(credentials: readonly Credential[]) {
    this.#names = new Map(credentials.map(({ name, token }) => [digestOf(token), name]));
  }

  /** The name of a token; null when there is no such token. */
  nameOf(token: string): string | null {
    return this.#names.get(digestOf(token)) ?? null;
  }

  /** The name of the token that stands as the password in Basic authentication, or is the whole of another scheme. */
  ofHeader(header: string | undefined, schemes: readonly string[]): string | null {
    const [, scheme = "", value = ""] = /^(\S+) +(\S+) *$/.exec(header ?? "") ?? [];
    if (!schemes.includes(scheme.toLowerCase())) return null;
    const plain = this.nameOf(value);
    if (plain !== null || !["basic", "apikey"].includes(scheme.toLowerCase())) return plain;
    // Base64 of USER:PASSWORD (RFC 7617); an API key of Elasticsearch is ID:KEY in the same form.
    const pair = Buffer.from(value, "base64").toString("utf8");
    const colon = pair.indexOf(":");
    return colon === -1 ? null : this.nameOf(pair.slice(colon + 1));
  }
}

function digestOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
