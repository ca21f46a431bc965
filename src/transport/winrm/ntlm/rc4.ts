/** One RC4 key stream (MS-NLMP 6, `RC4Init` and `RC4`). Node's OpenSSL 3 has no RC4. */
export class Rc4 {
  readonly #state = Uint8Array.from({ length: 256 }, (_, index) => index);
  #i = 0;
  #j = 0;

  constructor(key: Buffer) {
    const state = this.#state;
    for (let i = 0, j = 0; i < 256; i++) {
      const held = state[i] ?? 0;
      j = (j + held + (key[i % key.length] ?? 0)) & 0xff;
      state[i] = state[j] ?? 0;
      state[j] = held;
    }
  }

  /** Encrypts or decrypts the next bytes of the stream. */
  apply(bytes: Buffer): Buffer {
    const state = this.#state;
    const result = Buffer.allocUnsafe(bytes.length);
    let i = this.#i;
    let j = this.#j;
    for (let at = 0; at < bytes.length; at++) {
      i = (i + 1) & 0xff;
      const one = state[i] ?? 0;
      j = (j + one) & 0xff;
      const other = state[j] ?? 0;
      state[i] = other;
      state[j] = one;
      result[at] = (bytes[at] ?? 0) ^ (state[(one + other) & 0xff] ?? 0);
    }
    this.#i = i;
    this.#j = j;
    return result;
  }
}
