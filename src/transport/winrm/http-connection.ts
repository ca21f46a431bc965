import { Agent, request, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { TyrianError } from "../../errors.js";
import { reasonOf } from "../abort.js";
import { UnknownOutcome } from "./unknown-outcome.js";

/** An answer as it came over the wire. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  /** The values of `WWW-Authenticate`, one an entry. */
  readonly challenges: readonly string[];
  /** What the server calls itself; empty when it does not. */
  readonly server: string;
  readonly body: Buffer;
}

export interface HttpConnectionOptions {
  readonly target: string;
  readonly authority: string;
  readonly https: boolean;
  readonly maxAnswerBytes: number;
}

/** HTTP/1.1 on one connection, which was opened by others and is never replaced: authentication belongs to it. */
export class HttpConnection {
  readonly #socket: Duplex;
  readonly #options: HttpConnectionOptions;
  readonly #agent: Agent;
  #handedOver = false;
  #closed = false;
  #answered = false;

  constructor(socket: Duplex, options: HttpConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
    this.#agent.createConnection = () => {
      if (this.#handedOver) throw new Error("the connection was closed");
      this.#handedOver = true;
      return socket;
    };
    socket.on("error", () => {});
    socket.once("close", () => (this.#closed = true));
    socket.once("end", () => (this.#closed = true));
  }

  /** Whether another message can be sent, as far as is known here. */
  get usable(): boolean {
    return !this.#closed && !this.#socket.destroyed && this.#socket.writable;
  }

  close(): void {
    this.#closed = true;
    this.#agent.destroy();
    this.#socket.destroy();
  }

  /**
   * Sends one request and reads its whole answer.
   * @throws UnknownOutcome when the connection ended before that, the signal was aborted (`connect-failed`), the other side speaks
   *   something else (`not-winrm`) or the answer is too large (`transport-failed`).
   */
  post(headers: Readonly<Record<string, string>>, body: Buffer, signal: AbortSignal): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const fail = (error: TyrianError): void => {
        signal.removeEventListener("abort", onAbort);
        this.close();
        reject(new UnknownOutcome(error));
      };
      const onAbort = (): void => fail(this.#lost(reasonOf(signal).message));
      if (signal.aborted) return onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      const sending = request({
        agent: this.#agent,
        method: "POST",
        path: "/wsman",
        headers: {
          Host: this.#options.authority,
          "User-Agent": "tyrian",
          "Accept-Encoding": "identity",
          ...headers,
          "Content-Length": String(body.length),
        },
      });
      // It may have been opened paused, for others to take over.
      sending.once("socket", (socket) => socket.resume());
      sending.on("error", (error) => fail(this.#explain(error)));
      sending.on("response", (response) => {
        this.#answered = true;
        const pieces: Buffer[] = [];
        let length = 0;
        response.on("data", (piece: Buffer) => {
          length += piece.length;
          if (length > this.#options.maxAnswerBytes) return fail(this.#tooLarge());
          pieces.push(piece);
        });
        response.on("error", (error) => fail(this.#explain(error)));
        response.on("end", () => {
          signal.removeEventListener("abort", onAbort);
          if (!response.complete) return fail(this.#lost("the answer was cut short"));
          if (!sending.shouldKeepAlive) this.#closed = true;
          resolve(answerOf(response, Buffer.concat(pieces, length)));
        });
      });
      sending.end(body);
    });
  }

  #tooLarge(): TyrianError {
    const { target, maxAnswerBytes } = this.#options;
    return new TyrianError(
      "transport-failed",
      `${target} gave an answer of more than ${String(maxAnswerBytes)} bytes, which is more than it was told to.`,
    );
  }

  #lost(why: string): TyrianError {
    return new TyrianError("connect-failed", `The connection to ${this.#options.target} was lost: ${why}.`);
  }

  #explain(error: NodeJS.ErrnoException & { rawPacket?: Buffer }): TyrianError {
    const { target, https } = this.#options;
    if (error.code?.startsWith("HPE_") === true) {
      // What TLS says to those who do not speak it is an alert, a record of type 21.
      const isTls = error.rawPacket?.[0] === 21;
      return new TyrianError(
        "not-winrm",
        `${target} does not answer in HTTP${isTls ? ": the port speaks HTTPS" : ""}.`,
        isTls
          ? { hint: "Write `https: true` in the inventory, or name the port of a plain HTTP listener." }
          : {},
      );
    }
    const maybeTls = !https && !this.#answered ? "; a port that speaks HTTPS does that to plain HTTP" : "";
    return this.#lost(`${error.message}${maybeTls}`);
  }
}

function answerOf(response: IncomingMessage, body: Buffer): HttpAnswer {
  return {
    status: response.statusCode ?? 0,
    contentType: String(response.headers["content-type"] ?? ""),
    challenges: response.headersDistinct["www-authenticate"] ?? [],
    server: String(response.headers.server ?? ""),
    body,
  };
}
