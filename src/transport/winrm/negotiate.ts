import { messageOf, TyrianError } from "../../errors.js";
import type { LaneAuthentication, LaneConnection } from "./authentication.js";
import { packEncrypted, unpackEncrypted } from "./encrypted-body.js";
import { channelBindingOf } from "./ntlm/channel-binding.js";
import { NtlmClient } from "./ntlm/client.js";

const SCHEME = "Negotiate";

/** An account for NTLM. */
export interface NtlmAccount {
  readonly user: string;
  readonly domain: string;
  readonly password: string;
}

/**
 * NTLMv2 on one connection. Without TLS every body is encrypted and signed (MS-WSMV 2.2.9.1); with TLS the proof is bound
 * to the server's certificate, and bodies go as they are.
 */
export function authenticateByNtlm(
  account: NtlmAccount,
  { certificate }: LaneConnection,
): LaneAuthentication {
  const client = new NtlmClient({
    ...account,
    ...(certificate === null ? {} : { channelBinding: channelBindingOf(certificate) }),
  });
  let proved = false;
  return {
    scheme: SCHEME,
    begin: () => Promise.resolve(client.negotiate()),
    proceed: async (token) => {
      if (proved) throw unexpected();
      proved = true;
      return client.authenticate(token);
    },
    proved: () => proved,
    headers: () => ({}),
    wrap: (message) => (certificate === null ? packEncrypted(message, client.seal(message.body)) : message),
    unwrap: (message) => {
      if (certificate !== null) return message;
      const packed = unpackEncrypted(message);
      const body = client.unseal(packed.signature, packed.data);
      if (body.length !== packed.length) {
        throw new TyrianError(
          "answer-forged",
          "The host's answer has not the length that it says of itself.",
        );
      }
      return { contentType: packed.contentType, body };
    },
  };
}

function unexpected(): TyrianError {
  return new TyrianError("auth-failed", "The host asks for more of the authentication than there is.");
}

/** What is used of the package `kerberos`. */
interface KerberosPackage {
  readonly GSS_MECH_OID_SPNEGO: number;
  initializeClient(service: string, options: { readonly mechOID: number }): Promise<KerberosClient>;
}

interface KerberosClient {
  readonly contextComplete: boolean;
  step(challenge: string): Promise<string | null>;
}

/**
 * Kerberos in SPNEGO (RFC 4559), by the package `kerberos` and this machine's Kerberos configuration, with the ticket or keytab that
 * it finds there. Only over TLS: the package's encryption loses the message (mongodb-js/kerberos, pull request 206).
 * @param load imports the package
 * @throws TyrianError `requirement-missing` when the package is absent.
 */
export async function kerberosFor(
  serverName: string,
  target: string,
  load: () => Promise<unknown> = importKerberos,
): Promise<() => LaneAuthentication> {
  const loaded = kerberosIn(await load().catch(() => null));
  if (loaded === null) {
    throw new TyrianError("requirement-missing", `Kerberos for ${target} needs the package \`kerberos\`.`, {
      hint: "Install it beside Tyrian: `npm install kerberos@7` (it builds with libkrb5-dev and g++), or use NTLM.",
    });
  }
  return () => {
    let client: KerberosClient | null = null;
    const step = async (challenge: string): Promise<Buffer | null> => {
      try {
        client ??= await loaded.initializeClient(`HTTP@${serverName}`, {
          mechOID: loaded.GSS_MECH_OID_SPNEGO,
        });
        const token = (await client.step(challenge)) ?? "";
        return token === "" ? null : Buffer.from(token, "base64");
      } catch (thrown) {
        throw new TyrianError(
          "auth-failed",
          `Kerberos for ${target} (HTTP/${serverName}): ${messageOf(thrown)}`,
          {
            hint: "`klist` shows this machine's tickets, `kinit` gets one; the host's principal is HTTP/NAME by the inventory's `serverName`, and clocks may differ by 5 minutes.",
          },
        );
      }
    };
    return {
      scheme: SCHEME,
      begin: () => step(""),
      proceed: async (token) => {
        if (client?.contextComplete === true) throw unexpected();
        return await step(token.toString("base64"));
      },
      // The whole of a ticket is in the first token.
      proved: () => true,
      headers: () => ({}),
      wrap: (message) => message,
      unwrap: (message) => message,
    };
  };
}

/** The package is optional: its name is no part of the program's own imports. */
function importKerberos(): Promise<unknown> {
  const name: string = "kerberos";
  return import(name);
}

function kerberosIn(loaded: unknown): KerberosPackage | null {
  if (typeof loaded !== "object" || loaded === null) return null;
  // A CommonJS package: what it exports may be under `default` only.
  for (const candidate of [loaded, Reflect.get(loaded, "default")] as unknown[]) {
    if (typeof candidate !== "object" || candidate === null) continue;
    if (typeof Reflect.get(candidate, "initializeClient") === "function") return candidate as KerberosPackage;
  }
  return null;
}
