import { type AvPairs, encodeAvPairs } from "../../src/transport/winrm/ntlm/av-pairs.js";
import { FLAG, hasFlags } from "../../src/transport/winrm/ntlm/flags.js";
import { layOut, MessageReader, unicode } from "../../src/transport/winrm/ntlm/message-fields.js";

/** The server's halves of the three messages (MS-NLMP 2.2.1); the client's are src/transport/winrm/ntlm/messages.ts. */

/** The flags of a NEGOTIATE_MESSAGE (MS-NLMP 2.2.1.1); its names are looked at only to see that they are within it. */
export function decodeNegotiate(message: Buffer): number {
  const flags = new MessageReader(message, "NEGOTIATE", 32).uint32(12);
  const reader = new MessageReader(message, "NEGOTIATE", hasFlags(flags, FLAG.version) ? 40 : 32);
  reader.payload(16, "DomainName");
  reader.payload(24, "Workstation");
  return flags;
}

/** CHALLENGE_MESSAGE (MS-NLMP 2.2.1.2). */
export function encodeChallenge(parts: {
  flags: number;
  targetName: string;
  serverChallenge: Buffer;
  targetInfo: AvPairs;
}): Buffer {
  const message = layOut("CHALLENGE", 56, [
    { at: 12, name: "TargetName", bytes: unicode(parts.targetName) },
    { at: 40, name: "TargetInfo", bytes: encodeAvPairs(parts.targetInfo) },
  ]);
  message.writeUInt32LE(parts.flags, 20);
  parts.serverChallenge.copy(message, 24);
  message.writeUInt8(15, 55);
  return message;
}

const MIC_AT = 72;
const MIC_LENGTH = 16;

/** AUTHENTICATE_MESSAGE (MS-NLMP 2.2.1.3); version and integrity code are missing in those of old clients. */
export function decodeAuthenticate(message: Buffer) {
  const reader = new MessageReader(message, "AUTHENTICATE", 64);
  return {
    lmResponse: reader.payload(12, "LmChallengeResponse"),
    ntResponse: reader.payload(20, "NtChallengeResponse"),
    domain: reader.payload(28, "DomainName").toString("utf16le"),
    user: reader.payload(36, "UserName").toString("utf16le"),
    workstation: reader.payload(44, "Workstation").toString("utf16le"),
    encryptedSessionKey: reader.payload(52, "EncryptedRandomSessionKey"),
    flags: reader.uint32(60),
    mic: reader.bytes(MIC_AT, MIC_LENGTH),
  };
}

/** The message as it was when its integrity code was made over it. */
export function withoutMic(message: Buffer): Buffer {
  return Buffer.from(message).fill(0, MIC_AT, MIC_AT + MIC_LENGTH);
}
