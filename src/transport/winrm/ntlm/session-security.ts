import { timingSafeEqual } from "node:crypto";
import { TyrianError } from "../../../errors.js";
import { hmacMd5, md5 } from "./digests.js";
import { Rc4 } from "./rc4.js";

/** A sealed message: its NTLMSSP_MESSAGE_SIGNATURE, and as many bytes as the plain text had. */
export interface Sealed {
  readonly signature: Buffer;
  readonly data: Buffer;
}

/**
 * Session security of NTLM with extended session security, 128-bit keys and key exchange (MS-NLMP 3.4), the only kind that is
 * accepted. Each direction has its keys, its key stream and its sequence numbers, so that a message that is lost, repeated, changed
 * or out of order does not verify. After one that does not, the context is dead: its key stream no longer stands where the
 * peer's does.
 */
export class SessionSecurity {
  readonly #outgoing: Direction;
  readonly #incoming: Direction;
  #dead = false;

  constructor(exportedSessionKey: Buffer, role: "client" | "server") {
    const toServer = new Direction(exportedSessionKey, "client-to-server");
    const toClient = new Direction(exportedSessionKey, "server-to-client");
    this.#outgoing = role === "client" ? toServer : toClient;
    this.#incoming = role === "client" ? toClient : toServer;
  }

  /**
   * Encrypts and signs the next message (MS-NLMP 3.4.3 and 3.4.6).
   * @throws TyrianError `answer-forged` in a dead context.
   */
  seal(plain: Buffer): Sealed {
    if (this.#dead) throw forged("an earlier one of this connection could not be verified");
    const data = this.#outgoing.cipher.apply(plain);
    return { signature: this.#outgoing.sign(plain), data };
  }

  /**
   * Decrypts and verifies the next message (MS-NLMP 3.4.3 and 3.4.7).
   * @throws TyrianError `answer-forged` where the signature is not the right one for this message at this place, and from then on.
   */
  unseal(signature: Buffer, data: Buffer): Buffer {
    if (this.#dead) throw forged("an earlier one of this connection could not be verified");
    const plain = this.#incoming.cipher.apply(data);
    const expected = this.#incoming.sign(plain);
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      this.#dead = true;
      throw forged("its signature is not the one of this message at this place");
    }
    return plain;
  }
}

function forged(problem: string): TyrianError {
  return new TyrianError("answer-forged", `An encrypted answer was refused: ${problem}.`);
}

class Direction {
  readonly cipher: Rc4;
  readonly #signingKey: Buffer;
  #sequence = 0;

  constructor(exportedSessionKey: Buffer, direction: "client-to-server" | "server-to-client") {
    this.cipher = new Rc4(keyOf(exportedSessionKey, direction, "sealing"));
    this.#signingKey = keyOf(exportedSessionKey, direction, "signing");
  }

  /** `MAC` with extended session security and key exchange: version, encrypted checksum, sequence number (MS-NLMP 3.4.4.2). */
  sign(plain: Buffer): Buffer {
    const sequence = Buffer.alloc(4);
    sequence.writeUInt32LE(this.#sequence);
    this.#sequence += 1;
    const checksum = hmacMd5(this.#signingKey, sequence, plain).subarray(0, 8);
    return Buffer.concat([Buffer.from([1, 0, 0, 0]), this.cipher.apply(checksum), sequence]);
  }
}

/** `SIGNKEY` and, for 128-bit keys, `SEALKEY` (MS-NLMP 3.4.5.2 and 3.4.5.3). */
function keyOf(exportedSessionKey: Buffer, direction: string, purpose: "signing" | "sealing"): Buffer {
  const constant = `session key to ${direction} ${purpose} key magic constant\0`;
  return md5(Buffer.concat([exportedSessionKey, Buffer.from(constant, "latin1")]));
}
