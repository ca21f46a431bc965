import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { skippedFor } from "../../skipped.js";
import { makeCertificates, noOpenssl, type Certificates } from "../../winrm-server/certificates.js";
import { posixShell } from "../../winrm-server/posix-shell.js";
import { account } from "../../winrm-server/raw-client.js";
import { startWinrmStandIn, type StandInOptions, type WinrmStandIn } from "../../winrm-server/server.js";
import { noWine, startWine } from "../../winrm-server/wine.js";
import { legacyOpenssl, noPywinrm, pywinrm, type PywinrmSession } from "./programs.js";

/** Debian's pywinrm against the stand-in: what a client of Windows expects, the stand-in has to give. */
describe("pywinrm", skippedFor(noPywinrm ?? noOpenssl), () => {
  let folder: string;
  let certificates: Certificates;
  let standIn: WinrmStandIn;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tyrian-pywinrm-"));
    certificates = makeCertificates(account.principal);
    const files = {
      "openssl.cnf": legacyOpenssl,
      "authority.pem": certificates.authority,
      "client.crt": certificates.client.certificate,
      "client.key": certificates.client.key,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(() => standIn.stop());

  const file = (name: string): string => join(folder, name);
  const local = { username: account.user, password: account.password };
  const domain = { username: `${account.domain}\\${account.user}`, password: account.password };

  async function run(
    options: Partial<StandInOptions>,
    protocol: Record<string, unknown>,
    more: Partial<PywinrmSession> = {},
  ): ReturnType<typeof pywinrm> {
    standIn = await startWinrmStandIn({ interpreter: posixShell, accounts: [account], ...options });
    const url = standIn.url.replace("127.0.0.1", "localhost");
    return await pywinrm(
      {
        protocol: {
          endpoint: url,
          operation_timeout_sec: 1,
          ca_trust_path: file("authority.pem"),
          ...protocol,
        },
        commands: [["exit 3", []]],
        ...more,
      },
      file("openssl.cnf"),
    );
  }

  test.each<
    [
      way: string,
      scheme: string,
      options: () => Partial<StandInOptions>,
      protocol: () => Record<string, unknown>,
    ]
  >([
    [
      "Basic over HTTP",
      "Basic",
      () => ({ allowUnencrypted: true, authentication: { basic: true } }),
      () => ({ transport: "basic", ...local }),
    ],
    [
      "NTLM with message encryption",
      "Negotiate",
      () => ({}),
      () => ({ transport: "ntlm", ...domain, message_encryption: "always" }),
    ],
    [
      "Basic over HTTPS",
      "Basic",
      () => ({ certificate: certificates.server, authentication: { basic: true } }),
      () => ({ transport: "ssl", ...local }),
    ],
    [
      "NTLM over HTTPS, bound to the channel",
      "Negotiate",
      () => ({ certificate: certificates.server, authentication: { channelBinding: "strict" } }),
      () => ({ transport: "ntlm", ...domain }),
    ],
    [
      "a client certificate",
      "Certificate",
      () => ({ certificate: certificates.server, authentication: { certificate: true } }),
      () => ({ transport: "certificate", cert_pem: file("client.crt"), cert_key_pem: file("client.key") }),
    ],
  ])("runs a whole session by %s", async (_way, scheme, options, protocol) => {
    const { commands, error } = await run(options(), protocol(), {
      shell: { codepage: 65001, env_vars: { WORD: "a <b>" } },
      commands: [
        ["echo", ['"a  b"', "&&", "echo", "err", "1>&2"]],
        ['echo "$WORD"; exit 255', []],
        ["sleep 2.5; echo héllo; exit 42", []],
        ["seq 1 60000", []],
      ],
    });
    expect(error).toBeNull();
    expect(commands.slice(0, 3)).toEqual([
      { stdout: "a  b\n", stderr: "err\n", exitCode: 0 },
      { stdout: "a <b>\n", stderr: "", exitCode: 255 },
      { stdout: "héllo\n", stderr: "", exitCode: 42 },
    ]);
    expect(commands[3]?.stdout).toBe(
      Array.from({ length: 60_000 }, (_unused, index) => `${index + 1}\n`).join(""),
    );
    expect(standIn.shells()).toEqual([]);
    const operations = standIn.requests.filter(({ action }) => action !== undefined);
    expect(new Set(operations.map((one) => `${one.scheme} ${one.sealed}`))).toEqual(
      new Set([`${scheme} ${protocol()["message_encryption"] === "always"}`]),
    );
    expect(operations.filter(({ refusal }) => refusal?.startsWith("TimedOut")).length).toBeGreaterThan(0);
  });

  test("reaches Wine's cmd through the stand-in", { timeout: 300_000 }, async ({ skip }) => {
    skip(noWine !== null, noWine ?? "");
    const wine = startWine();
    try {
      const { commands, error } = await run(
        { interpreter: wine.interpreter },
        { transport: "ntlm", ...domain, message_encryption: "always" },
        {
          commands: [
            ["echo", ['"a b"', "&", "exit", "/b", "7"]],
            ["nosuchcommand", []],
          ],
        },
      );
      expect(error).toBeNull();
      expect(commands).toMatchObject([{ stdout: '"a b" \r\n', exitCode: 7 }, { exitCode: 9009 }]);
    } finally {
      wine.stop();
    }
  });

  test.each<
    [
      what: string,
      options: () => Partial<StandInOptions>,
      protocol: () => Record<string, unknown>,
      error: RegExp,
    ]
  >([
    [
      "a wrong password",
      () => ({ certificate: certificates.server, authentication: { basic: true } }),
      () => ({ transport: "ssl", username: account.user, password: "wrong" }),
      /InvalidCredentialsError/,
    ],
    [
      "a wrong password of NTLM",
      () => ({}),
      () => ({ transport: "ntlm", ...domain, password: "wrong" }),
      /InvalidCredentialsError/,
    ],
    [
      "a certificate whose time is over",
      () => ({ certificate: certificates.expired, authentication: { basic: true } }),
      () => ({ transport: "ssl", ...local }),
      /certificate has expired/,
    ],
    [
      "an authority that it does not know",
      () => ({ certificate: certificates.unknownAuthority, authentication: { basic: true } }),
      () => ({ transport: "ssl", ...local }),
      /unable to get local issuer certificate/,
    ],
    [
      "a server that wants encryption",
      () => ({}),
      () => ({ transport: "ntlm", ...domain, message_encryption: "never" }),
      /WinRMTransportError.*500/,
    ],
    [
      "a quota",
      () => ({ limits: { shellsPerUser: 0 } }),
      () => ({ transport: "ntlm", ...domain }),
      /WinRMError.*'wsmanfault_code': '2150859173'.*'fault_subcode': 'w:QuotaLimit'/,
    ],
    [
      "an answer to another request",
      () => ({
        misbehaviour: [
          {
            on: "Delete",
            effect: {
              type: "after",
              change: { type: "relates-to", messageId: "uuid:00000000-0000-0000-0000-000000000000" },
            },
          },
        ],
      }),
      () => ({ transport: "ntlm", ...domain }),
      /AssertionError/,
    ],
  ])("tells of %s", async (_what, options, protocol, error) => {
    expect((await run(options(), protocol())).error).toMatch(error);
  });
});
