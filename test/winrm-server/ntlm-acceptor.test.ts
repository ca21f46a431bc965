import { expect, test } from "vitest";
import { FLAG } from "../../src/transport/winrm/ntlm/flags.js";
import {
  decodeChallenge,
  encodeAuthenticate,
  encodeNegotiate,
} from "../../src/transport/winrm/ntlm/messages.js";
import { fileTime, ntlmV2Response, responseKey } from "../../src/transport/winrm/ntlm/ntlmv2.js";
import { NtlmAcceptor, type NtlmAcceptorOptions } from "./ntlm-acceptor.js";

/**
 * What our own client never does: clients without message encryption or integrity code, and those that ask for too much. The rest of
 * the acceptor is tested with our client in test/transport/winrm/ntlm, and with others in test/peers/ntlm.
 */
const account = { user: "lab", password: "Pa55w0rd!" };
const acceptor = (options: Partial<NtlmAcceptorOptions> = {}): NtlmAcceptor =>
  new NtlmAcceptor({ accounts: [account], targetName: "LABHOST", ...options });

const plain = FLAG.unicode | FLAG.ntlm | FLAG.targetInfo;
const strong = FLAG.extendedSessionSecurity | FLAG.key128 | FLAG.keyExchange;

/** What an old client answers, which knows no integrity code: the right proof, and whatever else is said. */
function answerTo(
  challenge: Buffer,
  flags: number,
  parts: Partial<Parameters<typeof encodeAuthenticate>[0]> = {},
) {
  const { serverChallenge, targetInfo } = decodeChallenge(challenge);
  return encodeAuthenticate({
    flags: flags >>> 0,
    domain: "",
    user: account.user,
    workstation: "",
    ntResponse: ntlmV2Response({
      key: responseKey(account.user, "", account.password),
      serverChallenge,
      clientChallenge: Buffer.alloc(8, 1),
      time: fileTime(0),
      targetInfo: targetInfo ?? new Map<number, Buffer>(),
    }),
    encryptedSessionKey: Buffer.alloc(16),
    ...parts,
  });
}

/** An exchange with such a client. */
function accept(asked: number, used: number, parts: Parameters<typeof answerTo>[2] = {}) {
  const server = acceptor();
  const accepted = server.accept(answerTo(server.challenge(encodeNegotiate(asked >>> 0)), used, parts));
  return { server, accepted };
}

test("a client without integrity code and message encryption is taken, and nothing is sealed for it", () => {
  const { server, accepted } = accept(plain, plain);
  expect(accepted).toEqual({ user: "lab", domain: "" });
  expect(() => server.seal(Buffer.from("one"))).toThrow("refused: no message encryption was negotiated");
});

test("message encryption that was not asked for first is refused", () => {
  expect(() => accept(plain | strong, plain | strong | FLAG.seal)).toThrow(
    "refused: the client uses what was not granted",
  );
});

test.each([
  ["extended session security", FLAG.extendedSessionSecurity],
  ["128-bit keys", FLAG.key128],
  ["key exchange", FLAG.keyExchange],
])("message encryption without %s is refused", (_, flag) => {
  const flags = (plain | strong | FLAG.seal) & ~flag;
  expect(() => accept(flags, flags)).toThrow("refused: message encryption is too weak");
});

test("a session key of another length is refused", () => {
  const flags = plain | strong | FLAG.seal;
  expect(() => accept(flags, flags, { encryptedSessionKey: Buffer.alloc(8) })).toThrow("has not 16 bytes");
});

test("the response of NTLMv1, of 24 bytes, is refused", () => {
  expect(() => accept(plain, plain, { ntResponse: Buffer.alloc(24, 1) })).toThrow(
    "refused: the response is not NTLMv2's",
  );
});

test("a challenge is answered once, and an answer needs one", () => {
  const server = acceptor();
  const answer = answerTo(server.challenge(encodeNegotiate(plain)), plain);
  server.accept(answer);
  expect(() => server.accept(answer)).toThrow("refused: there is no challenge to answer");
});

test("an answer to another challenge is refused", () => {
  const answer = answerTo(acceptor().challenge(encodeNegotiate(plain)), plain);
  const server = acceptor();
  server.challenge(encodeNegotiate(plain));
  expect(() => server.accept(answer)).toThrow("refused: the password of lab is wrong");
});
