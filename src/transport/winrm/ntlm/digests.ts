import { createHash, createHmac } from "node:crypto";
import md4OfPackage from "js-md4";

/** The digests of MS-NLMP, section 6. MD4 is not in OpenSSL 3, which Node is built with. */

export function md4(bytes: Buffer): Buffer {
  return Buffer.from(md4OfPackage.arrayBuffer(bytes));
}

export function md5(bytes: Buffer): Buffer {
  return createHash("md5").update(bytes).digest();
}

export function hmacMd5(key: Buffer, ...parts: readonly Buffer[]): Buffer {
  const hmac = createHmac("md5", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}
