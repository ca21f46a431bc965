import { createHash } from "node:crypto";
import { TyrianError } from "../../errors.js";

/** What the inventory pins of a host's key. */
export interface PinnedHostKey {
  /** `SHA256:...`, as `ssh-keygen -lf` prints it. */
  readonly fingerprint: string;
  /** Host key algorithms to ask the server for; null when only the fingerprint is known. */
  readonly algorithms: readonly ServerHostKeyAlgorithm[] | null;
}

export type ServerHostKeyAlgorithm =
  | "ssh-ed25519"
  | "ecdsa-sha2-nistp256"
  | "ecdsa-sha2-nistp384"
  | "ecdsa-sha2-nistp521"
  | "rsa-sha2-512"
  | "rsa-sha2-256";

/** The algorithms that prove a key of each type, in order of preference. SHA-1 (`ssh-rsa` signatures) is not among them. */
const algorithmsOf: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
};

/** Every algorithm that is accepted, in the order in which a server is asked when only a fingerprint is pinned. */
export const hostKeyAlgorithms: readonly ServerHostKeyAlgorithm[] = Object.values(algorithmsOf).flat();

/** The fingerprint of a public key in wire format. */
export function fingerprintOf(key: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/**
 * Reads the inventory's `hostKey`.
 * @throws TyrianError `inventory-invalid` for a key that is damaged, or of a type that is not accepted.
 */
export function parseHostKey(pinned: string, target: string): PinnedHostKey {
  const text = pinned.trim();
  if (text.startsWith("SHA256:")) {
    const fingerprint = text.replace(/=+$/, "");
    // 32 bytes are 43 characters without padding.
    if (fingerprint.length !== "SHA256:".length + 43) {
      throw invalid(target, `the fingerprint "${text}" is not 43 characters long`);
    }
    return { fingerprint, algorithms: null };
  }
  const [type = "", encoded = ""] = text.split(/\s+/);
  const key = Buffer.from(encoded, "base64");
  const algorithms = algorithmsOf[type];
  if (algorithms === undefined) throw invalid(target, `keys of type "${type}" are not accepted`);
  if (typeInside(key) !== type)
    throw invalid(target, `the key does not hold a key of type "${type}"; is it cut?`);
  return { fingerprint: fingerprintOf(key), algorithms };
}

function typeInside(key: Buffer): string | null {
  if (key.length < 4) return null;
  const length = key.readUInt32BE(0);
  return length <= key.length - 4 ? key.toString("latin1", 4, 4 + length) : null;
}

function invalid(target: string, problem: string): TyrianError {
  return new TyrianError("inventory-invalid", `The hostKey of ${target} cannot be used: ${problem}.`, {
    hint: "Copy it from the host: `cat /etc/ssh/ssh_host_ed25519_key.pub`.",
  });
}
