import { createHash } from "node:crypto";

/** What `TLSSocket.getCertificate` gives. */
type OwnCertificate = { readonly raw?: Buffer } | object | null;

/**
 * The channel binding of a TLS server as NTLM carries it: MD5 over `gss_channel_bindings_struct` without addresses
 * (RFC 2744 3.11, MS-NLMP 2.2.2.1), its application data being `tls-server-end-point` (RFC 5929 4.1).
 */
export function channelBindingOf(own: OwnCertificate): Buffer {
  if (own === null || !("raw" in own) || own.raw === undefined)
    throw new Error("the connection has no certificate");
  // The hash of the certificate's signature algorithm, which is SHA-256 for those that certificates.ts makes.
  const hash = createHash("sha256").update(own.raw).digest();
  const data = Buffer.concat([Buffer.from("tls-server-end-point:"), hash]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(data.length);
  // Type and length of the addresses of both sides are four zeros of 32 bits.
  return createHash("md5")
    .update(Buffer.concat([Buffer.alloc(16), length, data]))
    .digest();
}
