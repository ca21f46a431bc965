import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { channelBindingOf } from "./channel-binding.js";
import type { Sealing } from "./encryption.js";
import { NtlmAcceptor } from "./ntlm-acceptor.js";

/** An account of the stand-in. */
export interface Account {
  readonly user: string;
  readonly password: string;
  /** For NTLM; without it any domain is taken. */
  readonly domain?: string;
  /** The user principal name that a client certificate has to carry for this account. */
  readonly principal?: string;
}

/** Which ways to log on there are, and how strictly; the defaults of Windows are Negotiate alone, and relaxed. */
export interface AuthenticationSettings {
  readonly basic: boolean;
  readonly negotiate: boolean;
  readonly certificate: boolean;
  /** CbtHardeningLevel (MS-WSMV 2.2.4.34): strict refuses a client of HTTPS that does not bind to the TLS channel. */
  readonly channelBinding: "relaxed" | "strict";
}

export type Scheme = "Basic" | "Negotiate" | "Certificate";

export type Outcome =
  | {
      readonly type: "accepted";
      readonly user: string;
      readonly scheme: Scheme;
      readonly sealing: Sealing | null;
    }
  /** 401 with what the client has to answer. */
  | { readonly type: "challenge"; readonly token: string }
  | { readonly type: "refused"; readonly why: string };

const mutual = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual";
/** The NetBIOS name of the stand-in. */
const targetName = "STANDIN";
const refused = (why: string): Outcome => ({ type: "refused", why });

/** The authentication of one connection: what Negotiate has established holds for all requests on it. */
export class Authentication {
  #acceptor: NtlmAcceptor | null = null;
  #established: (Outcome & { type: "accepted" }) | null = null;

  constructor(
    readonly accounts: readonly Account[],
    readonly settings: AuthenticationSettings,
    readonly socket: Socket,
  ) {}

  authenticate({ headers }: IncomingMessage): Outcome {
    const { authorization } = headers;
    if (authorization === undefined) return this.#established ?? refused("no authorization");
    const [, scheme = "", token = ""] = /^(\S+)(?: +(\S+))?$/.exec(authorization) ?? [];
    if (this.settings.basic && /^basic$/i.test(scheme)) return this.#basic(token);
    if (this.settings.negotiate && /^negotiate$/i.test(scheme)) return this.#negotiate(token);
    if (this.settings.certificate && scheme === mutual) return this.#certificate();
    return refused(`the scheme ${scheme} is not allowed`);
  }

  /** The `WWW-Authenticate` headers of a refusal. */
  offers(): string[] {
    return [
      ...(this.settings.negotiate ? ["Negotiate"] : []),
      ...(this.settings.basic ? ['Basic realm="WSMAN"'] : []),
    ];
  }

  forget(): void {
    this.#acceptor = null;
    this.#established = null;
  }

  #basic(token: string): Outcome {
    const text = Buffer.from(token, "base64").toString();
    const colon = text.indexOf(":");
    const account = this.accounts.find(({ user }) => sameName(user, text.slice(0, colon)));
    if (account === undefined || account.password !== text.slice(colon + 1)) return refused("wrong password");
    return { type: "accepted", user: account.user, scheme: "Basic", sealing: null };
  }

  /** Tokens are those of NTLM, without SPNEGO around them: requests-ntlm and go-ntlmssp send them so, and Windows takes both. */
  #negotiate(token: string): Outcome {
    const message = Buffer.from(token, "base64");
    if (message.subarray(0, 8).toString("latin1") !== "NTLMSSP\0") return refused("no message of NTLM");
    const acceptor = this.#acceptor;
    try {
      if (acceptor === null || message.readUInt32LE(8) === 1) {
        this.forget();
        this.#acceptor = this.#newAcceptor();
        return {
          type: "challenge",
          token: `Negotiate ${this.#acceptor.challenge(message).toString("base64")}`,
        };
      }
      const { user } = acceptor.accept(message);
      this.#acceptor = null;
      this.#established = {
        type: "accepted",
        user: this.#nameOf(user),
        scheme: "Negotiate",
        sealing: acceptor,
      };
      return this.#established;
    } catch (error) {
      this.forget();
      return refused(error instanceof Error ? error.message : String(error));
    }
  }

  #newAcceptor(): NtlmAcceptor {
    const { socket } = this;
    const strict = this.settings.channelBinding === "strict" && socket instanceof TLSSocket;
    return new NtlmAcceptor({
      // An account of the host itself: go-ntlmssp then names the host as its domain.
      accounts: this.accounts.flatMap((account) => [account, { ...account, domain: targetName }]),
      targetName,
      channelBinding: strict ? channelBindingOf(socket.getCertificate()) : undefined,
    });
  }

  /** The certificate has been verified by TLS; Windows maps it to an account by the principal name in it. */
  #certificate(): Outcome {
    const { socket } = this;
    if (!(socket instanceof TLSSocket) || !socket.authorized)
      return refused("no certificate that is trusted");
    const names = socket.getPeerCertificate().subjectaltname ?? "";
    const account = this.accounts.find(
      ({ principal }) => principal !== undefined && names.split(", ").includes(`othername:UPN:${principal}`),
    );
    if (account === undefined) return refused(`no account is mapped to ${names}`);
    return { type: "accepted", user: account.user, scheme: "Certificate", sealing: null };
  }

  #nameOf(user: string): string {
    return this.accounts.find((account) => sameName(account.user, user))?.user ?? user;
  }
}

function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
