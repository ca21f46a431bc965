import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TyrianError } from "../../src/errors.js";
import { loadInventory } from "../../src/lab/inventory.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tyrian-inventory-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const good = `name: my-lab
token:
  value: file:secrets/token
telemetry:
  - { type: strace-log, file: logs/one.log, host: one }
targets:
  - name: one
    platform: linux
    transport:
      type: ssh
      host: 10.0.0.1
      user: op
      hostKey: ssh-ed25519 AAAA
      authentication: { type: key, file: ~/.ssh/lab, passphrase: "env:PASS" }
    sensor: { type: strace }
  - name: two
    platform: linux
    transport:
      type: ssh
      host: 10.0.0.2
      user: op
      hostKey: ssh-ed25519 AAAA
      authentication: { type: password, password: "file:/abs/password" }
    sensor: { type: none }
`;

async function load(text: string | Uint8Array): Promise<unknown> {
  const file = join(folder, "lab.yaml");
  writeFileSync(file, text);
  return await loadInventory(file);
}

async function refusal(text: string | Uint8Array): Promise<TyrianError> {
  const error = await load(text).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TyrianError);
  expect(error).toMatchObject({ code: "inventory-invalid" });
  return error as TyrianError;
}

test("defaults are filled in and paths are relative to the file", async () => {
  expect(await load(good)).toMatchObject({
    name: "my-lab",
    token: {
      path: "/etc/tyrian/lab-token",
      windowsPath: "C:\\ProgramData\\tyrian\\lab-token",
      value: `file:${join(folder, "secrets/token")}`,
    },
    telemetry: [{ file: join(folder, "logs/one.log") }],
    targets: [
      {
        transport: {
          port: 22,
          maxChannels: 8,
          authentication: { file: join(homedir(), ".ssh/lab"), passphrase: "env:PASS" },
        },
      },
      { transport: { authentication: { password: "file:/abs/password" } } },
    ],
  });
});

describe("a WinRM target", () => {
  const target = (settings: string): string => `name: lab
token: { value: env:T }
targets:
  - name: win
    platform: windows
    transport:
      type: winrm
      host: 10.0.0.3
${settings}
    sensor: { type: none }
`;

  test("has the defaults of Windows over HTTPS, and paths relative to the file", async () => {
    const ntlm = target(`      tls: { caFile: ca.pem }
      authentication: { type: ntlm, user: lab, password: "file:secrets/win" }`);
    expect(await load(ntlm)).toMatchObject({
      targets: [
        {
          transport: {
            https: true,
            maxEnvelopeBytes: 153_600,
            codePage: 65001,
            tls: { caFile: join(folder, "ca.pem") },
            authentication: { domain: "", password: `file:${join(folder, "secrets/win")}` },
          },
        },
      ],
    });
    const certificate = target(
      "      authentication: { type: certificate, certificateFile: me.crt, keyFile: me.key, passphrase: file:p }",
    );
    expect(await load(certificate)).toMatchObject({
      targets: [
        {
          transport: {
            authentication: {
              certificateFile: join(folder, "me.crt"),
              keyFile: join(folder, "me.key"),
              passphrase: `file:${join(folder, "p")}`,
            },
          },
        },
      ],
    });
  });

  test.each([
    [
      "Basic without a word about it",
      '{ type: basic, user: lab, password: "env:P" }',
      "allowUnencrypted: true",
    ],
    ["Kerberos", "{ type: kerberos }", "kerberos needs HTTPS"],
    [
      "a client certificate",
      "{ type: certificate, certificateFile: a, keyFile: b }",
      "certificate needs HTTPS",
    ],
  ])("does not use %s over plain HTTP", async (_what, authentication, words) => {
    const { diagnostics } = await refusal(
      target(`      https: false\n      authentication: ${authentication}`),
    );
    expect(diagnostics).toMatchObject([{ line: 10, message: expect.stringContaining(words) as string }]);
    await expect(load(target(`      authentication: ${authentication}`))).resolves.toBeDefined();
  });

  test("is refused by a public address, and by a fingerprint that is none", async () => {
    const ntlm = `      authentication: { type: ntlm, user: lab, password: "env:P" }`;
    const error = load(target(ntlm).replace("10.0.0.3", "8.8.8.8"));
    await expect(error).rejects.toMatchObject({ code: "target-out-of-scope" });
    const { diagnostics } = await refusal(target(`${ntlm}\n      tls: { fingerprint: abc }`));
    expect(diagnostics).toMatchObject([
      { line: 10, message: expect.stringContaining("64 hexadecimal") as string },
    ]);
  });
});

test("JSON is read too", async () => {
  const json = {
    name: "j",
    token: { value: "env:T" },
    targets: [{ name: "a", platform: "linux", transport: { type: "local" }, sensor: { type: "none" } }],
  };
  expect(await load(JSON.stringify(json, null, 2))).toMatchObject({ name: "j", targets: [{ name: "a" }] });
});

test("each mistake is reported where it is", async () => {
  const { diagnostics, message } = await refusal(
    good.replace(
      "      user: op\n      hostKey: ssh-ed25519 AAAA\n      authentication: { type: key",
      "      usr: op\n      hostKey: nonsense\n      authentication: { type: key",
    ),
  );
  expect(diagnostics.map(({ line, column, code }) => ({ line, column, code }))).toEqual([
    { line: 12, column: 7, code: "unknown-key" },
    { line: 13, column: 16, code: "invalid-value" },
  ]);
  expect(diagnostics[0]?.hint).toContain("user");
  expect(message).toBe(`the inventory ${join(folder, "lab.yaml")} has 2 errors; no host was contacted`);
});

test("names that would be taken for one another are refused", async () => {
  const twice = await refusal(good.replace("name: two", "name: ONE"));
  expect(twice.diagnostics).toMatchObject([{ line: 16, column: 11, code: "duplicate-name" }]);
  const sensors = await refusal(
    good.replace("sensor: { type: none }", "sensor: { type: strace, host: one }"),
  );
  expect(sensors.diagnostics).toMatchObject([{ line: 24, code: "duplicate-name" }]);
});

test("hosts that can never be acted on are refused where they stand, before anything is asked of anyone", async () => {
  const error = await load(
    good.replace("host: 10.0.0.1", "host: 8.8.8.8").replace("host: 10.0.0.2", "host: 0x7f.1"),
  ).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "target-out-of-scope", exit: 2 });
  const { diagnostics } = error as TyrianError;
  expect(diagnostics.map(({ line, column, message }) => [line, column, message])).toEqual([
    [11, 13, "the host of target one is refused: 8.8.8.8 is not a private address"],
    [
      20,
      13,
      "the host of target two is refused: it is neither an IP address in its usual form nor a host name",
    ],
  ]);
  // A name is judged by its addresses, when it is acted on.
  await expect(load(good.replace("host: 10.0.0.1", "host: web.lab"))).resolves.toBeDefined();
});

test("what is no inventory at all is refused in words", async () => {
  for (const text of [
    ...[
      "",
      "[]",
      "just text",
      "name: [",
      "a: &a [*a]",
      "name: x\nname: y\n",
      `name: lab\n${"[".repeat(5000)}`,
    ],
    ...[
      new Uint8Array([0xff, 0xfe, 0]),
      "#".repeat(300_000),
      good.replace("file:secrets/token", "hunter2"),
      good.replace("targets:", "target:"),
    ],
  ]) {
    const { diagnostics, message } = await refusal(text);
    expect(diagnostics.length).toBeGreaterThan(0);
    expect(message).not.toContain("undefined");
    for (const { line, column } of diagnostics) expect(Math.min(line, column)).toBeGreaterThanOrEqual(1);
  }
});

test("a file that cannot be read is named", async () => {
  mkdirSync(join(folder, "folder"));
  for (const path of [join(folder, "missing.yaml"), join(folder, "folder"), "/dev/zero"]) {
    const error = await loadInventory(path).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "file-unreadable",
      message: expect.stringContaining(path) as string,
    });
  }
});
