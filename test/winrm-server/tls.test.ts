import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skippedFor } from "../skipped.js";
import {
  makeCertificates,
  noOpenssl,
  type Certificates,
  type KeyPair,
  type ServerCertificate,
} from "./certificates.js";
import { account, bodies, envelopeOf, post, type Reply } from "./raw-client.js";
import { scriptedInterpreter } from "./scripted-interpreter.js";
import { startWinrmStandIn, type WinrmStandIn } from "./server.js";

const mutual = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual";

describe("over HTTPS", skippedFor(noOpenssl), () => {
  let certificates: Certificates;
  const standIns: WinrmStandIn[] = [];

  beforeAll(() => {
    certificates = makeCertificates(account.principal);
  });

  afterAll(async () => {
    await Promise.all(standIns.map((standIn) => standIn.stop()));
  });

  async function start(certificate: ServerCertificate): Promise<WinrmStandIn> {
    const standIn = await startWinrmStandIn({
      interpreter: scriptedInterpreter(() => 0),
      accounts: [account],
      certificate,
      authentication: { basic: true, certificate: true },
    });
    standIns.push(standIn);
    return standIn;
  }

  function create(standIn: WinrmStandIn, client?: KeyPair): Promise<Reply> {
    return post(standIn.url, envelopeOf("Create", { body: bodies.create }), {
      ca: certificates.authority,
      ...(client === undefined
        ? {}
        : { key: client.key, cert: client.certificate, headers: { Authorization: mutual } }),
    } as Parameters<typeof post>[2]);
  }

  test("a client that trusts the authority is served, without message encryption", async () => {
    expect((await create(await start(certificates.server))).status).toBe(200);
  });

  test.each([
    ["whose time is over", "expired", "CERT_HAS_EXPIRED"],
    ["for another name", "otherName", "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["of an authority that is not known", "unknownAuthority", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
  ] as const)("a certificate %s is what it says", async (_why, kind, code) => {
    await expect(create(await start(certificates[kind]))).rejects.toMatchObject({ code });
  });

  test("a client certificate stands for the account that its principal name is mapped to", async () => {
    const standIn = await start(certificates.server);
    expect((await create(standIn, certificates.client)).status).toBe(200);
    expect(standIn.shells()).toMatchObject([{ user: "lab" }]);
    expect(standIn.requests).toMatchObject([{ scheme: "Certificate" }]);
  });

  test("a client certificate of a stranger stands for nobody, and none does", async () => {
    const standIn = await start(certificates.server);
    expect((await create(standIn, certificates.strangeClient)).status).toBe(401);
    const none = await post(standIn.url, envelopeOf("Create", { body: bodies.create }), {
      ca: certificates.authority,
      headers: { Authorization: mutual },
    } as Parameters<typeof post>[2]);
    expect(none.status).toBe(401);
  });
});
