import { generateKeyPairSync, randomBytes } from "node:crypto";

/** A new ed25519 key in the forms that OpenSSH reads. */
export interface SshKey {
  /** The private key file's text (format openssh-key-v1, no passphrase). */
  readonly privateText: string;
  /** `ssh-ed25519 AAAA...`, without a comment. */
  readonly publicLine: string;
}

function field(value: string | Buffer): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/**
 * Makes an ed25519 key without a child process, because `ssh-keygen` for each host is most of a lab's start-up time.
 * Source of the format: OpenSSH, PROTOCOL.key.
 */
export function newSshKey(comment: string): SshKey {
  const pair = generateKeyPairSync("ed25519");
  const jwk = pair.privateKey.export({ format: "jwk" });
  const publicBytes = Buffer.from(jwk.x as string, "base64url");
  const seed = Buffer.from(jwk.d as string, "base64url");
  const type = "ssh-ed25519";
  const publicBlob = Buffer.concat([field(type), field(publicBytes)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([
    check,
    check,
    field(type),
    field(publicBytes),
    field(Buffer.concat([seed, publicBytes])),
    field(comment),
  ]);
  // Padded with 1, 2, 3, ... to the block size of the cipher "none", 8 bytes.
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const count = Buffer.from([0, 0, 0, 1]);
  const body = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    field("none"),
    field("none"),
    field(""),
    count,
    field(publicBlob),
    field(Buffer.concat([secret, padding])),
  ]);
  const lines = body.toString("base64").match(/.{1,70}/g) as string[];
  return {
    privateText: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicLine: `${type} ${publicBlob.toString("base64")}`,
  };
}
