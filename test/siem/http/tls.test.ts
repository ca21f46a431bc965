import { createHash, X509Certificate } from "node:crypto";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { skippedFor } from "../../skipped.js";
import {
  type Certificates,
  makeCertificates,
  noOpenssl,
  type ServerCertificate,
} from "../../winrm-server/certificates.js";
import { type ConnectorBench, openElasticBench, openOpenSearchBench } from "../connector/benches.js";

let bench: ConnectorBench | null = null;
afterEach(async () => {
  await bench?.close();
  bench = null;
});

describe("over HTTPS", skippedFor(noOpenssl), () => {
  let certificates: Certificates;
  let folder: string;
  let caFile: string;
  beforeAll(() => {
    certificates = makeCertificates("tyrian");
    folder = mkdtempSync(join(tmpdir(), "tyrian-tls-"));
    caFile = join(folder, "ca.pem");
    writeFileSync(caFile, certificates.authority);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function clockOf({ key, certificate }: ServerCertificate, tls: unknown) {
    bench = await openOpenSearchBench({ tls: { key, cert: certificate }, settings: { tls } });
    return await bench.siem.clock();
  }
  const fingerprintOf = ({ certificate }: ServerCertificate): string =>
    createHash("sha256").update(new X509Certificate(certificate).raw).digest("hex");

  test("a private authority is trusted when it is named", async () => {
    expect((await clockOf(certificates.server, { caFile })).state).toBe("complete");
  });

  test("a pinned certificate is trusted, whoever signed it", async () => {
    const fingerprint = fingerprintOf(certificates.unknownAuthority);
    expect((await clockOf(certificates.unknownAuthority, { fingerprint })).state).toBe("complete");
  });

  test.each<[string, keyof Certificates, RegExp]>([
    ["of an authority that is not known", "unknownAuthority", /unable to verify|self.signed/i],
    ["whose time is over", "expired", /expired/],
    ["of another host", "otherName", /does not match|altnames/i],
  ])("a certificate %s is refused", async (_, kind, reason) => {
    await expect(clockOf(certificates[kind] as ServerCertificate, { caFile })).rejects.toMatchObject({
      code: "siem-tls-failed",
      exit: 4,
      message: expect.stringMatching(reason) as string,
    });
  });

  test("a certificate that is not the pinned one is refused, and what it is is told", async () => {
    const fingerprint = fingerprintOf(certificates.otherName);
    await expect(clockOf(certificates.server, { caFile, fingerprint })).rejects.toMatchObject({
      code: "siem-tls-failed",
      message: expect.stringContaining(fingerprintOf(certificates.server)) as string,
    });
  });

  test("a file of authorities that is none is told", async () => {
    const empty = join(folder, "empty.pem");
    writeFileSync(empty, "nothing");
    await expect(clockOf(certificates.server, { caFile: empty })).rejects.toMatchObject({
      code: "siem-tls-failed",
      message: expect.stringContaining("holds no certificate in PEM") as string,
    });
  });
});

describe("through a proxy", () => {
  let proxy: Server;
  const tunnels: string[] = [];
  let refuses = false;
  beforeAll(async () => {
    proxy = createServer();
    proxy.on("connect", (request, client: Socket, head: Buffer) => {
      tunnels.push(request.url ?? "");
      if (refuses) return void client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      const [host = "", port = ""] = (request.url ?? "").split(":");
      const server = connect(Number(port), host, () => {
        client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        server.write(head);
        server.pipe(client).pipe(server);
      });
      server.on("error", () => client.destroy());
      client.on("error", () => server.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => {
    proxy.closeAllConnections();
    proxy.close();
  });

  const settings = () => ({ proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` });

  test("the SIEM is asked", async () => {
    refuses = false;
    bench = await openElasticBench({ settings: settings() });
    expect((await bench.siem.clock()).state).toBe("complete");
    expect(tunnels).toContain(new URL(bench.standIn.url).host);
  });

  test("that refuses, the error says who it was", async () => {
    refuses = true;
    bench = await openElasticBench({ settings: settings() });
    await expect(bench.siem.clock()).rejects.toMatchObject({
      code: "siem-auth-failed",
      message: expect.stringContaining("the proxy refused") as string,
    });
  });
});
