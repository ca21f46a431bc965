/** Message encryption of Negotiate over HTTP (MS-WSMV 2.2.9.1): a multipart body with the sealed envelope in its second part. */

const boundary = "--Encrypted Boundary\r\n";
const ending = "--Encrypted Boundary--\r\n";
const protocol = "application/HTTP-SPNEGO-session-encrypted";

export const encryptedType = `multipart/encrypted;protocol="${protocol}";boundary="Encrypted Boundary"`;

/** What seals messages: the session of NTLM on one connection. */
export interface Sealing {
  seal(plain: Buffer): { signature: Buffer; data: Buffer };
  /** @throws Error when the signature does not match. */
  unseal(signature: Buffer, data: Buffer): Buffer;
}

export function isEncryptedType(contentType: string): boolean {
  const [type, ...parameters] = contentType.split(";").map((part) => part.trim());
  return (
    type?.toLowerCase() === "multipart/encrypted" &&
    parameters.includes(`protocol="${protocol}"`) &&
    parameters.includes('boundary="Encrypted Boundary"')
  );
}

export function sealBody(sealing: Sealing, envelope: Buffer): Buffer {
  const { signature, data } = sealing.seal(envelope);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(signature.length);
  return Buffer.concat([Buffer.from(headers(envelope.length)), length, signature, data, Buffer.from(ending)]);
}

/** @throws Error that says what is not as the specification has it. */
export function unsealBody(sealing: Sealing, body: Buffer): Buffer {
  const [head, length] = readHeaders(body);
  const content = body.subarray(head.length, body.length - ending.length);
  if (body.subarray(-ending.length).toString("latin1") !== ending)
    throw new Error("the last boundary is missing");
  if (content.length < 4) throw new Error("the length of the signature is missing");
  const signatureLength = content.readUInt32LE();
  if (signatureLength > content.length - 4) throw new Error("the signature is longer than the content");
  const signature = content.subarray(4, 4 + signatureLength);
  const plain = sealing.unseal(signature, content.subarray(4 + signatureLength));
  if (plain.length !== length) throw new Error(`Length is ${length}, the envelope has ${plain.length} bytes`);
  return plain;
}

function headers(length: number): string {
  return (
    `${boundary}\tContent-Type: ${protocol}\r\n` +
    `\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=${length}\r\n` +
    `${boundary}\tContent-Type: application/octet-stream\r\n`
  );
}

function readHeaders(body: Buffer): [text: string, length: number] {
  const found = new RegExp(
    `^${boundary}[\\t ]*Content-Type: ${protocol.replace("+", "\\+")}\\r\\n` +
      "[\\t ]*OriginalContent: type=application/soap\\+xml;charset=UTF-8;Length=(\\d+)\\r\\n" +
      `${boundary}[\\t ]*Content-Type: application/octet-stream\\r\\n`,
    "i",
  ).exec(body.toString("latin1"));
  if (found === null) throw new Error("the parts are not those of an encrypted message");
  return [found[0], Number(found[1])];
}
