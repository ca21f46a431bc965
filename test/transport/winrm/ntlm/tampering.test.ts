import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NtlmClient } from "../../../../src/transport/winrm/ntlm/client.js";
import { NtlmAcceptor } from "../../../winrm-server/ntlm-acceptor.js";
import { account, exchange, flipped, type OnTheWay, refusal } from "./exchange.js";

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const messages = ["negotiate", "challenge", "authenticate"] as const;
const acceptor = (): NtlmAcceptor => new NtlmAcceptor({ accounts: [account], targetName: "LABHOST" });

/** How each of the three messages is read by the side that it is sent to. */
const readers: Record<(typeof messages)[number], OnTheWay> = {
  negotiate: (message) => acceptor().challenge(message),
  challenge: (message) => new NtlmClient(account).authenticate(message),
  authenticate: (message) => {
    const server = acceptor();
    server.challenge(new NtlmClient(account).negotiate());
    server.accept(message);
    return message;
  },
};

/** One message of each kind, as it is sent. */
function recorded(): Record<(typeof messages)[number], Buffer> {
  const sent: Partial<Record<(typeof messages)[number], Buffer>> = {};
  const keep =
    (name: (typeof messages)[number]): OnTheWay =>
    (message) =>
      (sent[name] = message);
  exchange({
    negotiate: keep("negotiate"),
    challenge: keep("challenge"),
    authenticate: keep("authenticate"),
  });
  return sent as Record<(typeof messages)[number], Buffer>;
}

describe("the three messages", () => {
  test.each(messages)("every single changed bit of %s ends the exchange", (name) => {
    const bits = recorded()[name].length * 8;
    const taken = Array.from({ length: bits }, (_, bit) => bit).filter(
      (bit) => refusal(() => exchange({ [name]: (message: Buffer) => flipped(message, bit) })) === "taken",
    );
    expect(taken).toEqual([]);
  });

  test.each(messages)("every beginning of %s is refused with a code", (name) => {
    const whole = recorded()[name];
    const outcomes = new Set<string>();
    for (let length = 0; length < whole.length; length++) {
      outcomes.add(refusal(() => readers[name](whole.subarray(0, length))));
    }
    expect(outcomes).toEqual(new Set(["transport-failed"]));
  });

  test.each(messages)(
    "%s with any bytes written over it is taken or refused, and never crashes its reader",
    (name) => {
      const whole = recorded()[name];
      fc.assert(
        fc.property(fc.nat(whole.length - 1), bytes, (at, patch) => {
          const message = Buffer.from(whole);
          patch.copy(message, at);
          refusal(() => readers[name](message));
        }),
        { numRuns: 2_000 },
      );
    },
  );

  test.each(messages)("any bytes in the place of %s are refused with a code", (name) => {
    fc.assert(fc.property(bytes, (message) => refusal(() => readers[name](message)) === "transport-failed"));
  });
});

describe("sealed messages", () => {
  const sender = fc.constantFrom("client" as const, "server" as const);
  const other = { client: "server", server: "client" } as const;

  test("messages of any content, either way and in any turn, arrive as they were sent", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ from: sender, plain: bytes }), { maxLength: 30 }), (turns) => {
        const sides = exchange();
        for (const { from, plain } of turns) {
          const { signature, data } = sides[from].seal(plain);
          expect(sides[other[from]].unseal(signature, data)).toEqual(plain);
        }
      }),
    );
  });

  test("the messages of each direction are numbered from 0 (MS-NLMP 3.4.4.2)", () => {
    const { client, server } = exchange();
    const numbers = [client, client, server, client, server].map((side) =>
      side.seal(Buffer.from("one")).signature.readUInt32LE(12),
    );
    expect(numbers).toEqual([0, 1, 0, 2, 1]);
  });

  test("any changed bit of signature or data is refused, and the context is dead from then on", () => {
    fc.assert(
      fc.property(sender, bytes, fc.nat(), (from, plain, chosen) => {
        const sides = exchange();
        const { signature, data } = sides[from].seal(plain);
        const bit = chosen % ((signature.length + data.length) * 8);
        const changed = flipped(Buffer.concat([signature, data]), bit);
        const receiver = sides[other[from]];
        expect(refusal(() => receiver.unseal(changed.subarray(0, 16), changed.subarray(16)))).toBe(
          "answer-forged",
        );
        expect(refusal(() => receiver.unseal(signature, data))).toBe("answer-forged");
        expect(refusal(() => receiver.seal(plain))).toBe("answer-forged");
      }),
    );
  });

  test.each([
    ["repeated", [0, 0]],
    ["left out", [1]],
    ["in another order", [1, 0]],
  ])("a message that is %s is refused", (_, order) => {
    const { client, server } = exchange();
    const sealed = [server.seal(Buffer.from("one")), server.seal(Buffer.from("two"))];
    const receive = (): void => {
      for (const index of order) {
        const { signature, data } = sealed[index] ?? { signature: Buffer.alloc(0), data: Buffer.alloc(0) };
        client.unseal(signature, data);
      }
    };
    expect(refusal(receive)).toBe("answer-forged");
  });

  test.each([
    ["none", 0],
    ["a cut", 15],
    ["a longer", 17],
  ])("%s signature is refused", (_, length) => {
    const { client, server } = exchange();
    const { signature, data } = server.seal(Buffer.from("one"));
    const given = Buffer.concat([signature, Buffer.alloc(1)]).subarray(0, length);
    expect(refusal(() => client.unseal(given, data))).toBe("answer-forged");
  });

  test("one's own message that comes back is refused", () => {
    const { client } = exchange();
    const { signature, data } = client.seal(Buffer.from("one"));
    expect(refusal(() => client.unseal(signature, data))).toBe("answer-forged");
  });

  test("messages of another connection with the same password are refused", () => {
    const { signature, data } = exchange().server.seal(Buffer.from("one"));
    expect(refusal(() => exchange().client.unseal(signature, data))).toBe("answer-forged");
  });
});
