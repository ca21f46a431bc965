import { randomBytes } from "node:crypto";
import { TyrianError } from "../../../errors.js";
import { AV, AV_FLAG_MIC, avFlags, avFlagsOf, type AvPairs } from "./av-pairs.js";
import { FLAG, flagsOf, hasFlags } from "./flags.js";
import { type Challenge, decodeChallenge, encodeAuthenticate, encodeNegotiate, withMic } from "./messages.js";
import { fileTime, micOf, ntlmV2Response, responseKey, sessionBaseKey } from "./ntlmv2.js";
import { Rc4 } from "./rc4.js";
import { type Sealed, SessionSecurity } from "./session-security.js";

/** Who authenticates, to a host that is reached over one connection. */
export interface NtlmCredentials {
  /** The account's name, or `name@domain` with an empty `domain`. */
  readonly user: string;
  /** The NetBIOS or DNS name of its domain; empty for an account of the host itself. */
  readonly domain: string;
  readonly password: string;
  /** What the host logs as the name of this machine; empty by default. */
  readonly workstation?: string | undefined;
  /** Over TLS: what `channelBindingOf` says of the server's certificate. */
  readonly channelBinding?: Buffer | undefined;
}

/** What a challenge must grant, each with the name that Windows has for it (MS-NLMP 2.2.2.5). */
const required: readonly (readonly [flag: number, name: string])[] = [
  [FLAG.unicode, "Unicode"],
  [FLAG.targetInfo, "target information, without which there is no NTLMv2"],
  [FLAG.extendedSessionSecurity, "extended session security"],
  [FLAG.sign, "message integrity"],
  [FLAG.seal, "message confidentiality"],
  [FLAG.key128, "128-bit encryption"],
  [FLAG.keyExchange, "key exchange"],
];

/** What the client offers. 56-bit keys are among it because Windows' clients offer them beside those of 128 bits; they are never used. */
const offered = flagsOf(
  ...required.map(([flag]) => flag),
  FLAG.requestTarget,
  FLAG.ntlm,
  FLAG.alwaysSign,
  FLAG.version,
  FLAG.key56,
);

/**
 * The client's half of one NTLMv2 exchange with message encryption (MS-NLMP 3.1.5.1), and then of the security context that it
 * sets up. One object serves one connection: `negotiate`, `authenticate` once, then `seal` and `unseal` for as long as the
 * connection lasts.
 *
 * The tokens are sent as they are, not wrapped in SPNEGO. RFC 4559 and MS-N2HT speak of SPNEGO tokens under `Negotiate`, but Windows
 * takes plain NTLM ones as well (as MS-NTHT 1 has them under `NTLM`), and its own WinRM client sends them so to a host outside of a
 * domain: https://social.msdn.microsoft.com/Forums/en-US/b39ca542-dae0-4ac9-aa7b-5305e37274f5 shows its traffic. pywinrm does too.
 *
 * The server's clock is used where the challenge tells it, as Windows always does, so that a skew of clocks does no harm. The
 * server's name (MsvAvTargetName) is not sent: WinRM binds by the channel (MS-WSMV 2.2.4.34, CbtHardeningLevel).
 */
export class NtlmClient {
  readonly #negotiate = encodeNegotiate(offered);
  #credentials: NtlmCredentials | null;
  #security: SessionSecurity | null = null;

  constructor(credentials: NtlmCredentials) {
    this.#credentials = credentials;
  }

  /** The first token, NEGOTIATE_MESSAGE; sent as `Authorization: Negotiate BASE64` (MS-NLMP 3.1.5.1.1). */
  negotiate(): Buffer {
    return Buffer.from(this.#negotiate);
  }

  /**
   * The second token, AUTHENTICATE_MESSAGE, in answer to the CHALLENGE_MESSAGE that the host sent as `WWW-Authenticate: Negotiate
   * BASE64` (MS-NLMP 3.1.5.1.2). It is always NTLMv2, and always has a message integrity code: whoever changed one of the three
   * messages on the way is found out by the server.
   * @throws TyrianError `transport-failed` for a malformed challenge, `auth-failed` for one that grants less than NTLMv2 with
   * 128-bit message encryption.
   */
  authenticate(challenge: Buffer): Buffer {
    const credentials = this.#credentials;
    if (credentials === null) throw new TyrianError("internal", "An NtlmClient authenticates once.");
    this.#credentials = null;
    const decoded = decodeChallenge(challenge);
    const given = grantedTarget(decoded);
    const key = responseKey(credentials.user, credentials.domain, credentials.password);
    const ntResponse = ntlmV2Response({
      key,
      serverChallenge: decoded.serverChallenge,
      clientChallenge: randomBytes(8),
      time: given.get(AV.timestamp) ?? fileTime(Date.now()),
      targetInfo: targetInfoOf(given, credentials.channelBinding),
    });
    const sessionKey = randomBytes(16);
    const message = encodeAuthenticate({
      flags: (decoded.flags & offered) >>> 0,
      domain: credentials.domain,
      user: credentials.user,
      workstation: credentials.workstation ?? "",
      ntResponse,
      encryptedSessionKey: new Rc4(sessionBaseKey(key, ntResponse)).apply(sessionKey),
    });
    this.#security = new SessionSecurity(sessionKey, "client");
    return withMic(message, micOf(sessionKey, this.#negotiate, challenge, message));
  }

  /**
   * Encrypts and signs the next message to the host. Messages must be sent in the order in which they were sealed.
   * @throws TyrianError `answer-forged` once an answer was refused.
   */
  seal(plain: Buffer): Sealed {
    return this.#established().seal(plain);
  }

  /**
   * Decrypts and verifies the next message of the host.
   * @throws TyrianError `answer-forged` for an answer that is not the host's next one, as it sealed it; the context is dead then.
   */
  unseal(signature: Buffer, data: Buffer): Buffer {
    return this.#established().unseal(signature, data);
  }

  #established(): SessionSecurity {
    if (this.#security === null)
      throw new TyrianError("internal", "The NtlmClient has not yet authenticated.");
    return this.#security;
  }
}

/** The target information of a challenge that grants all that is required. */
function grantedTarget({ flags, targetInfo }: Challenge): AvPairs {
  const missing = required.filter(([flag]) => !hasFlags(flags, flag)).map(([, name]) => name);
  if (targetInfo !== null && missing.length === 0) return targetInfo;
  throw new TyrianError(
    "auth-failed",
    `The host's NTLM challenge does not grant ${missing.join(", ")}: no password is proved to a host that asks for less than NTLMv2 with 128-bit message encryption.`,
    {
      hint: "Every Windows since Vista grants it. Is the host the one that you mean, and does nothing stand between? Otherwise use Kerberos or a certificate over HTTPS.",
    },
  );
}

/** The attributes that go into the proof: the server's own, with what the client adds to them (MS-NLMP 3.1.5.1.2). */
function targetInfoOf(given: AvPairs, channelBinding: Buffer | undefined): AvPairs {
  const pairs = new Map(given);
  pairs.set(AV.flags, avFlags(avFlagsOf(given) | AV_FLAG_MIC));
  pairs.delete(AV.channelBindings);
  if (channelBinding !== undefined) pairs.set(AV.channelBindings, channelBinding);
  return pairs;
}
