import { describe, expect, test } from "vitest";
import { AV } from "../../../../src/transport/winrm/ntlm/av-pairs.js";
import { NtlmClient } from "../../../../src/transport/winrm/ntlm/client.js";
import { encodeChallenge } from "../../../winrm-server/ntlm-messages.js";
import { account, refusal } from "./exchange.js";

/** A challenge that is taken: 56 bytes of header, `HOST` in UTF-16 at 56, and the target information at 64. */
const good = encodeChallenge({
  flags: 0xe28a8235,
  targetName: "HOST",
  serverChallenge: Buffer.alloc(8, 1),
  targetInfo: new Map([[AV.netbiosComputerName, Buffer.from("HOST", "utf16le")]]),
});
const TARGET_NAME = 12;
const TARGET_INFO = 40;

function changed(change: (challenge: Buffer) => void): Buffer {
  const challenge = Buffer.from(good);
  change(challenge);
  return challenge;
}

/** The challenge with other bytes for its target information. */
function withTargetInfo(...bytes: readonly number[]): Buffer {
  const challenge = Buffer.concat([good.subarray(0, 64), Buffer.from(bytes)]);
  challenge.writeUInt16LE(bytes.length, TARGET_INFO);
  return challenge;
}

const authenticate = (challenge: Buffer) => (): Buffer => new NtlmClient(account).authenticate(challenge);

test("the challenge that the others are made of is taken", () => {
  expect(refusal(authenticate(good))).toBe("taken");
});

describe("a malformed challenge is refused, and the message says where", () => {
  test.each([
    ["nothing", Buffer.alloc(0), "it has 0 bytes, and must have 48 or more"],
    ["another signature", changed((it) => it.write("NTLMSSQ")), "it does not begin with NTLMSSP"],
    ["the client's own message", changed((it) => it.writeUInt32LE(1, 8)), "its type is 1, and must be 2"],
    [
      "a name beyond its end",
      changed((it) => it.writeUInt32LE(good.length - 7, TARGET_NAME + 4)),
      "TargetName",
    ],
    ["a name within its header", changed((it) => it.writeUInt32LE(40, TARGET_NAME + 4)), "TargetName"],
    [
      "attributes beyond its end",
      changed((it) => it.writeUInt16LE(17, TARGET_INFO)),
      "TargetInfo (17 bytes at 64)",
    ],
    ["attributes far away", changed((it) => it.writeUInt32LE(0xffff_ffff, TARGET_INFO + 4)), "TargetInfo"],
    [
      "no attributes although it says so",
      changed((it) => it.writeUInt16LE(0, TARGET_INFO)),
      "TargetInfo is empty",
    ],
    ["attributes without an end", withTargetInfo(1, 0, 2, 0, 65, 0), "no end mark"],
    ["half an attribute's header", withTargetInfo(1, 0, 0), "no end mark"],
    [
      "an attribute that is cut",
      withTargetInfo(1, 0, 9, 0, 65, 0, 0, 0, 0, 0),
      "attribute 1 goes beyond its end",
    ],
    ["an attribute twice", withTargetInfo(1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0), "attribute 1 is there twice"],
    ["a time of 2 bytes", withTargetInfo(7, 0, 2, 0, 65, 0, 0, 0, 0, 0), "attribute 7 has 2 bytes"],
    ["flags of 1 byte", withTargetInfo(6, 0, 1, 0, 2, 0, 0, 0, 0), "attribute 6 has 1 bytes"],
    ["an end with a value", withTargetInfo(0, 0, 1, 0, 65), "its end mark has a value"],
  ])("%s", (_, challenge, problem) => {
    expect(refusal(authenticate(challenge))).toBe("transport-failed");
    expect(authenticate(challenge)).toThrow(problem);
  });
});
