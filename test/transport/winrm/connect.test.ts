import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { X509Certificate } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { TyrianError } from "../../../src/errors.js";
import { createWinrmTransport } from "../../../src/transport/winrm.js";
import { makeCertificates, noOpenssl, type Certificates } from "../../winrm-server/certificates.js";
import type { StandInOptions } from "../../winrm-server/server.js";
import { skippedFor } from "../../skipped.js";
import { account, resolveSecret, run, startHost, winrmTarget, type Host } from "./host.js";

const basic = { type: "basic", user: account.user, password: "env:PASSWORD" };
let hosts: Host[] = [];
let servers: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
  for (const server of servers) server.close();
  hosts = [];
  servers = [];
});

async function start(options: Partial<StandInOptions> = {}): Promise<Host> {
  const host = await startHost(options);
  hosts.push(host);
  return host;
}

/** What connecting is refused with. It never holds the password, in clear text or as Basic encodes it. */
async function refusal(connecting: Promise<unknown>): Promise<TyrianError> {
  const thrown: unknown = await connecting.then(
    () => "it was connected",
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(TyrianError);
  const error = thrown as TyrianError;
  const shown = `${error.message} ${error.hint} ${String(error.stack)} ${JSON.stringify(error)}`;
  expect(shown).not.toContain(account.password);
  expect(shown).not.toContain(Buffer.from(`${account.user}:${account.password}`).toString("base64"));
  return error;
}

describe("authentication", () => {
  test("that is wrong is told apart from all else", async () => {
    const host = await start();
    const wrong = { type: "ntlm", user: account.user, password: "env:WRONG" };
    const error = await refusal(host.connect({ authentication: wrong }));
    expect(error).toMatchObject({
      code: "auth-failed",
      message: "win1 refused the authentication by Negotiate.",
    });
    expect(host.asked("Create")).toBe(0);
  });

  test("by Basic over plain HTTP needs the inventory's word, and the host's", async () => {
    expect(() => winrmTarget(5985, { authentication: basic })).toThrow("allowUnencrypted: true");
    const willing = { authentication: { ...basic, allowUnencrypted: true } };
    const host = await start({ authentication: { basic: true }, allowUnencrypted: true });
    expect(await run(await host.connect(willing), "echo one")).toMatchObject({ stdout: "one" });
    const strict = await start({ authentication: { basic: true } });
    const error = await refusal(strict.connect(willing));
    expect(error.code).toBe("transport-failed");
    expect(error.hint).toContain("AllowUnencrypted=false");
  });

  test("by what the host does not offer names what it does", async () => {
    const host = await start();
    expect(
      await refusal(host.connect({ authentication: { ...basic, allowUnencrypted: true } })),
    ).toMatchObject({ code: "auth-failed", message: "win1 does not offer Basic over HTTP, only Negotiate." });
  });

  test("by Kerberos without its package names the command that installs it", async () => {
    const error = await refusal(
      createWinrmTransport({ resolveSecret }).connect(
        winrmTarget(5986, { https: true, authentication: { type: "kerberos" } }),
        { deadlineMs: 5_000 },
      ),
    );
    expect(error).toMatchObject({
      code: "requirement-missing",
      hint: expect.stringContaining("npm install kerberos"),
    });
  });

  test("whose secret does not resolve says nothing of what the resolver said", async () => {
    const transport = createWinrmTransport({
      resolveSecret: () => Promise.reject(new Error(`it reads ${account.password}`)),
    });
    const error = await refusal(transport.connect(winrmTarget(5985), { deadlineMs: 5_000 }));
    expect(error).toMatchObject({ code: "secret-unresolved" });
  });
});

describe("a server that is not WinRM", () => {
  async function serve(status: number, headers: Record<string, string>, body: string): Promise<number> {
    const server: Server = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(status, headers).end(body));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }

  const connect = (port: number, deadlineMs = 5_000): Promise<unknown> =>
    createWinrmTransport({ resolveSecret }).connect(
      winrmTarget(port, { authentication: { ...basic, allowUnencrypted: true } }),
      { deadlineMs },
    );

  test.each([
    [
      200,
      { "Content-Type": "text/html", Server: "nginx" },
      "<html></html>",
      "not-winrm",
      'text/html of "nginx"',
    ],
    [404, { "Content-Type": "text/html" }, "no such page", "not-winrm", "HTTP 404"],
    [302, { Location: "https://elsewhere/" }, "", "not-winrm", "HTTP 302"],
    [200, {}, "", "not-winrm", "nothing"],
    [200, { "Content-Type": "application/soap+xml" }, "<html></html>", "transport-failed", "SOAP"],
    [403, { "Content-Type": "text/html" }, "no", "access-denied", "HTTP 403"],
    [401, {}, "", "auth-failed", "refused the authentication"],
    [413, {}, "", "transport-failed", "HTTP 413"],
  ])("answers with %i %j: %s %s", async (status, headers, body, code, words) => {
    const error = await refusal(connect(await serve(status, headers, body)));
    expect(error).toMatchObject({ code, message: expect.stringContaining(words) });
  });

  test("lets everybody in: nothing is sent to who wants no proof", async () => {
    const port = await serve(200, {}, "");
    const connecting = createWinrmTransport({ resolveSecret }).connect(winrmTarget(port), {
      deadlineMs: 5_000,
    });
    expect(await refusal(connecting)).toMatchObject({
      code: "not-winrm",
      message: expect.stringContaining("before anything was proved"),
    });
  });

  test("speaks another protocol", async () => {
    const server = createTcpServer((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const error = await refusal(connect((server.address() as AddressInfo).port));
    expect(error).toMatchObject({ code: "not-winrm", message: "win1 does not answer in HTTP." });
  });

  test("accepts the connection and says nothing", async () => {
    const server = createTcpServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const error = await refusal(connect((server.address() as AddressInfo).port, 200));
    expect(error).toMatchObject({
      code: "connect-failed",
      message: expect.stringContaining("within 200 ms"),
    });
  });

  test("does not listen", async () => {
    expect(await refusal(connect(1))).toMatchObject({ code: "connect-failed" });
  });
});

describe("HTTPS", skippedFor(noOpenssl), () => {
  let folder: string;
  let certificates: Certificates;
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const fingerprintOf = (pem: string): string => new X509Certificate(pem).fingerprint256;
  let caFile: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tyrian-winrm-tls-"));
    certificates = makeCertificates("lab@localhost");
    caFile = file("ca.pem", certificates.authority);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("with NTLM, bound to the channel, as a strict host wants it", async () => {
    const host = await start({
      certificate: certificates.server,
      authentication: { channelBinding: "strict" },
    });
    const session = await host.connect({ https: true, tls: { caFile } });
    expect(await run(session, "echo one")).toMatchObject({ stdout: "one" });
    expect(host.standIn.requests.some((request) => request.sealed)).toBe(false);
  });

  test("with Basic, which needs nobody's further word there", async () => {
    const host = await start({ certificate: certificates.server, authentication: { basic: true } });
    const session = await host.connect({ https: true, tls: { caFile }, authentication: basic });
    expect(await run(session, "echo one")).toMatchObject({ stdout: "one" });
  });

  test("with a client certificate, and not with one of an authority that the host does not know", async () => {
    const host = await start({
      certificate: certificates.server,
      authentication: { certificate: true },
      accounts: [{ ...account, principal: "lab@localhost" }],
    });
    const authentication = (name: "client" | "strangeClient"): Record<string, string> => ({
      type: "certificate",
      certificateFile: file(`${name}.crt`, certificates[name].certificate),
      keyFile: file(`${name}.key`, certificates[name].key),
    });
    const session = await host.connect({
      https: true,
      tls: { caFile },
      authentication: authentication("client"),
    });
    expect(await run(session, "echo one")).toMatchObject({ stdout: "one" });
    const strange = host.connect({
      https: true,
      tls: { caFile },
      authentication: authentication("strangeClient"),
    });
    expect(await refusal(strange)).toMatchObject({ code: "auth-failed" });
  });

  test("with the name that the certificate holds, and another address", async () => {
    const host = await start({ certificate: certificates.otherName });
    const tls = { caFile };
    expect(await refusal(host.connect({ https: true, tls }))).toMatchObject({
      code: "tls-failed",
      message: expect.stringContaining("not for 127.0.0.1"),
      hint: expect.stringContaining("serverName"),
    });
    const session = await host.connect({ https: true, tls, serverName: "another.example" });
    expect(await run(session, "echo one")).toMatchObject({ stdout: "one" });
  });

  test("with a pinned certificate, whoever has signed it, and with no other", async () => {
    const pinned = certificates.unknownAuthority;
    const host = await start({ certificate: pinned });
    const fingerprint = fingerprintOf(pinned.certificate);
    const session = await host.connect({ https: true, tls: { fingerprint } });
    expect(await run(session, "echo one")).toMatchObject({ stdout: "one" });
    const other = { fingerprint: fingerprintOf(certificates.server.certificate) };
    expect(await refusal(host.connect({ https: true, tls: other }))).toMatchObject({
      code: "tls-failed",
      message: expect.stringContaining("not the pinned one"),
    });
    expect(await refusal(host.connect({ https: true, tls: { fingerprint, caFile } }))).toMatchObject({
      code: "tls-failed",
      message: expect.stringContaining("authority"),
    });
    expect(host.asked("Create"), "nothing was sent to a host that is not proved").toBe(1);
  });

  test.each([
    ["of an unknown authority", "unknownAuthority", "does not know", "tls.caFile"],
    ["that has expired", "expired", "has expired", "Renew"],
  ] as const)(
    "with a certificate %s is refused before anything is sent",
    async (_what, name, words, hint) => {
      const host = await start({ certificate: certificates[name] });
      const error = await refusal(host.connect({ https: true, tls: { caFile } }));
      expect(error).toMatchObject({ code: "tls-failed", message: expect.stringContaining(words) });
      expect(error.hint).toContain(hint);
      expect(host.standIn.requests).toEqual([]);
    },
  );

  test("where the port speaks plain HTTP, and plain HTTP where it speaks HTTPS", async () => {
    const plain = await start();
    expect(await refusal(plain.connect({ https: true, tls: { caFile } }))).toMatchObject({
      code: "tls-failed",
      message: expect.stringContaining("does not speak TLS"),
      hint: expect.stringContaining("https: false"),
    });
    const secure = await start({ certificate: certificates.server });
    expect((await refusal(secure.connect({ https: false }))).message).toMatch(/speaks HTTPS/);
  });

  test("with a CA file that is none, or is not there", async () => {
    const host = await start({ certificate: certificates.server });
    for (const wrong of [file("not-pem", "words"), join(folder, "absent")]) {
      expect(await refusal(host.connect({ https: true, tls: { caFile: wrong } }))).toMatchObject({
        code: "tls-failed",
        message: expect.stringContaining(wrong),
      });
    }
  });
});
