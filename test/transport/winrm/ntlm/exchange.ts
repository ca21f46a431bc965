import { NtlmClient, type NtlmCredentials } from "../../../../src/transport/winrm/ntlm/client.js";
import { TyrianError } from "../../../../src/errors.js";
import { NtlmAcceptor, type NtlmAcceptorOptions } from "../../../winrm-server/ntlm-acceptor.js";

export const account = { user: "lab", domain: "LABDOM", password: "Pa55w0rd!" };

/** What may be done to a message on its way. */
export type OnTheWay = (message: Buffer) => Buffer;
const untouched: OnTheWay = (message) => message;

/** A client and the stand-in server's acceptor after their three messages, each of which may be changed on its way. */
export function exchange({
  credentials = {},
  acceptor = {},
  negotiate = untouched,
  challenge = untouched,
  authenticate = untouched,
}: {
  credentials?: Partial<NtlmCredentials>;
  acceptor?: Partial<NtlmAcceptorOptions>;
  negotiate?: OnTheWay;
  challenge?: OnTheWay;
  authenticate?: OnTheWay;
} = {}) {
  const client = new NtlmClient({ ...account, ...credentials });
  const server = new NtlmAcceptor({ accounts: [account], targetName: "LABHOST", ...acceptor });
  const challenged = server.challenge(negotiate(client.negotiate()));
  const accepted = server.accept(authenticate(client.authenticate(challenge(challenged))));
  return { client, server, accepted };
}

/** The code of the error that is thrown, or `refused` for what the acceptor says no to; any other error is thrown again. */
export function refusal(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof TyrianError) return thrown.code;
    if (thrown instanceof Error && thrown.message.startsWith("refused: ")) return "refused";
    throw thrown;
  }
  return "taken";
}

/** The same bytes with one bit changed. */
export function flipped(bytes: Buffer, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return changed;
}
