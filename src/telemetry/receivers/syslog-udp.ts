import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { messageOf } from "../../errors.js";
import { listenFailed, peerOf, Senders } from "./listening.js";
import {
  type ListenAddress,
  type Receiver,
  type ReceiverCounts,
  type RecordSink,
  shownAddress,
} from "./receiver.js";
import { RateLimit } from "./rate-limit.js";
import { readSyslog } from "./syslog-message.js";

export interface SyslogUdpOptions extends ListenAddress {
  readonly senders: readonly string[];
  /** Records a second of all senders; what comes faster is lost. */
  readonly recordsPerSecond?: number;
}

interface Datagram {
  readonly message: Buffer;
  readonly peer: string;
}

/** Datagrams that wait to be stored. */
const MOST_WAITING = 20_000;
/** Bytes for which the kernel is asked, to hold what comes while this process is busy. */
const KERNEL_BYTES = 8 * 1024 * 1024;

/**
 * Syslog over UDP (RFC 5426): one message a datagram. Nothing holds a sender back, so that what comes faster than it can be
 * stored is lost; it is counted. What the kernel drops before is not seen.
 */
export class SyslogUdpReceiver implements Receiver {
  readonly name: string;
  readonly #options: SyslogUdpOptions;
  readonly #sink: RecordSink;
  readonly #senders: Senders;
  readonly #limit: RateLimit | null;
  readonly #counts = { records: 0, refused: 0, lost: 0 };
  readonly #socket: Socket;
  #waiting: Datagram[] = [];
  #storing: Promise<void> | null = null;

  constructor(name: string, options: SyslogUdpOptions, sink: RecordSink) {
    this.name = name;
    this.#options = options;
    this.#sink = sink;
    this.#senders = new Senders(options.senders);
    this.#limit = options.recordsPerSecond === undefined ? null : new RateLimit(options.recordsPerSecond);
    this.#socket = createSocket({
      type: isIPv6(options.address) ? "udp6" : "udp4",
      recvBufferSize: KERNEL_BYTES,
    });
    this.#socket.on("message", (message, { address }) => this.#take(message, peerOf(address)));
  }

  async listen(): Promise<string> {
    const bound = once(this.#socket, "listening");
    this.#socket.bind(this.#options.port, this.#options.address);
    try {
      await bound;
    } catch (thrown) {
      throw listenFailed(this.name, this.#options, thrown);
    }
    // Later ones, such as of an interface that goes down, end nothing.
    this.#socket.on("error", (error) => this.#lose(0, messageOf(error)));
    return shownAddress(this.#socket.address());
  }

  counts(): ReceiverCounts {
    return { ...this.#counts };
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(resolve));
    await this.#storing;
  }

  #take(message: Buffer, peer: string): void {
    if (!this.#senders.has(peer)) {
      this.#counts.refused += 1;
      return;
    }
    if (this.#waiting.length >= MOST_WAITING) return this.#lose(1, "came faster than it could be stored");
    if (this.#limit !== null && this.#limit.wait() > 0) return this.#lose(1, "came faster than is allowed");
    this.#limit?.take(1);
    this.#waiting.push({ message, peer });
    this.#storing ??= this.#store().finally(() => {
      this.#storing = null;
    });
  }

  async #store(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const records = batch.map(({ message, peer }) => readSyslog(withoutEnd(message), peer));
      try {
        await this.#sink.store(records);
        this.#counts.records += records.length;
      } catch (thrown) {
        this.#lose(records.length, messageOf(thrown));
      }
    }
  }

  #lose(count: number, why: string): void {
    this.#counts.lost += count;
    this.#sink.lost(count, `${this.name}: ${why}`);
  }
}

function withoutEnd(message: Buffer): Buffer {
  let end = message.length;
  while (end > 0 && [0x0a, 0x0d, 0x00].includes(message[end - 1] as number)) end -= 1;
  return message.subarray(0, end);
}
