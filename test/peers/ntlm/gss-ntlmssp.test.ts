import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { channelBindingOfHash } from "../../../src/transport/winrm/ntlm/channel-binding.js";
import { NtlmClient } from "../../../src/transport/winrm/ntlm/client.js";
import type { Sealed } from "../../../src/transport/winrm/ntlm/session-security.js";
import { skippedFor } from "../../skipped.js";
import { NtlmAcceptor } from "../../winrm-server/ntlm-acceptor.js";
import { type Gss, gssPeer, type GssRole, noMechanism } from "../gss/peer.js";
import { peersOfTest } from "../line-peer.js";

const missing = noMechanism("1.3.6.1.4.1.311.2.2.10", "gss-ntlmssp python3-gssapi");

const account = { user: "lab", domain: "LABDOM", password: "Pa55w0rd! é" };
const certificateHash = createHash("sha256").update("a certificate").digest();
const applicationData = Buffer.concat([Buffer.from("tls-server-end-point:"), certificateHash]);
const channelBinding = channelBindingOfHash(certificateHash);

const ROUNDS = 50;
const plainOf = (round: number): Buffer => Buffer.from(`<s:Envelope>${"é".repeat(round * 50)}</s:Envelope>`);

/** A token of GSS_Wrap is the signature and then the data (MS-NLMP 3.4.6). */
const asToken = ({ signature, data }: Sealed): Buffer => Buffer.concat([signature, data]);
const asSealed = (token: Buffer): [signature: Buffer, data: Buffer] => [
  token.subarray(0, 16),
  token.subarray(16),
];

describe("gss-ntlmssp", skippedFor(missing), () => {
  const start = peersOfTest();
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tyrian-gss-ntlmssp-"));
    writeFileSync(join(folder, "users"), `${account.domain}:${account.user}:${account.password}\n`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function gss(role: Omit<GssRole, "mechanism">): Promise<Gss> {
    return await gssPeer(start, { mechanism: "ntlm", ...role }, { NTLM_USER_FILE: join(folder, "users") });
  }

  const initiator = {
    role: "initiate" as const,
    user: `${account.domain}\\${account.user}`,
    password: account.password,
  };
  const bound = { applicationData: applicationData.toString("base64") };

  test(`as the server: it takes our client, and ${ROUNDS} sealed messages go each way`, async () => {
    const server = await gss({ role: "accept" });
    const client = new NtlmClient(account);
    await server("step", client.authenticate(await server("step", client.negotiate())));
    expect((await server("initiator")).toString()).toMatch(/lab/i);
    for (let round = 0; round < ROUNDS; round++) {
      const plain = plainOf(round);
      expect(await server("unwrap", asToken(client.seal(plain)))).toEqual(plain);
      expect(client.unseal(...asSealed(await server("wrap", plain)))).toEqual(plain);
    }
  });

  test(`as the client: the stand-in's acceptor takes it, and ${ROUNDS} sealed messages go each way`, async () => {
    const client = await gss(initiator);
    const server = new NtlmAcceptor({ accounts: [account], targetName: "LABHOST" });
    const answer = await client("step", server.challenge(await client("step")));
    expect(server.accept(answer)).toMatchObject({ user: "lab" });
    for (let round = 0; round < ROUNDS; round++) {
      const plain = plainOf(round);
      expect(await client("unwrap", asToken(server.seal(plain)))).toEqual(plain);
      expect(server.unseal(...asSealed(await client("wrap", plain)))).toEqual(plain);
    }
  });

  test.each([
    ["a wrong password", { password: "wrong" }, null, "GSSError"],
    ["a changed integrity code", {}, 72, "InvalidTokenError"],
  ])("as the server, it refuses %s", async (_, changed, at, error) => {
    const server = await gss({ role: "accept" });
    const client = new NtlmClient({ ...account, ...changed });
    const token = client.authenticate(await server("step", client.negotiate()));
    if (at !== null) token.writeUInt8(token.readUInt8(at) ^ 1, at);
    await expect(server("step", token)).rejects.toThrow(error);
  });

  test("as the server of a TLS channel, it takes our client on the same channel only", async () => {
    const stepWith = async (binding: Buffer | undefined): Promise<Buffer> => {
      const server = await gss({ role: "accept", ...bound });
      const client = new NtlmClient({ ...account, channelBinding: binding });
      return await server("step", client.authenticate(await server("step", client.negotiate())));
    };
    await expect(stepWith(channelBinding)).resolves.toHaveLength(0);
    await expect(stepWith(Buffer.alloc(16, 1))).rejects.toThrow("Permission denied");
  });

  test("as a client of a TLS channel, it is taken by the acceptor of the same channel only", async () => {
    const acceptWith = async (begin: Pick<GssRole, "applicationData">) => {
      const client = await gss({ ...initiator, ...begin });
      const server = new NtlmAcceptor({ accounts: [account], targetName: "LABHOST", channelBinding });
      return server.accept(await client("step", server.challenge(await client("step"))));
    };
    await expect(acceptWith(bound)).resolves.toMatchObject({ user: "lab" });
    await expect(acceptWith({})).rejects.toThrow("refused: the client");
  });

  test("a sealed message that was changed is refused by it", async () => {
    const server = await gss({ role: "accept" });
    const client = new NtlmClient(account);
    await server("step", client.authenticate(await server("step", client.negotiate())));
    const token = asToken(client.seal(Buffer.from("one")));
    token.writeUInt8(token.readUInt8(16) ^ 1, 16);
    await expect(server("unwrap", token)).rejects.toThrow("BadMICError");
  });
});
