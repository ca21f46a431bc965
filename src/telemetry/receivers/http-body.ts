import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { createGunzip, createInflate } from "node:zlib";

/** Why a body was not read: too large (413), packed in a form that is not read (415), damaged (400), no room now (503). */
export type BodyProblem = "too-large" | "encoding" | "damaged" | "no-room";

export class BodyError extends Error {
  constructor(readonly problem: BodyProblem) {
    super(problem);
  }
}

/** Bytes of all bodies that are being read at once. */
const MOST_BYTES_AT_ONCE = 256 * 1024 * 1024;

/** Reads the bodies of requests as they come, and no more of them than is allowed. */
export class BodyReader {
  readonly #maximumBytes: number;
  #held = 0;

  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes;
  }

  /**
   * Reads a body, unpacks it (`Content-Encoding` gzip or deflate), and gives it to `use`; until that ends, its bytes count.
   * @throws BodyError
   */
  async with<T>(request: IncomingMessage, use: (body: Buffer) => Promise<T>): Promise<T> {
    const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
    if (Number(request.headers["content-length"] ?? 0) > this.#maximumBytes) throw new BodyError("too-large");
    let bytes = 0;
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of unpacked(request, encoding)) {
        bytes += chunk.length;
        this.#held += chunk.length;
        if (bytes > this.#maximumBytes) throw new BodyError("too-large");
        if (this.#held > MOST_BYTES_AT_ONCE) throw new BodyError("no-room");
        chunks.push(chunk);
      }
      return await use(Buffer.concat(chunks));
    } finally {
      this.#held -= bytes;
    }
  }
}

async function* unpacked(request: IncomingMessage, encoding: string): AsyncGenerator<Buffer> {
  // Not destroyed when it is left: the answer that says why goes out over the same connection.
  if (encoding === "identity") {
    yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    return;
  }
  if (encoding !== "gzip" && encoding !== "x-gzip" && encoding !== "deflate") throw new BodyError("encoding");
  const unpacker = encoding === "deflate" ? createInflate() : createGunzip();
  // An error of the request (it was cut) ends the unpacking too.
  request.once("error", (error) => unpacker.destroy(error));
  request.once("aborted", () => unpacker.destroy(new BodyError("damaged")));
  try {
    yield* request.pipe(unpacker) as Readable as AsyncIterable<Buffer>;
  } catch (thrown) {
    throw thrown instanceof BodyError ? thrown : new BodyError("damaged");
  } finally {
    unpacker.destroy();
  }
}
