import { TyrianError } from "../../../errors.js";

/** `NTLMSSP` and a zero byte: the Signature of every message (MS-NLMP 2.2.1). */
const SIGNATURE = Buffer.from("NTLMSSP\0", "latin1");
/** The length of a payload field is a 16-bit number. */
const LONGEST_FIELD = 0xffff;

/** The MessageType of each message (MS-NLMP 2.2.1). */
const typeOf = { NEGOTIATE: 1, CHALLENGE: 2, AUTHENTICATE: 3 } as const;

export type MessageName = keyof typeof typeOf;

/** The error for a message that is not what the specification says. */
export function malformed(what: string, problem: string): TyrianError {
  return new TyrianError("transport-failed", `The ${what} is malformed: ${problem}.`, {
    hint: "Is this port WinRM's, and no proxy between? If nothing is wrong with the host, please report it.",
  });
}

/** Reads one message (MS-NLMP 2.2.1). Nothing is read that lies outside of it. */
export class MessageReader {
  readonly #message: Buffer;
  readonly #what: string;
  readonly #headerLength: number;

  /**
   * @param headerLength Bytes of the fixed part that must be there; the payload begins after it at the earliest.
   * @throws TyrianError `transport-failed` for what is another message, or is shorter than its fixed part.
   */
  constructor(message: Buffer, name: MessageName, headerLength: number) {
    this.#message = message;
    this.#what = `NTLM ${name}_MESSAGE`;
    this.#headerLength = headerLength;
    if (message.length < headerLength) {
      throw malformed(this.#what, `it has ${message.length} bytes, and must have ${headerLength} or more`);
    }
    if (!message.subarray(0, SIGNATURE.length).equals(SIGNATURE)) {
      throw malformed(this.#what, "it does not begin with NTLMSSP");
    }
    const type = this.uint32(SIGNATURE.length);
    if (type !== typeOf[name])
      throw malformed(this.#what, `its type is ${type}, and must be ${typeOf[name]}`);
  }

  /** A number of the fixed part. */
  uint32(at: number): number {
    return this.#message.readUInt32LE(at);
  }

  /** Bytes of the fixed part. */
  bytes(at: number, length: number): Buffer {
    return this.#message.subarray(at, at + length);
  }

  /**
   * What the 8 bytes at this place of the fixed part point to: length, maximum length and offset (MS-NLMP 2.2.1).
   * @throws TyrianError `transport-failed` where it does not lie within the payload.
   */
  payload(at: number, name: string): Buffer {
    const length = this.#message.readUInt16LE(at);
    const offset = this.#message.readUInt32LE(at + 4);
    if (length === 0) return Buffer.alloc(0);
    if (offset < this.#headerLength || offset + length > this.#message.length) {
      throw malformed(this.#what, `its ${name} (${length} bytes at ${offset}) does not lie within it`);
    }
    return this.#message.subarray(offset, offset + length);
  }
}

/** A payload field, and the place in the fixed part of the 8 bytes that point to it. */
export interface PayloadField {
  readonly at: number;
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * A message with its payload in the given order; the rest of its fixed part is zero, for the caller to fill in.
 * @throws TyrianError `transport-failed` for a field of more than 65,535 bytes.
 */
export function layOut(name: MessageName, headerLength: number, payload: readonly PayloadField[]): Buffer {
  const header = Buffer.alloc(headerLength);
  SIGNATURE.copy(header);
  header.writeUInt32LE(typeOf[name], SIGNATURE.length);
  let offset = headerLength;
  for (const field of payload) {
    if (field.bytes.length > LONGEST_FIELD) {
      throw malformed(`NTLM ${name}_MESSAGE`, `its ${field.name} would have ${field.bytes.length} bytes`);
    }
    header.writeUInt16LE(field.bytes.length, field.at);
    header.writeUInt16LE(field.bytes.length, field.at + 2);
    header.writeUInt32LE(offset, field.at + 4);
    offset += field.bytes.length;
  }
  return Buffer.concat([header, ...payload.map(({ bytes }) => bytes)]);
}

/** A text of a message or of a key, in UTF-16 (MS-NLMP 2.2, `NTLMSSP_NEGOTIATE_UNICODE`). */
export function unicode(text: string): Buffer {
  return Buffer.from(text, "utf16le");
}
