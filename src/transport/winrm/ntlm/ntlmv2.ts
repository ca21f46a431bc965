import { type AvPairs, encodeAvPairs } from "./av-pairs.js";
import { hmacMd5, md4 } from "./digests.js";
import { unicode } from "./message-fields.js";

/** Between 1601, where Windows begins to count, and 1970, in milliseconds. */
const EPOCH_MS = 11_644_473_600_000n;

/**
 * ResponseKeyNT: `NTOWFv2` of a user's password (MS-NLMP 3.3.2). Only the user's name is put in upper case, the domain goes in as
 * it is given.
 */
export function responseKey(user: string, domain: string, password: string): Buffer {
  return hmacMd5(md4(unicode(password)), unicode(upperCase(user) + domain));
}

/**
 * Upper case as Windows makes it: each 16-bit unit by itself and of the same length, so that no ß becomes SS, and no letter
 * outside of ASCII becomes one of ASCII.
 */
function upperCase(text: string): string {
  return text.replaceAll(/[^A-Z]/g, (unit) => {
    const upper = unit.toUpperCase();
    const kept = upper.length !== 1 || (unit > "\u007f" && upper <= "\u007f");
    return kept ? unit : upper;
  });
}

/** A time as Windows counts it, in 100 ns since 1601 (FILETIME, MS-DTYP 2.3.3): the value of MsvAvTimestamp. */
export function fileTime(milliseconds: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE((BigInt(milliseconds) + EPOCH_MS) * 10_000n);
  return bytes;
}

export interface ResponseInput {
  readonly key: Buffer;
  /** The server's 8 bytes. */
  readonly serverChallenge: Buffer;
  /** The client's 8 bytes. */
  readonly clientChallenge: Buffer;
  /** FILETIME. */
  readonly time: Buffer;
  readonly targetInfo: AvPairs;
}

/** NtChallengeResponse of NTLMv2 (MS-NLMP 2.2.2.8 and 3.3.2): NTProofStr, then NTLMv2_CLIENT_CHALLENGE (2.2.2.7). */
export function ntlmV2Response(input: ResponseInput): Buffer {
  const clientChallenge = Buffer.concat([
    Buffer.from([1, 1, 0, 0, 0, 0, 0, 0]),
    input.time,
    input.clientChallenge,
    Buffer.alloc(4),
    encodeAvPairs(input.targetInfo),
    Buffer.alloc(4),
  ]);
  return Buffer.concat([proofOf(input.key, input.serverChallenge, clientChallenge), clientChallenge]);
}

/** NTProofStr, 16 bytes (MS-NLMP 3.3.2). */
export function proofOf(key: Buffer, serverChallenge: Buffer, clientChallenge: Buffer): Buffer {
  return hmacMd5(key, serverChallenge, clientChallenge);
}

/** SessionBaseKey, which is NTLMv2's KeyExchangeKey too (MS-NLMP 3.3.2 and 3.4.5.1). */
export function sessionBaseKey(key: Buffer, ntResponse: Buffer): Buffer {
  return hmacMd5(key, ntResponse.subarray(0, 16));
}

/** The message integrity code over all three messages, the third with zeros in its place (MS-NLMP 3.1.5.1.2). */
export function micOf(
  sessionKey: Buffer,
  negotiate: Buffer,
  challenge: Buffer,
  authenticate: Buffer,
): Buffer {
  return hmacMd5(sessionKey, negotiate, challenge, authenticate);
}
