import { readFile } from "node:fs/promises";
import { messageOf, TyrianError } from "../../errors.js";
import type { SecretReference, WinrmTransport } from "../../model/target.js";
import { authenticateByNtlm, kerberosFor } from "./negotiate.js";

/** An HTTP body as it goes over the wire. */
export interface WireBody {
  readonly contentType: string;
  readonly body: Buffer;
}

/**
 * How one connection proves who we are, and what that does to its bodies. A lane makes a fresh one for each connection and
 * drives it: first the handshake (`begin`, then `proceed` with each token of the server's until that gives null), with
 * requests that have an empty body; then every message has `headers`, and its body passes `wrap`, the answer's `unwrap`.
 */
export interface LaneAuthentication {
  /** The scheme, as a server's `WWW-Authenticate` names it. */
  readonly scheme: string;
  /** The first token of the handshake; null for a scheme that has none. */
  begin(): Promise<Buffer | null>;
  /**
   * What follows on a token of the server's; null when nothing is to be sent any more.
   * @throws TyrianError `auth-failed` for a token that is not what it must be.
   */
  proceed(token: Buffer): Promise<Buffer | null>;
  /** Whether all that the scheme has to prove was sent. */
  proved(): boolean;
  /** Headers of every message. */
  headers(): Readonly<Record<string, string>>;
  /** A message as it is sent: encrypted, or as it is. */
  wrap(message: WireBody): WireBody;
  /**
   * The server's message in clear text.
   * @throws TyrianError `auth-failed` for one that was not encrypted or does not verify where it must be.
   */
  unwrap(message: WireBody): WireBody;
}

/** What an authentication may need to know of the connection that it is made for. */
export interface LaneConnection {
  /** The server's certificate in DER; null without TLS. Channel binding is computed from it (RFC 5929, `tls-server-end-point`). */
  readonly certificate: Buffer | null;
}

/** What the inventory's authentication comes to, its secrets resolved. */
export interface Credentials {
  /** The client's certificate and key in PEM, for the TLS handshake; null when it has none. */
  readonly clientCertificate: {
    readonly cert: string;
    readonly key: string;
    readonly passphrase: string | undefined;
  } | null;
  authenticate(connection: LaneConnection): LaneAuthentication;
}

/** The scheme of a client certificate (DSP0226, C.3.3). */
const CERTIFICATE = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual";

/**
 * Reads what the inventory names for a target's authentication.
 * @throws TyrianError `secret-unresolved`, `auth-failed` (a certificate that cannot be read), `requirement-missing` (Kerberos
 *   without its package).
 */
export async function credentialsOf(
  settings: WinrmTransport,
  target: string,
  resolveSecret: (reference: SecretReference) => Promise<string>,
): Promise<Credentials> {
  const { authentication } = settings;
  const secret = async (reference: SecretReference): Promise<string> => {
    try {
      return await resolveSecret(reference);
    } catch (thrown) {
      if (thrown instanceof TyrianError) throw thrown;
      // Without the cause: what a resolver says may quote what it read.
      throw new TyrianError("secret-unresolved", `The secret ${reference} did not resolve.`);
    }
  };
  switch (authentication.type) {
    case "basic": {
      const password = await secret(authentication.password);
      const words = Buffer.from(`${authentication.user}:${password}`, "utf8").toString("base64");
      return clear("Basic", `Basic ${words}`, null);
    }
    case "certificate": {
      const read = (file: string): Promise<string> => readPem(file, target);
      return clear(CERTIFICATE, CERTIFICATE, {
        cert: await read(authentication.certificateFile),
        key: await read(authentication.keyFile),
        passphrase:
          authentication.passphrase === undefined ? undefined : await secret(authentication.passphrase),
      });
    }
    case "ntlm": {
      const { user, domain } = authentication;
      const account = { user, domain, password: await secret(authentication.password) };
      return {
        clientCertificate: null,
        authenticate: (connection) => authenticateByNtlm(account, connection),
      };
    }
    case "kerberos":
      return {
        clientCertificate: null,
        authenticate: await kerberosFor(settings.serverName ?? settings.host, target),
      };
  }
}

/** A scheme without a handshake, whose bodies go as they are. */
function clear(
  scheme: string,
  authorization: string,
  clientCertificate: Credentials["clientCertificate"],
): Credentials {
  const authentication: LaneAuthentication = {
    scheme,
    begin: () => Promise.resolve(null),
    proceed: () => Promise.resolve(null),
    proved: () => true,
    headers: () => ({ Authorization: authorization }),
    wrap: (message) => message,
    unwrap: (message) => message,
  };
  return { clientCertificate, authenticate: () => authentication };
}

async function readPem(file: string, target: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (thrown) {
    throw new TyrianError(
      "auth-failed",
      `The file ${file} for ${target} cannot be read: ${messageOf(thrown)}.`,
    );
  }
}
