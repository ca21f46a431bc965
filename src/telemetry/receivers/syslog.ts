import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import { messageOf } from "../../errors.js";
import { KEEP_ALIVE_MS, listenOn, peerOf, Senders, type TlsMaterial, tlsOptions } from "./listening.js";
import { RateLimit } from "./rate-limit.js";
import type { ListenAddress, Receiver, ReceiverCounts, RecordSink } from "./receiver.js";
import { FrameError, SyslogFrames } from "./syslog-frames.js";
import { readSyslog } from "./syslog-message.js";

export interface SyslogOptions extends ListenAddress {
  /** Absent: plain TCP. */
  readonly tls?: TlsMaterial;
  /** Addresses and networks of the senders; empty: any. */
  readonly senders: readonly string[];
  /** Bytes of a message; longer ones are lost, and counted. */
  readonly maximumBytes: number;
  /** Records a second of one connection; absent: as many as can be stored. */
  readonly recordsPerSecond?: number;
}

const MOST_CONNECTIONS = 2_000;
/** Milliseconds of silence after which a connection that we have closed on our side is taken for closed by the other. */
const FAREWELL_MS = 1_000;
const LOOK_MS = 100;
/** Pieces of a connection's stream that may wait to be stored: they share their way to the disk. */
const STORES_AT_ONCE = 16;
/** Milliseconds between attempts to store what cannot be stored now. */
const RETRY_MS = 1_000;
/** Milliseconds after which it is cut whatever it says. */
const LONGEST_FAREWELL_MS = 10_000;

/**
 * Syslog over TCP in both framings of RFC 6587, and over TLS (RFC 5425). The protocol has no acknowledgements: a connection
 * is read no faster than its records are stored, and at the end what the sender has sent is read to its end.
 */
export class SyslogReceiver implements Receiver {
  readonly name: string;
  readonly #options: SyslogOptions;
  readonly #sink: RecordSink;
  readonly #senders: Senders;
  readonly #server: Server;
  readonly #connections = new Map<Socket, Promise<void>>();
  /** Connections of which something is being stored, and how many pieces. */
  readonly #storing = new Map<Socket, number>();
  readonly #counts = { records: 0, refused: 0, lost: 0 };
  #closing = false;

  constructor(name: string, options: SyslogOptions, sink: RecordSink) {
    this.name = name;
    this.#options = options;
    this.#sink = sink;
    this.#senders = new Senders(options.senders);
    const take = (socket: Socket): void => this.#take(socket);
    this.#server =
      options.tls === undefined ? createServer(take) : createTlsServer(tlsOptions(options.tls), take);
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.on("drop", () => (this.#counts.refused += 1));
    this.#server.on("tlsClientError", () => (this.#counts.refused += 1));
  }

  listen(): Promise<string> {
    return listenOn(this.#server, this.#options, this.name);
  }

  counts(): ReceiverCounts {
    return { ...this.#counts };
  }

  async close(): Promise<void> {
    this.#closing = true;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    const limit = setTimeout(() => {
      for (const socket of this.#connections.keys()) socket.destroy();
    }, LONGEST_FAREWELL_MS);
    for (const socket of this.#connections.keys()) this.#farewell(socket);
    while (this.#connections.size > 0) await Promise.all(this.#connections.values());
    clearTimeout(limit);
    await closed;
  }

  #take(socket: Socket): void {
    const peer = peerOf(socket.remoteAddress);
    if (this.#closing || !this.#senders.has(peer)) {
      this.#counts.refused += 1;
      socket.destroy();
      return;
    }
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const done = this.#read(socket, peer)
      .catch((thrown: unknown) => {
        // Broken connections are the sender's to mend; what was whole has been stored.
        if (thrown instanceof FrameError) this.#counts.refused += 1;
      })
      .finally(() => {
        socket.destroy();
        this.#storing.delete(socket);
        this.#connections.delete(socket);
      });
    this.#connections.set(socket, done);
  }

  async #read(socket: Socket, peer: string): Promise<void> {
    const frames = new SyslogFrames(this.#options.maximumBytes);
    const limit =
      this.#options.recordsPerSecond === undefined ? null : new RateLimit(this.#options.recordsPerSecond);
    const storing: Promise<void>[] = [];
    try {
      // Iterated: the socket is read on only while little of what it gave waits to be stored.
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        const messages = frames.push(chunk);
        storing.push(this.#store(socket, messages, peer));
        if (storing.length > STORES_AT_ONCE) await storing.shift();
        const wait = limit?.take(messages.length) ?? 0;
        if (wait > 0) await sleep(wait);
      }
      const last = frames.end();
      if (last !== null) await this.#store(socket, [last], peer);
    } finally {
      await Promise.allSettled(storing);
      const dropped = frames.takeDropped();
      if (dropped > 0) {
        this.#counts.lost += dropped;
        this.#sink.lost(dropped, `${this.name}: longer than ${this.#options.maximumBytes} bytes, or cut`);
      }
    }
  }

  /** While they cannot be stored they are kept, and nothing more is read: the sender waits, or keeps its records. Never rejects. */
  async #store(socket: Socket, messages: readonly Buffer[], peer: string): Promise<void> {
    if (messages.length === 0) return;
    const records = messages.map((message) => readSyslog(message, peer));
    this.#storing.set(socket, (this.#storing.get(socket) ?? 0) + 1);
    for (;;) {
      try {
        await this.#sink.store(records);
        this.#counts.records += records.length;
        break;
      } catch (thrown) {
        if (!this.#closing) {
          await sleep(RETRY_MS);
          continue;
        }
        this.#counts.lost += records.length;
        this.#sink.lost(records.length, `${this.name}: ${messageOf(thrown)}`);
        break;
      }
    }
    this.#storing.set(socket, (this.#storing.get(socket) ?? 1) - 1);
  }

  /** Ends our side, and waits until the other has said all. A sender that is silent sees the end when it wants to send again. */
  #farewell(socket: Socket): void {
    socket.end();
    let [read, since] = [socket.bytesRead, performance.now()];
    const look = setInterval(() => {
      const isQuiet =
        socket.bytesRead === read && (this.#storing.get(socket) ?? 0) === 0 && socket.readableLength === 0;
      if (!isQuiet) [read, since] = [socket.bytesRead, performance.now()];
      else if (performance.now() - since > FAREWELL_MS) socket.destroy();
    }, LOOK_MS);
    socket.once("close", () => clearInterval(look));
  }
}
