import { type AvPairs, decodeAvPairs } from "./av-pairs.js";
import { FLAG, hasFlags } from "./flags.js";
import { layOut, malformed, MessageReader, unicode } from "./message-fields.js";

/** The three messages of NTLM, as far as a client writes and reads them (MS-NLMP 2.2.1). */

/**
 * The Version field, which serves debugging only (MS-NLMP 2.2.2.10): product version 0, and the revision of NTLMSSP that all of
 * Windows uses, 15.
 */
const VERSION = Buffer.from([0, 0, 0, 0, 0, 0, 0, 15]);

/** Where each field of a message lies, in bytes from its begin. */
const negotiateLayout = { flags: 12, domain: 16, workstation: 24, version: 32, payload: 40 } as const;
const challengeLayout = { targetName: 12, flags: 20, challenge: 24, targetInfo: 40, payload: 48 } as const;
const authenticateLayout = {
  lmResponse: 12,
  ntResponse: 20,
  domain: 28,
  user: 36,
  workstation: 44,
  sessionKey: 52,
  flags: 60,
  version: 64,
  mic: 72,
  payload: 88,
} as const;

/** NEGOTIATE_MESSAGE (MS-NLMP 2.2.1.1), without the names, which a client that sends its version leaves empty (3.1.5.1.1). */
export function encodeNegotiate(flags: number): Buffer {
  const message = layOut("NEGOTIATE", negotiateLayout.payload, [
    { at: negotiateLayout.domain, name: "DomainName", bytes: Buffer.alloc(0) },
    { at: negotiateLayout.workstation, name: "Workstation", bytes: Buffer.alloc(0) },
  ]);
  message.writeUInt32LE(flags, negotiateLayout.flags);
  VERSION.copy(message, negotiateLayout.version);
  return message;
}

/** What a host says in its CHALLENGE_MESSAGE. */
export interface Challenge {
  readonly flags: number;
  /** 8 bytes. */
  readonly serverChallenge: Buffer;
  /** Null where there is none, as for NTLMv1. */
  readonly targetInfo: AvPairs | null;
}

/**
 * Reads a CHALLENGE_MESSAGE (MS-NLMP 2.2.1.2).
 * @throws TyrianError `transport-failed` for a malformed one.
 */
export function decodeChallenge(message: Buffer): Challenge {
  const reader = new MessageReader(message, "CHALLENGE", challengeLayout.payload);
  const flags = reader.uint32(challengeLayout.flags);
  reader.payload(challengeLayout.targetName, "TargetName");
  const targetInfo = reader.payload(challengeLayout.targetInfo, "TargetInfo");
  if (hasFlags(flags, FLAG.targetInfo) && targetInfo.length === 0) {
    throw malformed("NTLM CHALLENGE_MESSAGE", "its TargetInfo is empty");
  }
  return {
    flags,
    serverChallenge: reader.bytes(challengeLayout.challenge, 8),
    targetInfo: hasFlags(flags, FLAG.targetInfo) ? decodeAvPairs(targetInfo) : null,
  };
}

/** What a client says in its AUTHENTICATE_MESSAGE. */
export interface Authenticate {
  readonly flags: number;
  readonly domain: string;
  readonly user: string;
  readonly workstation: string;
  readonly ntResponse: Buffer;
  readonly encryptedSessionKey: Buffer;
}

/**
 * AUTHENTICATE_MESSAGE (MS-NLMP 2.2.1.3), its message integrity code yet to be written. The LmChallengeResponse is 24 zero bytes,
 * as NTLMv2 with a target's information wants it (3.1.5.1.2).
 * @throws TyrianError `transport-failed` for a field that is too long.
 */
export function encodeAuthenticate(parts: Authenticate): Buffer {
  const at = authenticateLayout;
  const message = layOut("AUTHENTICATE", at.payload, [
    { at: at.domain, name: "DomainName", bytes: unicode(parts.domain) },
    { at: at.user, name: "UserName", bytes: unicode(parts.user) },
    { at: at.workstation, name: "Workstation", bytes: unicode(parts.workstation) },
    { at: at.lmResponse, name: "LmChallengeResponse", bytes: Buffer.alloc(24) },
    { at: at.ntResponse, name: "NtChallengeResponse", bytes: parts.ntResponse },
    { at: at.sessionKey, name: "EncryptedRandomSessionKey", bytes: parts.encryptedSessionKey },
  ]);
  message.writeUInt32LE(parts.flags, at.flags);
  VERSION.copy(message, at.version);
  return message;
}

/** The same AUTHENTICATE_MESSAGE with its message integrity code. */
export function withMic(message: Buffer, mic: Buffer): Buffer {
  const whole = Buffer.from(message);
  mic.copy(whole, authenticateLayout.mic);
  return whole;
}
