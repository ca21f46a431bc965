import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import { encryptedType, sealBody, type Sealing } from "./encryption.js";
import type { Change } from "./misbehaviour.js";

const soapType = "application/soap+xml;charset=UTF-8";
/** Where a sealed body is tampered with: in the envelope, before the 24 bytes of the last boundary. */
const TAMPERED_FROM_END = 30;

export type HttpHeaders = Readonly<Record<string, string | string[]>>;

/** The answer of one HTTP request, rightly or as a misbehaviour wants it. */
export class HttpAnswer {
  readonly #response: ServerResponse;
  readonly #gone = new AbortController();
  #status: number | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.once("close", () => this.#gone.abort());
  }

  /** Aborted when the client's connection is gone, or the answer sent. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** What was answered; undefined as long as nothing was. */
  get status(): number | undefined {
    return this.#status;
  }

  send(status: number, headers: HttpHeaders, body: string | Buffer): void {
    this.#head(status, { "Content-Length": String(Buffer.byteLength(body)), ...headers });
    this.#response.end(body);
  }

  /** @param sealing seals the envelope; null sends it as it is. */
  async sendEnvelope(
    status: number,
    envelope: string,
    sealing: Sealing | null,
    change: Change | undefined,
  ): Promise<void> {
    const text = changedText(envelope, change);
    const sealed = sealing !== null && change?.type !== "unsealed";
    const body = sealed ? sealBody(sealing, Buffer.from(text)) : Buffer.from(text);
    const type = change?.type === "content-type" ? change.value : sealed ? encryptedType : soapType;
    const headers = { "Content-Type": type, "Content-Length": String(body.length) };
    switch (change?.type) {
      case "trickle":
        this.#head(status, headers);
        return await this.#write(body, change.bytes);
      case "reset-half-way":
        this.#head(status, headers);
        await this.#write(body.subarray(0, body.length / 2), body.length, { end: false });
        return this.reset();
      case "delay":
        await pause(change.ms, undefined, { signal: this.gone }).catch(() => {});
        break;
      case "tamper":
        body.writeUInt8(body.readUInt8(body.length - TAMPERED_FROM_END) ^ 1, body.length - TAMPERED_FROM_END);
        break;
      default:
    }
    this.send(status, headers, body);
  }

  /** Ends the connection at once. One of TLS cannot be reset; it is closed without TLS's own goodbye. */
  reset(): void {
    const { socket } = this.#response;
    if (socket instanceof TLSSocket) socket.destroy();
    else socket?.resetAndDestroy();
  }

  async #write(body: Buffer, step: number, { end = true } = {}): Promise<void> {
    for (let at = 0; at < body.length && !this.gone.aborted; at += step) {
      await new Promise((resolve) => this.#response.write(body.subarray(at, at + step), resolve));
    }
    if (end) this.#response.end();
  }

  /** An explicit `Connection` keeps Node from telling how long it keeps the connection, which Windows does not. */
  #head(status: number, headers: HttpHeaders): void {
    if (this.#response.destroyed || this.#response.socket?.destroyed !== false) return;
    this.#status = status;
    this.#response.writeHead(status, {
      Connection: "keep-alive",
      Server: "Microsoft-HTTPAPI/2.0",
      ...headers,
    });
  }
}

function changedText(text: string, change: Change | undefined): string {
  if (change?.type === "truncate") return text.slice(0, text.length / 2);
  if (change?.type !== "oversize") return text;
  const filling = Math.max(change.bytes - Buffer.byteLength(text), 0);
  return `${text}${" ".repeat(filling)}`;
}
