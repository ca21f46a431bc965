import type { Duplex } from "node:stream";
import { TyrianError } from "../../errors.js";
import { orAborted, reasonOf } from "../abort.js";
import type { Credentials, LaneAuthentication } from "./authentication.js";
import { HttpConnection, type HttpAnswer } from "./http-connection.js";
import { challengeOf, offeredSchemes, refusal } from "./http-refusal.js";
import { UnknownOutcome } from "./unknown-outcome.js";

/** A connection to the host on which nothing was said yet. */
export interface OpenedSocket {
  readonly socket: Duplex;
  /** The server's certificate in DER; null without TLS. */
  readonly certificate: Buffer | null;
}

export interface LaneOptions {
  readonly target: string;
  /** The value of the `Host` header. */
  readonly authority: string;
  readonly https: boolean;
  readonly credentials: Credentials;
  /** Opens a connection; an aborted signal rejects with its reason. */
  readonly open: (signal: AbortSignal) => Promise<OpenedSocket>;
  /** Bytes of an answer that are accepted. */
  readonly maxAnswerBytes: number;
}

export interface ExchangeOptions {
  /** Ends the exchange, and the connection with it. */
  readonly signal: AbortSignal;
  /** Ends the connecting only. */
  readonly connecting?: AbortSignal;
  /** The message must not be sent a second time, whatever happens. */
  readonly once?: boolean;
}

/** A connection and what was proved on it. */
interface Context {
  readonly connection: HttpConnection;
  readonly authentication: LaneAuthentication;
}

/** Milliseconds without use after which a connection is not trusted: what stands between may have forgotten it without a word. */
const STALE_AFTER = 30_000;

/** More tokens than any handshake has. */
const MOST_TOKENS = 6;

/** One authenticated connection to the host's service, made when it is needed and again after it was closed. One exchange at a time. */
export class Lane {
  readonly #options: LaneOptions;
  #context: Context | null = null;
  /** How often it was closed. */
  #closures = 0;
  #usedAt = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /**
   * Sends a message and returns the clear text of the answer.
   * @throws TyrianError when the host has surely not taken the message (`connect-failed`, `tls-failed`, `auth-failed`);
   *   UnknownOutcome otherwise.
   */
  async exchange(
    xml: string,
    { signal, connecting = signal, once = false }: ExchangeOptions,
  ): Promise<string> {
    if (performance.now() - this.#usedAt > STALE_AFTER) this.close();
    for (;;) {
      const present = this.#context?.connection.usable === true ? this.#context : null;
      const context = present ?? (await this.#connect(AbortSignal.any([signal, connecting])));
      const answer = await this.#post(context, xml, signal);
      if (answer.status !== 401) return this.#open(context, answer);
      this.close();
      // Not authenticated, so not read: on a connection that had been, it is authenticated anew.
      if (present === null || once) throw this.#refused(answer, context.authentication);
    }
  }

  close(): void {
    this.#closures += 1;
    this.#context?.connection.close();
    this.#context = null;
  }

  async #connect(signal: AbortSignal): Promise<Context> {
    this.close();
    const closures = this.#closures;
    const { target, authority, https, credentials, open, maxAnswerBytes } = this.#options;
    const { socket, certificate } = await open(signal);
    const connection = new HttpConnection(socket, { target, authority, https, maxAnswerBytes });
    try {
      const authentication = credentials.authenticate({ certificate });
      await this.#handshake(connection, authentication, signal);
      if (this.#closures !== closures) {
        throw new TyrianError(
          "disconnected",
          `The session with ${target} was closed while it was connecting.`,
        );
      }
      this.#context = { connection, authentication };
      return this.#context;
    } catch (thrown) {
      connection.close();
      if (!(thrown instanceof UnknownOutcome)) throw thrown;
      // No message was on its way yet.
      throw signal.aborted ? reasonOf(signal) : thrown.error;
    }
  }

  async #handshake(
    connection: HttpConnection,
    authentication: LaneAuthentication,
    signal: AbortSignal,
  ): Promise<void> {
    let token = await orAborted(authentication.begin(), signal);
    for (let sent = 0; token !== null; sent += 1) {
      const answer = await connection.post(
        {
          "Content-Type": "application/soap+xml;charset=UTF-8",
          Authorization: `${authentication.scheme} ${token.toString("base64")}`,
        },
        Buffer.alloc(0),
        signal,
      );
      const challenge = challengeOf(answer, authentication.scheme);
      if (answer.status === 401 && (challenge === null || sent >= MOST_TOKENS)) {
        throw this.#refused(answer, authentication);
      }
      if (answer.status !== 401 && answer.status !== 200) throw refusal(this.#options.target, answer);
      if (!connection.usable) {
        throw new TyrianError(
          "auth-failed",
          `${this.#options.target} closed the connection while it was being authenticated.`,
        );
      }
      token = challenge === null ? null : await orAborted(authentication.proceed(challenge), signal);
    }
    if (authentication.proved()) return;
    throw new TyrianError(
      "not-winrm",
      `${this.#options.target} let us in before anything was proved: it has not taken the authentication by ${authentication.scheme}.`,
      { hint: "Is it the WinRM service, and does nothing stand between that answers in its place?" },
    );
  }

  async #post(
    { connection, authentication }: Context,
    xml: string,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const wire = authentication.wrap({
      contentType: "application/soap+xml;charset=UTF-8",
      body: Buffer.from(xml, "utf8"),
    });
    const headers = { "Content-Type": wire.contentType, ...authentication.headers() };
    const answer = await connection.post(headers, wire.body, signal);
    this.#usedAt = performance.now();
    return answer;
  }

  /** The answer's clear text. After one that cannot be used, the two sides of the encryption may not agree any more. */
  #open({ authentication }: Context, answer: HttpAnswer): string {
    try {
      return clearTextOf(authentication, answer, this.#options.target);
    } catch (thrown) {
      this.close();
      throw thrown instanceof TyrianError ? new UnknownOutcome(thrown) : thrown;
    }
  }

  #refused(answer: HttpAnswer, { scheme }: LaneAuthentication): TyrianError {
    const { target, https } = this.#options;
    const offered = offeredSchemes(answer);
    const isOffered = offered.some((one) => one.toLowerCase() === scheme.toLowerCase());
    const name = /^http/.test(scheme) ? "a client certificate" : scheme;
    if (offered.length > 0 && !isOffered && !/^http/.test(scheme)) {
      return new TyrianError(
        "auth-failed",
        `${target} does not offer ${name} over ${https ? "HTTPS" : "HTTP"}, only ${offered.join(", ")}.`,
        {
          hint: "Choose one that it offers as the inventory's `authentication`, or enable this one on the host (`winrm get winrm/config/service/auth`).",
        },
      );
    }
    return new TyrianError("auth-failed", `${target} refused the authentication by ${name}.`, {
      hint: "Check the user, the domain and the password or certificate that the inventory names, and that the clocks of both machines agree.",
    });
  }
}

/** @throws TyrianError for an answer that is none of WinRM's, or not the host's. */
function clearTextOf(authentication: LaneAuthentication, answer: HttpAnswer, target: string): string {
  const { status, body } = answer;
  if ((status !== 200 && status !== 500) || body.length === 0) throw refusal(target, answer);
  const clear = authentication.unwrap(answer);
  if (!/^application\/soap\+xml\b/i.test(clear.contentType)) throw refusal(target, { ...answer, ...clear });
  const encoding = /charset="?utf-16/i.test(clear.contentType) ? "utf-16le" : "utf-8";
  return new TextDecoder(encoding).decode(clear.body);
}
