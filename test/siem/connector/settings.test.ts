import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readConfiguration } from "../../../src/cli/configuration-file.js";
import { chooseSiem } from "../../../src/cli/siem-choice.js";
import { siemSettingsSchema } from "../../../src/siem/connect.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tyrian-siems-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, "tyrian.config.yaml");
  writeFileSync(path, text);
  return path;
}

const office = `siems:
  office:
    kind: opensearch
    url: https://siem.example:9200
    auth: { type: basic, user: tyrian, password: env:SIEM_PASSWORD }
    tls: { caFile: office-ca.pem }
    telemetry: { index: "audit-*", format: laurel }
`;

describe("a SIEM of the configuration", () => {
  test("is chosen by its name; a file that it names lies beside the configuration", async () => {
    const path = file(office);
    const files = [{ file: path, values: await readConfiguration(path) }];
    const { settings } = await chooseSiem("office", files);
    expect(settings).toMatchObject({ kind: "opensearch", tls: { caFile: join(folder, "office-ca.pem") } });
    expect((await chooseSiem("embedded", files)).settings).toBeNull();
  });

  test("that is not there is refused, and those that are there are named", async () => {
    const path = file(office);
    const files = [{ file: path, values: await readConfiguration(path) }];
    await expect(chooseSiem("offise", files)).rejects.toMatchObject({
      code: "usage",
      hint: expect.stringContaining("embedded, office") as string,
    });
  });

  test("that is described wrongly is refused with every problem and its position", async () => {
    const path = file(
      office
        .replace("env:SIEM_PASSWORD", "hunter2")
        .replace("telemetry:", "telemetri:")
        .replace("laurel", "syslog"),
    );
    await expect(readConfiguration(path)).rejects.toMatchObject({
      code: "config-invalid",
      diagnostics: [
        expect.objectContaining({ line: 5, message: expect.stringContaining("env:NAME") as string }),
        expect.objectContaining({ line: 7, hint: expect.stringContaining("telemetry") as string }),
      ],
    });
  });

  test("is not called embedded", async () => {
    await expect(readConfiguration(file(office.replace("office:", "embedded:")))).rejects.toMatchObject({
      code: "config-invalid",
    });
  });
});

const settings = {
  kind: "opensearch",
  url: "https://siem.example:9200",
  auth: { type: "token", token: "env:TOKEN" },
  telemetry: { index: "audit-*", format: "laurel" },
};
const pin = "ab".repeat(32);

test.each<[string, Record<string, unknown>, RegExp]>([
  ["plain HTTP to another machine", { url: "http://siem.example:9200" }, /allowUnencrypted: true/],
  ["a password in the address", { url: "https://tyrian:secret@siem.example" }, /no user and no password/],
  ["a query in the address", { url: "https://siem.example/?a=b" }, /ends with its path/],
  ["an address that is none", { url: "siem.example:9200" }, /expected an address/],
  [
    "a certificate without HTTPS",
    { url: "http://127.0.0.1:9200", tls: { fingerprint: pin } },
    /no certificate without HTTPS/,
  ],
  [
    "a pinned certificate behind a proxy",
    { tls: { fingerprint: pin }, proxy: "http://proxy.example:3128" },
    /by `caFile`/,
  ],
  ["a rule that stands for two analytics", { rules: { one: "r", two: "r" } }, /one analytic only/],
  ["an index that is a path", { telemetry: { index: "../_cluster", format: "laurel" } }, /names or patterns/],
])("%s is refused", (_, over, message) => {
  const { success, error } = siemSettingsSchema.safeParse({ ...settings, ...over });
  expect(success).toBe(false);
  expect(error?.message).toMatch(message);
});

test.each<[string, Record<string, unknown>]>([
  ["this machine needs no TLS", { url: "http://localhost:9200" }],
  ["nor does another, if that is said", { url: "http://siem.example:9200", allowUnencrypted: true }],
  [
    "a proxy and a private authority go together",
    { proxy: "http://proxy.example:3128", tls: { caFile: "ca.pem" } },
  ],
])("%s", (_, over) => {
  expect(siemSettingsSchema.safeParse({ ...settings, ...over }).success).toBe(true);
});
