import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import {
  AV,
  AV_FLAG_MIC,
  avFlags,
  avFlagsOf,
  decodeAvPairs,
} from "../../../../src/transport/winrm/ntlm/av-pairs.js";
import { NtlmClient } from "../../../../src/transport/winrm/ntlm/client.js";
import { FLAG } from "../../../../src/transport/winrm/ntlm/flags.js";
import { fileTime } from "../../../../src/transport/winrm/ntlm/ntlmv2.js";
import { decodeAuthenticate, encodeChallenge } from "../../../winrm-server/ntlm-messages.js";
import { account, exchange, refusal } from "./exchange.js";

const FLAGS_AT = 20;
const everyFlag = 0xe28a8235;
const channel = Buffer.alloc(16, 7);

function challengeWith(parts: Partial<Parameters<typeof encodeChallenge>[0]>): Buffer {
  return encodeChallenge({
    flags: everyFlag,
    targetName: "HOST",
    serverChallenge: Buffer.alloc(8, 1),
    targetInfo: new Map([[AV.timestamp, fileTime(0)]]),
    ...parts,
  });
}

/** What the client answers to a challenge, and the attributes that its proof covers. */
function answerTo(challenge: Buffer, credentials = {}) {
  const answer = decodeAuthenticate(new NtlmClient({ ...account, ...credentials }).authenticate(challenge));
  return { ...answer, attributes: decodeAvPairs(answer.ntResponse.subarray(44)) };
}

describe("an exchange with the stand-in's acceptor", () => {
  test("the server knows who the client is, and both exchange sealed messages", () => {
    const { client, server, accepted } = exchange();
    expect(accepted).toEqual({ user: "lab", domain: "LABDOM" });
    const request = client.seal(Buffer.from("<s:Envelope/>"));
    expect(request.signature).toHaveLength(16);
    expect(request.data.toString()).not.toContain("Envelope");
    expect(server.unseal(request.signature, request.data).toString()).toBe("<s:Envelope/>");
    const answer = server.seal(Buffer.from("<s:Envelope>réponse</s:Envelope>"));
    expect(client.unseal(answer.signature, answer.data).toString()).toBe("<s:Envelope>réponse</s:Envelope>");
  });

  test.each([
    ["another password", { password: "pa55w0rd!" }],
    ["another user", { user: "labs" }],
    ["another domain", { domain: "OTHER" }],
  ])("%s is refused", (_, credentials) => {
    expect(refusal(() => exchange({ credentials }))).toBe("refused");
  });

  test("letters beyond ASCII, and an empty domain, prove themselves", () => {
    const local = { user: "Jürgen", domain: "", password: "Пароль€🔑" };
    const { accepted } = exchange({
      credentials: local,
      acceptor: { accounts: [{ ...local, user: "JÜRGEN" }] },
    });
    expect(accepted).toEqual({ user: "Jürgen", domain: "" });
  });

  test("a server that demands the TLS channel takes the right one only", () => {
    const bound = { channelBinding: channel };
    expect(refusal(() => exchange({ credentials: bound, acceptor: bound }))).toBe("taken");
    expect(refusal(() => exchange({ acceptor: bound }))).toBe("refused");
    const other = { channelBinding: Buffer.alloc(16, 8) };
    expect(refusal(() => exchange({ credentials: other, acceptor: bound }))).toBe("refused");
  });
});

describe("what a challenge must grant", () => {
  test.each([
    ["Unicode", FLAG.unicode],
    ["target information", FLAG.targetInfo],
    ["extended session security", FLAG.extendedSessionSecurity],
    ["message integrity", FLAG.sign],
    ["message confidentiality", FLAG.seal],
    ["128-bit encryption", FLAG.key128],
    ["key exchange", FLAG.keyExchange],
  ])("without %s no answer is given", (name, flag) => {
    const act = (): Buffer =>
      new NtlmClient(account).authenticate(challengeWith({ flags: (everyFlag & ~flag) >>> 0 }));
    expect(refusal(act)).toBe("auth-failed");
    expect(act).toThrow(name);
  });

  test("the NTLMv1 challenge of MS-NLMP 4.2.2.3 is refused", () => {
    const challenge = Buffer.from(
      "4e544c4d53535000020000000c000c003800000033820282 0123456789abcdef 00000000000000000000000000000000060070170000000f530065007200760065007200".replaceAll(
        " ",
        "",
      ),
      "hex",
    );
    expect(challenge.readUInt32LE(FLAGS_AT) & FLAG.targetInfo).toBe(0);
    expect(refusal(() => new NtlmClient(account).authenticate(challenge))).toBe("auth-failed");
  });
});

describe("what the answer holds", () => {
  test("the server's time and attributes go into the proof, with the announcement of the integrity code", () => {
    const time = fileTime(Date.UTC(2001, 1, 3));
    const name = Buffer.from("HOST", "utf16le");
    const targetInfo = new Map([
      [AV.netbiosComputerName, name],
      [AV.timestamp, time],
      [AV.flags, avFlags(1)],
    ]);
    const { ntResponse, attributes } = answerTo(challengeWith({ targetInfo }));
    expect(ntResponse.subarray(24, 32)).toEqual(time);
    expect(attributes.get(AV.netbiosComputerName)).toEqual(name);
    expect(avFlagsOf(attributes)).toBe(1 | AV_FLAG_MIC);
    expect(attributes.has(AV.channelBindings)).toBe(false);
  });

  test("a challenge without a time is answered with ours", () => {
    const before = Date.now();
    const { ntResponse } = answerTo(challengeWith({ targetInfo: new Map() }));
    const ours = Number(ntResponse.readBigUInt64LE(24) / 10_000n) - 11_644_473_600_000;
    expect(ours).toBeGreaterThanOrEqual(before);
    expect(ours).toBeLessThanOrEqual(Date.now());
  });

  test("a server cannot choose the channel that we are bound to", () => {
    const targetInfo = new Map([[AV.channelBindings, Buffer.alloc(16, 9)]]);
    expect(answerTo(challengeWith({ targetInfo })).attributes.has(AV.channelBindings)).toBe(false);
    const bound = answerTo(challengeWith({ targetInfo }), { channelBinding: channel });
    expect(bound.attributes.get(AV.channelBindings)).toEqual(channel);
  });

  test("no response of LAN Manager is sent, and no flag beyond those offered and granted", () => {
    const answer = answerTo(challengeWith({ flags: 0xffffffff }));
    expect(answer.lmResponse).toEqual(Buffer.alloc(24));
    expect(answer.flags & FLAG.targetTypeServer).toBe(0);
    expect(answer.flags & 0x80).toBe(0);
    expect(answer.workstation).toBe("");
  });

  test("no two answers are alike", () => {
    const challenge = challengeWith({});
    const [one, other] = [answerTo(challenge), answerTo(challenge)];
    expect(one.ntResponse).not.toEqual(other.ntResponse);
    expect(one.encryptedSessionKey).not.toEqual(other.encryptedSessionKey);
  });

  test("attributes too long to be answered are refused with a code", () => {
    const targetInfo = new Map([[AV.netbiosComputerName, Buffer.alloc(65_500)]]);
    expect(refusal(() => answerTo(challengeWith({ targetInfo })))).toBe("transport-failed");
  });
});

describe("the client's life", () => {
  test("it authenticates once, and seals nothing before", () => {
    const client = new NtlmClient(account);
    expect(refusal(() => client.seal(Buffer.from("early")))).toBe("internal");
    client.authenticate(challengeWith({}));
    expect(refusal(() => client.authenticate(challengeWith({})))).toBe("internal");
  });

  test("a password is in no printed form of it, nor in what it throws", () => {
    const client = new NtlmClient(account);
    expect(inspect(client, { depth: 9, showHidden: true })).not.toContain(account.password);
    expect(JSON.stringify(client)).toBe("{}");
    expect(() => client.authenticate(Buffer.alloc(0))).toThrow(/^(?!.*Pa55w0rd)/s);
  });
});
