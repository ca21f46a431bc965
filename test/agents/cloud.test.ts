import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keystoneConfiguration } from "../../src/lab/embedded/keystone/files.js";
import { apiLogFormats } from "../../src/model/inventory.js";
import { skippedFor } from "../skipped.js";

const agents = resolve(import.meta.dirname, "../../agents/cloud");
const textOf = (name: string): string => readFileSync(join(agents, name), "utf8");
const linesOf = (text: string): string[] => text.split("\n").filter((line) => !/^\s*(#|$)/.test(line));

describe("the configurations", () => {
  test("the page names each file, and each format that is read", () => {
    const page = textOf("README.md");
    for (const format of apiLogFormats) expect(page).toMatch(new RegExp(`\\| \`${format}\` +\\|`));
    for (const name of [
      "keystone.conf",
      "cloudtrail.json",
      "azure-diagnostic-setting.json",
      "google-audit-config.json",
    ])
      expect(page).toContain(`\`${name}\``);
  });

  test("Keystone's is that of the embedded lab", () => {
    const own = linesOf(keystoneConfiguration());
    expect(linesOf(textOf("keystone.conf")).filter((line) => !own.includes(line))).toEqual([]);
    expect(textOf("keystone.conf")).toMatch(/Collected: [^]*Not collected: /);
  });

  test("CloudTrail has the global services, whose calls are those of IAM and STS", () => {
    expect(JSON.parse(textOf("cloudtrail.json"))).toMatchObject({
      IncludeGlobalServiceEvents: true,
      IsMultiRegionTrail: true,
      EnableLogFileValidation: true,
    });
  });

  test("Azure's categories are those that exist and are switched on", () => {
    const known = [
      "Administrative",
      "Security",
      "ServiceHealth",
      "Alert",
      "Recommendation",
      "Policy",
      "Autoscale",
      "ResourceHealth",
    ];
    const logs = JSON.parse(textOf("azure-diagnostic-setting.json")) as {
      category: string;
      enabled: boolean;
    }[];
    expect(logs.filter(({ category, enabled }) => !known.includes(category) || !enabled)).toEqual([]);
    expect(logs.map(({ category }) => category)).toContain("Administrative");
  });

  test("Google's has reading calls, for all services", () => {
    const { auditConfigs } = JSON.parse(textOf("google-audit-config.json")) as {
      auditConfigs: { service: string; auditLogConfigs: { logType: string }[] }[];
    };
    expect(auditConfigs.map(({ service }) => service)).toEqual(["allServices"]);
    const types = auditConfigs.flatMap(({ auditLogConfigs }) =>
      auditLogConfigs.map(({ logType }) => logType),
    );
    expect(types).toEqual(["ADMIN_READ", "DATA_READ", "DATA_WRITE"]);
  });

  test("none holds a secret", () => {
    for (const name of ["keystone.conf", "cloudtrail.json", "google-audit-config.json", "api-sentinel.conf"])
      expect(linesOf(textOf(name)).join("\n"), name).not.toMatch(/password|secret|AKIA/i);
  });
});

const noCurl = ((): string | null => {
  try {
    execFileSync("curl", ["--version"], { stdio: "ignore" });
    return null;
  } catch {
    return "curl is absent (apt-get install curl)";
  }
})();

/** A stand-in for an API: answers every call, and logs its user agent or does not. */
describe("the check, on a stand-in for an API", skippedFor(noCurl), () => {
  let folder: string;
  let server: Server;
  let status = 201;
  let logs = true;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tyrian-cloud-check-"));
    writeFileSync(join(folder, "api.log"), "");
    server = createServer((request, response) => {
      if (logs) appendFileSync(join(folder, "api.log"), `agent ${request.headers["user-agent"] ?? ""}\n`);
      response.writeHead(status).end();
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const { port } = server.address() as AddressInfo;
    writeFileSync(join(folder, "curl.conf"), `url = "http://127.0.0.1:${String(port)}/"\n`);
  });

  afterAll(async () => {
    await new Promise((closed) => server.close(closed));
    rmSync(folder, { recursive: true, force: true });
  });

  function check(...parameters: string[]): Promise<{ code: number | null; text: string }> {
    return new Promise((done, failed) => {
      const child = spawn("/bin/sh", [join(agents, "check.sh"), ...parameters]);
      let text = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
      child.once("error", failed).once("close", (code) => done({ code, text }));
    });
  }
  const ordinary = (): string[] => [join(folder, "api.log"), "0", join(folder, "curl.conf")];

  test("says that calls arrive", async () => {
    expect(await check(...ordinary())).toMatchObject({ code: 0, text: expect.stringContaining("arrive in") });
  });

  test("says that they do not", async () => {
    logs = false;
    expect(await check(...ordinary())).toMatchObject({
      code: 1,
      text: expect.stringContaining("did not arrive"),
    });
    logs = true;
  });

  test("says what it could not use", async () => {
    status = 401;
    expect(await check(...ordinary())).toMatchObject({
      code: 2,
      text: expect.stringContaining("did not take"),
    });
    status = 201;
    expect(await check("/nonexistent")).toMatchObject({
      code: 2,
      text: expect.stringContaining("cannot be read"),
    });
    expect(await check()).toMatchObject({ code: 2, text: expect.stringContaining("usage: ") });
  });
});
