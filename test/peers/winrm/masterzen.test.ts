import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { skippedFor } from "../../skipped.js";
import { makeCertificates, noOpenssl, type Certificates } from "../../winrm-server/certificates.js";
import { posixShell } from "../../winrm-server/posix-shell.js";
import { account } from "../../winrm-server/raw-client.js";
import { startWinrmStandIn, type StandInOptions, type WinrmStandIn } from "../../winrm-server/server.js";
import { buildMasterzen, masterzen, noMasterzen } from "./programs.js";

/** masterzen/winrm of Debian, the client of Packer and Terraform, against the stand-in. It has no message encryption. */
describe("masterzen/winrm", skippedFor(noMasterzen ?? noOpenssl), () => {
  let program: string;
  let folder: string;
  let certificates: Certificates;
  let standIn: WinrmStandIn;

  beforeAll(async () => {
    program = await buildMasterzen();
    folder = mkdtempSync(join(tmpdir(), "tyrian-masterzen-"));
    certificates = makeCertificates(account.principal);
    writeFileSync(join(folder, "authority.pem"), certificates.authority);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(() => standIn.stop());

  async function run(
    mode: "basic" | "ntlm" | "https",
    options: Partial<StandInOptions>,
    ...lines: string[]
  ): ReturnType<typeof masterzen> {
    standIn = await startWinrmStandIn({
      interpreter: posixShell,
      accounts: [account],
      authentication: { basic: mode !== "ntlm" },
      ...options,
    });
    return await masterzen(program, account, [
      String(standIn.port),
      mode,
      join(folder, "authority.pem"),
      ...lines,
    ]);
  }

  test.each<["basic" | "ntlm" | "https", () => Partial<StandInOptions>]>([
    ["basic", () => ({ allowUnencrypted: true })],
    ["ntlm", () => ({ allowUnencrypted: true })],
    ["https", () => ({ certificate: certificates.server })],
  ])("runs whole sessions by %s, with input", async (mode, options) => {
    const outcomes = await run(mode, options(), 'echo "a & b]"; cat; exit 3', "cat >&2; seq 1 60000");
    expect(outcomes[0]).toEqual({ stdout: "a & b]\ntyped\n", stderr: "", exitCode: 3, error: null });
    expect(outcomes[1]?.stderr).toBe("typed\n");
    expect(outcomes[1]?.stdout).toBe(
      Array.from({ length: 60_000 }, (_unused, index) => `${index + 1}\n`).join(""),
    );
    expect(standIn.shells()).toEqual([]);
  });

  test("tells of a wrong content type, and of a server that wants encryption", async () => {
    const change = { type: "content-type", value: "text/html" } as const;
    const odd = await run(
      "basic",
      { allowUnencrypted: true, misbehaviour: [{ on: "operation", effect: { type: "after", change } }] },
      "x",
    );
    expect(odd[0]?.error).toMatch(/invalid content type/);
    await standIn.stop();
    expect((await run("ntlm", {}, "x"))[0]?.error).toMatch(/500/);
  });
});
