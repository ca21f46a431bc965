import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  channelBindingOf,
  channelBindingOfHash,
} from "../../../../src/transport/winrm/ntlm/channel-binding.js";
import { skippedFor } from "../../../skipped.js";
import { refusal } from "./exchange.js";

const noOpenssl =
  spawnSync("openssl", ["version"]).status === 0
    ? null
    : "openssl is not installed (apt-get install openssl)";

describe("the channel binding of a certificate that openssl made", skippedFor(noOpenssl), () => {
  let folder = "";
  const openssl = (...args: readonly string[]): Buffer =>
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tyrian-channel-binding-"));
    openssl("genpkey", "-algorithm", "rsa", "-out", "rsa");
    openssl("genpkey", "-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", "ec");
    openssl("genpkey", "-algorithm", "ed25519", "-out", "ed25519");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** A self-signed certificate in DER, made with a key and what follows it. */
  function certificate(...args: readonly string[]): Buffer {
    return openssl("req", "-x509", "-subj", "/CN=localhost", "-outform", "DER", "-key", ...args);
  }

  const pss = ["rsa", "-sigopt", "rsa_padding_mode:pss"] as const;
  // RFC 5929, 4.1: the hash of the signature, and SHA-256 in the place of MD5 and SHA-1.
  test.each([
    ["RSA with SHA-256", "sha256", ["rsa", "-sha256"]],
    ["RSA with SHA-384", "sha384", ["rsa", "-sha384"]],
    ["RSA with SHA-512", "sha512", ["rsa", "-sha512"]],
    ["RSA with SHA-224", "sha224", ["rsa", "-sha224"]],
    ["RSA with SHA-1", "sha256", ["rsa", "-sha1"]],
    ["RSA with MD5", "sha256", ["rsa", "-md5"]],
    ["RSASSA-PSS with SHA-1, the default", "sha256", [...pss, "-sha1"]],
    ["RSASSA-PSS with SHA-256", "sha256", [...pss, "-sha256"]],
    ["RSASSA-PSS with SHA-512", "sha512", [...pss, "-sha512"]],
    ["ECDSA with SHA-1", "sha256", ["ec", "-sha1"]],
    ["ECDSA with SHA-256", "sha256", ["ec", "-sha256"]],
    ["ECDSA with SHA-384", "sha384", ["ec", "-sha384"]],
  ])("signed by %s is made with %s", (_, hash, args) => {
    const der = certificate(...args);
    expect(channelBindingOf(der)).toEqual(channelBindingOfHash(createHash(hash).update(der).digest()));
  });

  test("Ed25519, for which none is defined, is refused with a code", () => {
    expect(refusal(() => channelBindingOf(certificate("ed25519")))).toBe("transport-failed");
  });

  test("what is no certificate is refused with a code", () => {
    const der = certificate("ec");
    expect(refusal(() => channelBindingOf(Buffer.alloc(0)))).toBe("transport-failed");
    expect(refusal(() => channelBindingOf(der.subarray(0, -1)))).toBe("transport-failed");
  });
});
