import type { Agent } from "node:http";
import { Agent as SecureAgent } from "node:https";
import { afterEach, describe, expect, test } from "vitest";
import { NtlmClient } from "../../src/transport/winrm/ntlm/client.js";
import { skippedFor } from "../skipped.js";
import { makeCertificates, noOpenssl } from "./certificates.js";
import { channelBindingOf } from "./channel-binding.js";
import { encryptedType, sealBody, unsealBody } from "./encryption.js";
import type { Change } from "./misbehaviour.js";
import {
  account,
  bodies,
  envelopeOf,
  faultOf,
  oneConnection,
  outputOf,
  post,
  textOf,
  type Reply,
} from "./raw-client.js";
import { scriptedInterpreter } from "./scripted-interpreter.js";
import { startWinrmStandIn, type StandInOptions, type WinrmStandIn } from "./server.js";

/** Negotiate with NTLM: established on a connection, whose messages are then sealed. */

let standIn: WinrmStandIn;
let agent: Agent;

afterEach(async () => {
  agent.destroy();
  await standIn.stop();
});

async function start(more: Partial<StandInOptions> = {}): Promise<string> {
  standIn = await startWinrmStandIn({
    interpreter: scriptedInterpreter(({ write }) => {
      write("stdout", "output");
      return 0;
    }),
    accounts: [account],
    ...more,
  });
  agent = oneConnection();
  return standIn.url;
}

/** Establishes a session on the one connection; the reply to its last token. */
async function establish(url: string, client: NtlmClient, options = {}): Promise<Reply> {
  const ask = (token: Buffer): Promise<Reply> =>
    post(url, "", { agent, ...options, headers: { Authorization: `Negotiate ${token.toString("base64")}` } });
  const challenged = await ask(client.negotiate());
  expect(challenged.status).toBe(401);
  const token = challenged.headers["www-authenticate"]?.replace("Negotiate ", "") ?? "";
  return await ask(client.authenticate(Buffer.from(token, "base64")));
}

function clientOf(changes: { password?: string; channelBinding?: Buffer } = {}): NtlmClient {
  return new NtlmClient({
    user: account.user,
    domain: account.domain,
    password: account.password,
    ...changes,
  });
}

/** Without the header that `post` would give: the connection has been authenticated. */
const headers = { "Content-Type": encryptedType, Authorization: "" };

/** Sends one sealed envelope on the connection; the raw reply. */
function sendSealed(url: string, client: NtlmClient, envelope: string): Promise<Reply> {
  return post(url, sealBody(client, Buffer.from(envelope)), { agent, headers });
}

async function sealedReply(url: string, client: NtlmClient, envelope: string): Promise<Reply> {
  const reply = await sendSealed(url, client, envelope);
  expect(reply.headers["content-type"]).toBe(encryptedType);
  return { ...reply, text: unsealBody(client, reply.body).toString() };
}

describe("a session", () => {
  test("is sealed from end to end, faults too, and nothing of it is readable", async () => {
    const url = await start();
    const client = clientOf();
    expect((await establish(url, client)).status).toBe(200);
    const created = await sealedReply(url, client, envelopeOf("Create", { body: bodies.create }));
    const shellId = textOf(created, "ShellId");
    const started = await sealedReply(
      url,
      client,
      envelopeOf("Command", { shellId, body: bodies.command("x") }),
    );
    const commandId = textOf(started, "CommandId");
    const received = await sealedReply(
      url,
      client,
      envelopeOf("Receive", { shellId, body: bodies.receive(commandId) }),
    );
    expect(outputOf(received).stdout).toBe("output");
    const absent = envelopeOf("Receive", {
      shellId,
      body: bodies.receive("00000000-0000-0000-0000-000000000000"),
    });
    expect(faultOf(await sealedReply(url, client, absent))).toMatchObject({ code: "w:InvalidSelectors" });
    const deleted = await sendSealed(url, client, envelopeOf("Delete", { shellId }));
    expect(deleted.text).not.toContain("Envelope");
    expect(standIn.shells()).toEqual([]);
    expect(standIn.requests.filter(({ action }) => action !== undefined)).toMatchObject(
      Array.from({ length: 5 }, () => ({ connection: 1, scheme: "Negotiate", sealed: true })),
    );
  });

  test("is refused with a wrong password, or on another connection", async () => {
    const url = await start();
    expect((await establish(url, clientOf({ password: "wrong" }))).status).toBe(401);
    const client = clientOf();
    await establish(url, client);
    const body = sealBody(client, Buffer.from(envelopeOf("Create", { body: bodies.create })));
    expect((await post(url, body, { headers })).status).toBe(401);
  });

  test("is not served in the clear", async () => {
    const url = await start();
    await establish(url, clientOf());
    const reply = await post(url, envelopeOf("Create", { body: bodies.create }), {
      agent,
      headers: { Authorization: "" },
    });
    expect({ status: reply.status, text: reply.text }).toEqual({ status: 500, text: "" });
  });

  test.each<[why: string, spoil: (body: Buffer) => Buffer]>([
    ["that was changed", (body) => spoilAt(body, body.length - 40)],
    ["without its last boundary", (body) => body.subarray(0, -5)],
    [
      "whose parts are others",
      (body) => Buffer.from(body.toString("latin1").replace("octet-stream", "octets"), "latin1"),
    ],
    [
      "whose length is another",
      (body) => Buffer.from(body.toString("latin1").replace(/Length=\d+/, "Length=7"), "latin1"),
    ],
  ])("refuses a message %s", async (_why, spoil) => {
    const url = await start();
    const client = clientOf();
    await establish(url, client);
    const body = sealBody(client, Buffer.from(envelopeOf("Create", { body: bodies.create })));
    expect((await post(url, spoil(body), { agent, headers })).status).toBe(400);
    expect(standIn.shells()).toEqual([]);
  });

  test.each<[why: string, change: Change, error: RegExp]>([
    ["tampers with its answer", { type: "tamper" }, /signature|forged|not the host's/i],
    ["sends its answer in the clear", { type: "unsealed" }, /parts/],
  ])("%s when told so", async (_why, change, error) => {
    const url = await start({ misbehaviour: [{ on: "Create", effect: { type: "after", change } }] });
    const client = clientOf();
    await establish(url, client);
    const reply = await sendSealed(url, client, envelopeOf("Create", { body: bodies.create }));
    expect(() => unsealBody(client, reply.body)).toThrow(error);
  });
});

function spoilAt(body: Buffer, at: number): Buffer {
  const spoilt = Buffer.from(body);
  spoilt.writeUInt8(spoilt.readUInt8(at) ^ 1, at);
  return spoilt;
}

describe("CbtHardeningLevel", skippedFor(noOpenssl), () => {
  test("strict refuses a client that does not bind to the TLS channel, relaxed takes it", async () => {
    const { server, authority, unknownAuthority } = makeCertificates(account.principal);
    const bound = (pem: string): Buffer => channelBindingOf({ raw: derOf(pem) });
    const outcomes: number[] = [];
    for (const channelBinding of ["strict", "relaxed"] as const) {
      const url = await start({ certificate: server, authentication: { channelBinding } });
      for (const binding of [bound(server.certificate), bound(unknownAuthority.certificate), undefined]) {
        agent = new SecureAgent({ keepAlive: true, maxSockets: 1, ca: authority });
        const client = clientOf(binding === undefined ? {} : { channelBinding: binding });
        outcomes.push((await establish(url, client)).status);
        agent.destroy();
      }
      if (channelBinding === "strict") await standIn.stop();
    }
    expect(outcomes).toEqual([200, 401, 401, 200, 200, 200]);
  });

  function derOf(pem: string): Buffer {
    return Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64");
  }
});
