import { describe, expect, test } from "vitest";
import { AV } from "../../../../src/transport/winrm/ntlm/av-pairs.js";
import { channelBindingOfHash } from "../../../../src/transport/winrm/ntlm/channel-binding.js";
import { md4 } from "../../../../src/transport/winrm/ntlm/digests.js";
import { decodeChallenge } from "../../../../src/transport/winrm/ntlm/messages.js";
import { ntlmV2Response, responseKey, sessionBaseKey } from "../../../../src/transport/winrm/ntlm/ntlmv2.js";
import { Rc4 } from "../../../../src/transport/winrm/ntlm/rc4.js";
import { SessionSecurity } from "../../../../src/transport/winrm/ntlm/session-security.js";
import { decodeAuthenticate } from "../../../winrm-server/ntlm-messages.js";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ""), "hex");

describe("MS-NLMP 4.2: the values of the specification", () => {
  // 4.2.1, Common Values
  const user = "User";
  const domain = "Domain";
  const password = "Password";
  const serverChallenge = hex("0123456789abcdef");
  const clientChallenge = hex("aaaaaaaaaaaaaaaa");
  const time = hex("0000000000000000");
  const randomSessionKey = hex("55".repeat(16));
  // 4.2.4.3, Messages
  const challengeMessage = hex(`
    4e544c4d53535000 02000000 0c000c0038000000 33828ae2 0123456789abcdef 0000000000000000 2400240044000000 060070170000000f
    530065007200760065007200
    02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000`);
  const authenticateMessage = hex(`
    4e544c4d53535000 03000000 180018006c000000 5400540084000000 0c000c0048000000 0800080054000000 100010005c000000
    10001000d8000000 358288e2 0501280a0000000f
    44006f006d00610069006e00 5500730065007200 43004f004d0050005500540045005200
    86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa
    68cd0ab851e51c96aabc927bebef6a1c 0101000000000000 0000000000000000 aaaaaaaaaaaaaaaa 00000000
    02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000 00000000
    c5dad2544fc9799094ce1ce90bc9d03e`);

  const key = responseKey(user, domain, password);
  const challenge = decodeChallenge(challengeMessage);
  const targetInfo = challenge.targetInfo ?? new Map<number, Buffer>();
  const response = ntlmV2Response({ key, serverChallenge, clientChallenge, time, targetInfo });

  test("4.2.4.1.1, NTOWFv2", () => {
    expect(key).toEqual(hex("0c868a403bfd7a93a3001ef22ef02e3f"));
  });

  test("4.2.4.1.2, the session base key", () => {
    expect(sessionBaseKey(key, response)).toEqual(hex("8de40ccadbc14a82f15cb0ad0de95ca3"));
  });

  test("4.2.4.2.2, the NTLMv2 response: the proof, and what it proves", () => {
    expect(response.subarray(0, 16)).toEqual(hex("68cd0ab851e51c96aabc927bebef6a1c"));
    expect(response).toEqual(decodeAuthenticate(authenticateMessage).ntResponse);
  });

  test("4.2.4.2.3, the encrypted session key", () => {
    const encrypted = new Rc4(sessionBaseKey(key, response)).apply(randomSessionKey);
    expect(encrypted).toEqual(hex("c5dad2544fc9799094ce1ce90bc9d03e"));
  });

  test("4.2.4.3, the messages are read as they are meant", () => {
    expect(challenge.flags).toBe(0xe28a8233);
    expect(challenge.serverChallenge).toEqual(serverChallenge);
    expect(challenge.targetInfo).toEqual(
      new Map([
        [AV.netbiosDomainName, Buffer.from("Domain", "utf16le")],
        [AV.netbiosComputerName, Buffer.from("Server", "utf16le")],
      ]),
    );
    expect(decodeAuthenticate(authenticateMessage)).toMatchObject({
      user,
      domain,
      workstation: "COMPUTER",
      flags: 0xe2888235,
      encryptedSessionKey: hex("c5dad2544fc9799094ce1ce90bc9d03e"),
    });
  });

  test("4.2.4.4, GSS_WrapEx: SIGNKEY, SEALKEY, SEAL and MAC", () => {
    const sealed = new SessionSecurity(randomSessionKey, "client").seal(Buffer.from("Plaintext", "utf16le"));
    expect(sealed.data).toEqual(hex("54e50165bf1936dc996020c1811b0f06fb5f"));
    expect(sealed.signature).toEqual(hex("01000000 7fb38ec5c55d4976 00000000"));
  });
});

describe("the primitives", () => {
  test.each([
    ["", "31d6cfe0d16ae931b73c59d7e0c089c0"],
    ["abc", "a448017aaf21d8525fc10ae87aa6729d"],
    [
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
      "e33b4ddc9c38f2199c3e7b164fcc0536",
    ],
  ])("MD4 of %j (RFC 1320, A.5)", (text, digest) => {
    expect(md4(Buffer.from(text))).toEqual(hex(digest));
  });

  test("RC4 of 16 zero bytes under a key of 128 bits, in two parts (RFC 6229, 2)", () => {
    const cipher = new Rc4(hex("0102030405060708090a0b0c0d0e0f10"));
    expect(Buffer.concat([cipher.apply(Buffer.alloc(5)), cipher.apply(Buffer.alloc(11))])).toEqual(
      hex("9ac7cc9a609d1ef7b2932899cde41b97"),
    );
  });

  test("a user's name is put in upper case letter by letter, as Windows does, and its domain is not", () => {
    const of = (user: string, domain = "D"): string => responseKey(user, domain, "p").toString("hex");
    expect(of("jürgen.żak")).toBe(of("JÜRGEN.ŻAK"));
    expect(of("straße")).not.toBe(of("strasse"));
    expect(of("straße")).toBe(of("STRAßE"));
    expect(of("ŉ")).not.toBe(of("ʼN"));
    expect(of("ıſ")).not.toBe(of("IS"));
    expect(of("user", "d")).not.toBe(of("user", "D"));
  });

  test("the channel binding of a certificate's hash, as requests-ntlm's tests have it", () => {
    const hash = hex("e3ca49271e5089cc48ce82109f1324f41dbeddc29a777410c738f7868c4ff405");
    expect(channelBindingOfHash(hash)).toEqual(hex("6ea19df066da4622051f9c4f92c6df74"));
  });
});
