import { randomBytes, timingSafeEqual } from "node:crypto";
import {
  AV,
  AV_FLAG_MIC,
  avFlagsOf,
  type AvPairs,
  decodeAvPairs,
} from "../../src/transport/winrm/ntlm/av-pairs.js";
import { FLAG, flagsOf, hasFlags } from "../../src/transport/winrm/ntlm/flags.js";
import { unicode } from "../../src/transport/winrm/ntlm/message-fields.js";
import {
  fileTime,
  micOf,
  proofOf,
  responseKey,
  sessionBaseKey,
} from "../../src/transport/winrm/ntlm/ntlmv2.js";
import { Rc4 } from "../../src/transport/winrm/ntlm/rc4.js";
import { type Sealed, SessionSecurity } from "../../src/transport/winrm/ntlm/session-security.js";
import { decodeAuthenticate, decodeNegotiate, encodeChallenge, withoutMic } from "./ntlm-messages.js";

interface Account {
  readonly user: string;
  /** Without it, whatever domain the client names is taken. */
  readonly domain?: string | undefined;
  readonly password: string;
}

export interface NtlmAcceptorOptions {
  readonly accounts: readonly Account[];
  /** The server's NetBIOS name. */
  readonly targetName: string;
  /** When given, a client must prove that it sees the same TLS channel. */
  readonly channelBinding?: Buffer | undefined;
}

/** What a server grants when it is asked for it; everything else is answered with its absence. */
const negotiable = flagsOf(
  FLAG.requestTarget,
  FLAG.sign,
  FLAG.seal,
  FLAG.alwaysSign,
  FLAG.extendedSessionSecurity,
  FLAG.version,
  FLAG.key128,
  FLAG.keyExchange,
  FLAG.key56,
);
const always = flagsOf(FLAG.unicode, FLAG.ntlm, FLAG.targetInfo, FLAG.targetTypeServer);
/** What session security needs here; a client that asks for message encryption with less is refused. */
const strong = flagsOf(FLAG.extendedSessionSecurity, FLAG.key128, FLAG.keyExchange);
/** What session security depends on; the other flags of an AUTHENTICATE_MESSAGE say nothing that matters. */
const ofSession = flagsOf(strong, FLAG.sign, FLAG.seal);

/** Bytes of NTLMv2_CLIENT_CHALLENGE before its attributes (MS-NLMP 2.2.2.7). */
const BEFORE_ATTRIBUTES = 28;
const PROOF = 16;
/** NtChallengeResponse of NTLMv1 has 24 bytes (MS-NLMP 2.2.2.6); one of NTLMv2 has more. */
const NTLMV1_RESPONSE = 24;

/**
 * A stand-in for the server's half of NTLMv2 (MS-NLMP 3.2.5.1), for the stand-in WS-Man server. It serves one connection. What it
 * refuses it refuses with an Error that says why; a malformed message is a TyrianError of the codec.
 */
export class NtlmAcceptor {
  readonly #options: NtlmAcceptorOptions;
  #pending: { negotiate: Buffer; challenge: Buffer; serverChallenge: Buffer; flags: number } | null = null;
  #security: SessionSecurity | null = null;

  constructor(options: NtlmAcceptorOptions) {
    this.#options = options;
  }

  /** CHALLENGE_MESSAGE in answer to NEGOTIATE_MESSAGE (MS-NLMP 3.2.5.1.1). */
  challenge(negotiate: Buffer): Buffer {
    const asked = decodeNegotiate(negotiate);
    const flags = flagsOf(asked & negotiable, always, oemOf(asked));
    const serverChallenge = randomBytes(8);
    const name = unicode(this.#options.targetName);
    const dnsName = unicode(this.#options.targetName.toLowerCase());
    const challenge = encodeChallenge({
      flags,
      targetName: this.#options.targetName,
      serverChallenge,
      targetInfo: new Map([
        [AV.netbiosDomainName, name],
        [AV.netbiosComputerName, name],
        [AV.dnsDomainName, dnsName],
        [AV.dnsComputerName, dnsName],
        [AV.timestamp, fileTime(Date.now())],
      ]),
    });
    this.#pending = {
      negotiate: Buffer.from(negotiate),
      challenge: Buffer.from(challenge),
      serverChallenge,
      flags,
    };
    return challenge;
  }

  /**
   * Verifies an AUTHENTICATE_MESSAGE (MS-NLMP 3.2.5.1.2): the proof of the password; that it asks for no more than was granted; the
   * integrity code, which a client announces in its attributes; the channel binding, when one is demanded.
   */
  accept(authenticate: Buffer): { user: string; domain: string } {
    const pending = this.#pending;
    if (pending === null) throw new Error("refused: there is no challenge to answer");
    this.#pending = null;
    const client = decodeAuthenticate(authenticate);
    if (client.ntResponse.length <= NTLMV1_RESPONSE) throw new Error("refused: the response is not NTLMv2's");
    const key = this.#keyOf(client.user, client.domain);
    const clientChallenge = client.ntResponse.subarray(PROOF);
    if (
      !equal(client.ntResponse.subarray(0, PROOF), proofOf(key, pending.serverChallenge, clientChallenge))
    ) {
      throw new Error(`refused: the password of ${client.user} is wrong`);
    }
    if (!hasFlags(pending.flags, (client.flags & ofSession) >>> 0)) {
      throw new Error("refused: the client uses what was not granted");
    }
    const attributes = decodeAvPairs(clientChallenge.subarray(BEFORE_ATTRIBUTES));
    const sessionKey = sessionKeyOf(sessionBaseKey(key, client.ntResponse), client);
    if (hasFlags(avFlagsOf(attributes), AV_FLAG_MIC)) {
      const mic = micOf(sessionKey, pending.negotiate, pending.challenge, withoutMic(authenticate));
      if (!equal(client.mic, mic)) throw new Error("refused: the integrity code is wrong");
    }
    this.#verifyChannel(attributes);
    this.#security = securityOf(sessionKey, client.flags);
    return { user: client.user, domain: client.domain };
  }

  /** Encrypts and signs the next message to the client. */
  seal(plain: Buffer): Sealed {
    return this.#established().seal(plain);
  }

  /** Decrypts and verifies the next message of the client. */
  unseal(signature: Buffer, data: Buffer): Buffer {
    return this.#established().unseal(signature, data);
  }

  #established(): SessionSecurity {
    if (this.#security === null) throw new Error("refused: no message encryption was negotiated");
    return this.#security;
  }

  #keyOf(user: string, domain: string): Buffer {
    const account = this.#options.accounts.find(
      (one) => sameName(one.user, user) && sameName(one.domain ?? domain, domain),
    );
    if (account === undefined) throw new Error(`refused: there is no account ${domain}\\${user}`);
    return responseKey(user, domain, account.password);
  }

  #verifyChannel(attributes: AvPairs): void {
    const demanded = this.#options.channelBinding;
    if (demanded === undefined) return;
    const given = attributes.get(AV.channelBindings);
    if (given === undefined) throw new Error("refused: the client does not bind to the TLS channel");
    if (!equal(given, demanded)) throw new Error("refused: the client is bound to another TLS channel");
  }
}

/**
 * python-ntlm-auth asks for OEM characters only, although it reads Unicode, and takes their flag away from the answer without
 * looking whether it is there. gss-ntlmssp, which asks for both, refuses both.
 */
function oemOf(asked: number): number {
  return hasFlags(asked, FLAG.unicode) ? 0 : asked & FLAG.oem;
}

/** ExportedSessionKey (MS-NLMP 3.2.5.1.2). */
function sessionKeyOf(baseKey: Buffer, client: { flags: number; encryptedSessionKey: Buffer }): Buffer {
  if (!hasFlags(client.flags, FLAG.keyExchange)) return baseKey;
  if (client.encryptedSessionKey.length !== 16) throw new Error("refused: the session key has not 16 bytes");
  return new Rc4(baseKey).apply(client.encryptedSessionKey);
}

/** Null for a client that wants no message encryption. */
function securityOf(sessionKey: Buffer, flags: number): SessionSecurity | null {
  if (!hasFlags(flags, FLAG.seal)) return null;
  if (!hasFlags(flags, strong)) throw new Error("refused: message encryption is too weak");
  return new SessionSecurity(sessionKey, "server");
}

function sameName(one: string, other: string): boolean {
  return one.toUpperCase() === other.toUpperCase();
}

function equal(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
