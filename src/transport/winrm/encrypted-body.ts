import { TyrianError } from "../../errors.js";
import type { WireBody } from "./authentication.js";

/** A message as the security context has sealed it. */
export interface SealedMessage {
  readonly signature: Buffer;
  readonly data: Buffer;
}

const PROTOCOL = "application/HTTP-SPNEGO-session-encrypted";
const DELIMITER = "--Encrypted Boundary";

/** The body of a request or an answer that holds a sealed message (MS-WSMV 2.2.9.1). */
export function packEncrypted(message: WireBody, { signature, data }: SealedMessage): WireBody {
  const head = [
    DELIMITER,
    `\tContent-Type: ${PROTOCOL}`,
    `\tOriginalContent: type=${message.contentType};Length=${String(message.body.length)}`,
    DELIMITER,
    "\tContent-Type: application/octet-stream",
    "",
  ].join("\r\n");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(signature.length);
  return {
    contentType: `multipart/encrypted;protocol="${PROTOCOL}";boundary="Encrypted Boundary"`,
    body: Buffer.concat([Buffer.from(head), length, signature, data, Buffer.from(`${DELIMITER}--\r\n`)]),
  };
}

/** What a body says of the message in it, and the sealed message. */
export interface PackedMessage extends SealedMessage {
  readonly contentType: string;
  /** Bytes of the clear text. */
  readonly length: number;
}

/** @throws TyrianError `answer-forged` for a body that holds no sealed message: nothing else is accepted in its place. */
export function unpackEncrypted({ contentType, body }: WireBody): PackedMessage {
  if (!/^multipart\/encrypted\b/i.test(contentType)) throw unusable("it is not encrypted");
  // The parts' headers end with those of the second; what follows them is binary. Exchange writes a blank after the hyphens.
  const text = body.toString("latin1");
  const head =
    /^-- ?Encrypted Boundary\r\n((?:[\t ]*[A-Za-z-]+:[^\r\n]*\r\n)+)-- ?Encrypted Boundary\r\n[\t ]*Content-Type: *application\/octet-stream\r\n/i.exec(
      text,
    );
  const original = /OriginalContent: *type=([^\r\n]*?); *Length=(\d{1,9})[\t ]*\r\n/i.exec(head?.[1] ?? "");
  const tail = /-- ?Encrypted Boundary--(?:\r\n)?$/.exec(text);
  if (head === null || original === null || tail === null || tail.index < head[0].length + 4) {
    throw unusable("it has not the two parts of an encrypted message");
  }
  const start = head[0].length + 4;
  const signatureLength = body.readUInt32LE(head[0].length);
  if (signatureLength > tail.index - start) throw unusable("its signature is longer than the message");
  return {
    contentType: original[1] ?? "",
    length: Number(original[2]),
    signature: body.subarray(start, start + signatureLength),
    data: body.subarray(start + signatureLength, tail.index),
  };
}

function unusable(why: string): TyrianError {
  return new TyrianError("answer-forged", `The host's answer cannot be taken for the host's: ${why}.`);
}
