import type { IncomingMessage, ServerResponse } from "node:http";
import { envelope, faulted } from "./answers.js";
import type { Action } from "./namespaces.js";
import type { Authentication, Outcome, Scheme } from "./authentication.js";
import { isEncryptedType, unsealBody, type Sealing } from "./encryption.js";
import { FaultError, faults } from "./faults.js";
import { HttpAnswer } from "./http-answer.js";
import type { Effect, Misbehaviours } from "./misbehaviour.js";
import { parseEnvelope, parseRequest, type Envelope } from "./request.js";
import { serve } from "./service.js";
import type { Shells } from "./shells.js";

/** Bytes that the parts of an encrypted message take beside the envelope. */
const ENCRYPTION_OVERHEAD = 1_024;

type Accepted = Outcome & { type: "accepted" };

/** What the stand-in keeps of a request that it was sent. */
export interface RequestRecord {
  /** Of the connection, in the order in which they were opened, from 1. */
  readonly connection: number;
  /** The scheme that the request named, without what followed it. */
  readonly authorization: string | undefined;
  /** How the request was authenticated; undefined when it was not. */
  readonly scheme: Scheme | undefined;
  readonly sealed: boolean;
  readonly action: Action | undefined;
  readonly messageId: string | undefined;
  /** The status of the answer; undefined when none was sent. */
  readonly status: number | undefined;
  /** Why the request was refused, for whoever reads a failed test. */
  readonly refusal: string | undefined;
}

/** What the exchanges of all connections share. */
export interface Service {
  readonly url: string;
  readonly shells: Shells;
  /** Whether envelopes are taken that neither TLS nor the message encrypts. */
  readonly plainAllowed: boolean;
  readonly seenMessageIds: Set<string>;
  misbehaviours: Misbehaviours;
  record(request: RequestRecord): void;
}

/** One connection, and how it is numbered in the records. */
export interface Connection {
  readonly number: number;
  readonly authentication: Authentication;
}

/** Thrown to end an exchange with a bare status of HTTP. */
class HttpError extends Error {
  constructor(
    readonly status: number,
    why: string,
    readonly headers: Record<string, string | string[]> = {},
  ) {
    super(why);
  }
}

/** One HTTP request and its answer. */
export class Exchange {
  readonly #service: Service;
  readonly #connection: Connection;
  readonly #request: IncomingMessage;
  readonly #http: HttpAnswer;
  #record: RequestRecord;

  constructor(service: Service, connection: Connection, request: IncomingMessage, response: ServerResponse) {
    this.#service = service;
    this.#connection = connection;
    this.#request = request;
    this.#http = new HttpAnswer(response);
    this.#record = {
      connection: connection.number,
      authorization: request.headers.authorization?.split(" ")[0],
      ...{ scheme: undefined, sealed: false, action: undefined },
      ...{ messageId: undefined, status: undefined, refusal: undefined },
    };
  }

  /** Answers the request, whatever it is. */
  async run(): Promise<void> {
    try {
      await this.#answer();
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.#record = { ...this.#record, refusal: error.message };
      this.#http.send(error.status, error.headers, "");
    } finally {
      this.#service.record({ ...this.#record, status: this.#http.status });
    }
  }

  async #answer(): Promise<void> {
    this.#checkTarget();
    const body = await this.#body();
    if (this.#instead(this.#service.misbehaviours.meets("request"))) return;
    const accepted = this.#authenticate();
    if (body.length === 0) return this.#http.send(200, {}, "");
    const sealing = this.#sealingOf(accepted);
    const text = this.#open(body, sealing);
    await this.#operate(text, accepted, sealing);
  }

  #checkTarget(): void {
    const { method, url } = this.#request;
    if (url?.split("?")[0] !== "/wsman") throw new HttpError(404, `there is nothing at ${url}`);
    if (method !== "POST") throw new HttpError(405, `WS-Man is POST, not ${method}`, { Allow: "POST" });
  }

  async #body(): Promise<Buffer> {
    const most = this.#service.shells.limits.envelopeBytes + ENCRYPTION_OVERHEAD;
    const pieces: Buffer[] = [];
    let length = 0;
    try {
      for await (const piece of this.#request) {
        length += (piece as Buffer).length;
        // What is too large is read and dropped, so that the client gets to read the answer.
        if (length <= most) pieces.push(piece as Buffer);
      }
    } catch {
      throw new HttpError(400, "the request was cut off");
    }
    if (length > most) throw new HttpError(413, "larger than MaxEnvelopeSize", { Connection: "close" });
    return Buffer.concat(pieces);
  }

  #authenticate(): Accepted {
    const { authentication } = this.#connection;
    const outcome = authentication.authenticate(this.#request);
    if (outcome.type === "challenge") {
      throw new HttpError(401, "challenge", { "WWW-Authenticate": outcome.token });
    }
    if (outcome.type === "refused") {
      throw new HttpError(401, outcome.why, { "WWW-Authenticate": authentication.offers() });
    }
    this.#record = { ...this.#record, scheme: outcome.scheme };
    return outcome;
  }

  /** What seals the messages of this exchange; null when they are plain, and may be. */
  #sealingOf({ sealing }: Accepted): Sealing | null {
    const contentType = this.#request.headers["content-type"] ?? "";
    if (isEncryptedType(contentType)) {
      if (sealing === null) throw new HttpError(400, "message encryption without a session");
      return sealing;
    }
    const [type, ...parameters] = contentType
      .toLowerCase()
      .split(";")
      .map((part) => part.trim());
    if (type !== "application/soap+xml")
      throw new HttpError(415, `the content type ${contentType} is not SOAP's`);
    if (!parameters.every((one) => !one.startsWith("charset") || /^charset="?utf-8"?$/.test(one))) {
      throw new HttpError(415, `the character set of ${contentType} is not taken`);
    }
    if (!this.#service.plainAllowed) throw new HttpError(500, "AllowUnencrypted is false");
    return null;
  }

  #open(body: Buffer, sealing: Sealing | null): string {
    let plain = body;
    if (sealing !== null) {
      try {
        plain = unsealBody(sealing, body);
      } catch (error) {
        throw new HttpError(400, error instanceof Error ? error.message : String(error), {
          Connection: "close",
        });
      }
      this.#record = { ...this.#record, sealed: true };
    }
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(plain);
    } catch {
      throw new HttpError(400, "the envelope is not UTF-8");
    }
  }

  async #operate(text: string, accepted: Accepted, sealing: Sealing | null): Promise<void> {
    let parsed: Envelope | undefined;
    let answer;
    let effect: Effect | undefined;
    try {
      parsed = parseEnvelope(text);
      const { action, messageId } = parsed;
      this.#record = { ...this.#record, action, messageId };
      effect = action === undefined ? undefined : this.#service.misbehaviours.meets(action);
      if (this.#instead(effect)) return;
      const { shells, seenMessageIds, url } = this.#service;
      const request = parseRequest(parsed, shells.limits.envelopeBytes);
      if (seenMessageIds.has(request.messageId)) throw new FaultError("DuplicateMessageId");
      seenMessageIds.add(request.messageId);
      answer = await serve(shells, request, {
        user: accepted.user,
        clientAddress: this.#request.socket.remoteAddress ?? "",
        address: url,
        gone: this.#http.gone,
      });
    } catch (error) {
      if (!(error instanceof FaultError)) throw error;
      this.#record = { ...this.#record, refusal: `${error.fault}: ${error.message}` };
      answer = faulted(faults[error.fault], error.why);
    }
    if (effect?.type === "drop-after") return this.#http.reset();
    const change = effect?.type === "after" ? effect.change : undefined;
    const relatesTo = change?.type === "relates-to" ? change.messageId : parsed?.messageId;
    await this.#http.sendEnvelope(answer.status, envelope(answer, relatesTo), sealing, change);
  }

  /** Does what a misbehaviour does instead of acting; whether it did. */
  #instead(effect: Effect | undefined): boolean {
    switch (effect?.type) {
      case undefined:
      case "after":
      case "drop-after":
        return false;
      case "fault":
        throw new FaultError(effect.fault);
      case "drop-before":
        this.#http.reset();
        return true;
      case "silence":
        return true;
      case "html":
        this.#http.send(
          effect.status,
          { "Content-Type": "text/html" },
          "<html><body>a proxy's page</body></html>",
        );
        return true;
      case "status":
        throw new HttpError(effect.status, "told to answer so");
      case "unauthorized":
        this.#connection.authentication.forget();
        throw new HttpError(401, "told to forget", {
          "WWW-Authenticate": this.#connection.authentication.offers(),
        });
    }
  }
}
