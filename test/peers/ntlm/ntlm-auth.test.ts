import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NtlmClient } from "../../../src/transport/winrm/ntlm/client.js";
import { SessionSecurity } from "../../../src/transport/winrm/ntlm/session-security.js";
import { skippedFor } from "../../skipped.js";
import { NtlmAcceptor } from "../../winrm-server/ntlm-acceptor.js";
import { type LinePeer, peersOfTest } from "../line-peer.js";

/** Samba's `ntlm_auth`, without a domain and without winbindd, in both roles (man ntlm_auth, --helper-protocol). */
const missing =
  spawnSync("ntlm_auth", ["--version"]).status === 0
    ? null
    : "Samba's ntlm_auth is not installed (apt-get install winbind)";

const account = { user: "lab", domain: "LABDOM", password: "Pa55w0rd! é" };

/** The token after the letters that begin a line, which must be these. */
function tokenOf(line: string, letters: string): Buffer {
  expect(line.split(" ")[0], line).toBe(letters);
  return Buffer.from(line.slice(letters.length + 1), "base64");
}

describe("Samba's ntlm_auth", skippedFor(missing), () => {
  const start = peersOfTest();
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tyrian-ntlm-auth-"));
    const places = ["private dir", "lock directory", "state directory", "cache directory", "pid directory"];
    const settings = [
      "workgroup = LABDOM",
      "server role = standalone",
      ...places.map((place) => `${place} = ${folder}`),
    ];
    writeFileSync(join(folder, "smb.conf"), `[global]\n${settings.join("\n")}\n`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function ntlmAuth(protocol: string): LinePeer {
    const { user, password, domain } = account;
    return start("ntlm_auth", [
      `--configfile=${join(folder, "smb.conf")}`,
      `--helper-protocol=${protocol}`,
      `--username=${user}`,
      `--password=${password}`,
      `--domain=${domain}`,
    ]);
  }

  test("as the server, takes our client, and has the session key that our client seals with", async () => {
    const server = ntlmAuth("squid-2.5-ntlmssp");
    const client = new NtlmClient(account);
    const challenge = tokenOf(await server.ask(`YR ${client.negotiate().toString("base64")}`), "TT");
    const answer = client.authenticate(challenge);
    expect(await server.ask(`KK ${answer.toString("base64")}`)).toBe("AF LABDOM\\lab");
    const theirs = new SessionSecurity(tokenOf(await server.ask("GK"), "GK"), "server");
    const sealed = client.seal(Buffer.from("to the server"));
    expect(theirs.unseal(sealed.signature, sealed.data).toString()).toBe("to the server");
  });

  test.each([
    ["a wrong password", { password: "Pa55w0rd!" }, 0],
    ["a changed integrity code", {}, 72],
    ["a changed workstation, which only the integrity code protects", { workstation: "HERE" }, 100],
  ])("as the server, refuses %s", async (_, changed, at) => {
    const server = ntlmAuth("squid-2.5-ntlmssp");
    const client = new NtlmClient({ ...account, ...changed });
    const challenge = tokenOf(await server.ask(`YR ${client.negotiate().toString("base64")}`), "TT");
    const answer = client.authenticate(challenge);
    if (at > 0) answer.writeUInt8(answer.readUInt8(at) ^ 1, at);
    expect(await server.ask(`KK ${answer.toString("base64")}`)).toMatch(/^NA /);
  });

  test("as the client, is taken by the stand-in's acceptor, with the same session key", async () => {
    const client = ntlmAuth("ntlmssp-client-1");
    const acceptor = new NtlmAcceptor({ accounts: [account], targetName: "LABHOST" });
    const features = ["SESSION_KEY", "SIGN", "SEAL"].map((one) => `NTLMSSP_FEATURE_${one}`).join(" ");
    expect(await client.ask(`SF ${features}`)).toBe("OK");
    const challenge = acceptor.challenge(tokenOf(await client.ask("YR"), "YR"));
    const answer = await client.ask(`TT ${challenge.toString("base64")}`);
    expect(acceptor.accept(tokenOf(answer, "AF"))).toEqual({ user: "lab", domain: "LABDOM" });
    const theirs = new SessionSecurity(tokenOf(await client.ask("GK"), "GK"), "client");
    const sealed = acceptor.seal(Buffer.from("to the client"));
    expect(theirs.unseal(sealed.signature, sealed.data).toString()).toBe("to the client");
  });
});
