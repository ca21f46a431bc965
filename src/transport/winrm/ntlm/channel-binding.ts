import { createHash, X509Certificate } from "node:crypto";
import { TyrianError } from "../../../errors.js";
import { md5 } from "./digests.js";

/**
 * The hash that a certificate's signature uses, by the bytes of its algorithm's object identifier in hexadecimal. RFC 5929, 4.1 has
 * SHA-256 in the place of MD5 and SHA-1.
 */
const hashOf: Readonly<Record<string, string>> = {
  "2a864886f70d010104": "sha256", // md5WithRSAEncryption
  "2a864886f70d010105": "sha256", // sha1WithRSAEncryption
  "2a864886f70d01010e": "sha224", // sha224WithRSAEncryption
  "2a864886f70d01010b": "sha256", // sha256WithRSAEncryption
  "2a864886f70d01010c": "sha384", // sha384WithRSAEncryption
  "2a864886f70d01010d": "sha512", // sha512WithRSAEncryption
  "2a8648ce3d0401": "sha256", // ecdsa-with-SHA1
  "2a8648ce3d040301": "sha224", // ecdsa-with-SHA224
  "2a8648ce3d040302": "sha256", // ecdsa-with-SHA256
  "2a8648ce3d040303": "sha384", // ecdsa-with-SHA384
  "2a8648ce3d040304": "sha512", // ecdsa-with-SHA512
  "2b0e03021a": "sha256", // id-sha1, of RSASSA-PSS
  "608648016503040204": "sha224", // id-sha224, of RSASSA-PSS
  "608648016503040201": "sha256", // id-sha256, of RSASSA-PSS
  "608648016503040202": "sha384", // id-sha384, of RSASSA-PSS
  "608648016503040203": "sha512", // id-sha512, of RSASSA-PSS
};
const SHA1 = "2b0e03021a";
const RSASSA_PSS = "2a864886f70d01010a";
/** Of hashAlgorithm in RSASSA-PSS-params. */
const PSS_HASH_TAG = 0xa0;

/**
 * The channel binding of a TLS connection whose server showed this certificate, in the form of MsvAvChannelBindings (MS-NLMP
 * 2.2.2.1): the MD5 of a `gss_channel_bindings_struct` (RFC 2744, 3.11) without addresses, whose application data is
 * `tls-server-end-point:` and the certificate's hash (RFC 5929, 4).
 * @throws TyrianError `transport-failed` for what is no certificate, and for a signature algorithm for which RFC 5929 defines no
 * channel binding, such as Ed25519.
 */
export function channelBindingOf(certificateDer: Buffer): Buffer {
  const certificate = wellFormed(certificateDer);
  return channelBindingOfHash(createHash(signatureHash(certificate)).update(certificate).digest());
}

/** The same, of the certificate's hash. */
export function channelBindingOfHash(certificateHash: Buffer): Buffer {
  const applicationData = Buffer.concat([Buffer.from("tls-server-end-point:", "latin1"), certificateHash]);
  // Type and length of the initiator's and of the acceptor's address, none of which is given.
  const addresses = Buffer.alloc(16);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(applicationData.length);
  return md5(Buffer.concat([addresses, length, applicationData]));
}

/**
 * The hash of the signature algorithm of Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature } (RFC 5280, 4.1);
 * for RSASSA-PSS the one of its parameters (RFC 4055, 3.1).
 */
function signatureHash(certificate: Buffer): string {
  const [, algorithm] = elementsIn(elementsIn(certificate)[0]?.content);
  const [identifier, parameters] = elementsIn(algorithm?.content);
  const name = identifier?.content.toString("hex");
  const hash = hashOf[(name === RSASSA_PSS ? pssHash(parameters) : name) ?? ""];
  if (hash !== undefined) return hash;
  throw new TyrianError(
    "transport-failed",
    "The server's certificate is signed in a way for which no channel binding is defined (RFC 5929, 4.1).",
    { hint: "Give the host a certificate that is signed with RSA or ECDSA." },
  );
}

/** The certificate as OpenSSL reads it, so that what follows sees well-formed DER only. */
function wellFormed(certificateDer: Buffer): Buffer {
  try {
    return new X509Certificate(certificateDer).raw;
  } catch (thrown) {
    throw new TyrianError("transport-failed", "The server's certificate cannot be read.", { cause: thrown });
  }
}

/** hashAlgorithm of RSASSA-PSS-params, which is SHA-1 where it is absent. */
function pssHash(parameters: Element | undefined): string | undefined {
  const given = elementsIn(parameters?.content).find(({ tag }) => tag === PSS_HASH_TAG);
  if (given === undefined) return SHA1;
  const [algorithm] = elementsIn(given.content);
  return elementsIn(algorithm?.content)[0]?.content.toString("hex");
}

/** One element of DER (X.690). */
interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/** The elements that well-formed DER holds, one after the other. */
function elementsIn(der: Buffer = Buffer.alloc(0)): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < der.length;) {
    const first = der.readUInt8(at + 1);
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    const length = lengthBytes === 0 ? first : der.readUIntBE(at + 2, lengthBytes);
    const begin = at + 2 + lengthBytes;
    elements.push({ tag: der.readUInt8(at), content: der.subarray(begin, begin + length) });
    at = begin + length;
  }
  return elements;
}
