import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Server } from "node:net";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { BodyReader } from "./http-body.js";
import { listenOn, peerOf, type TlsMaterial, tlsOptions } from "./listening.js";
import { RateLimit } from "./rate-limit.js";
import type { Credentials } from "./credentials.js";
import type { ListenAddress, ReceivedRecord, Receiver, ReceiverCounts, RecordSink } from "./receiver.js";

export interface HttpOptions extends ListenAddress {
  readonly tls?: TlsMaterial;
  readonly credentials: Credentials;
  /** Bytes of a request's body, as sent and as unpacked. */
  readonly maximumBytes: number;
  /** Records a second of all senders; absent: as many as can be stored. */
  readonly recordsPerSecond?: number;
}

export type HttpApp = Hono<{ Bindings: HttpBindings }>;
export type HttpContext = Context<{ Bindings: HttpBindings }>;

/** Milliseconds for the head and for the whole of a request. */
const HEAD_MS = 15_000;
const REQUEST_MS = 120_000;
const MOST_CONNECTIONS = 1_000;
/** Milliseconds after which connections are cut at the end, whatever they are doing. */
const LONGEST_FAREWELL_MS = 10_000;

/** What the protocols over HTTP share: authentication, bodies within limits, the rate, and the way to the sink. */
export class HttpIntake {
  readonly bodies: BodyReader;
  readonly credentials: Credentials;
  readonly counts = { records: 0, refused: 0, lost: 0 };
  readonly #sink: RecordSink;
  readonly #limit: RateLimit | null;

  constructor({ credentials, maximumBytes, recordsPerSecond }: HttpOptions, sink: RecordSink) {
    this.credentials = credentials;
    this.bodies = new BodyReader(maximumBytes);
    this.#sink = sink;
    this.#limit = recordsPerSecond === undefined ? null : new RateLimit(recordsPerSecond);
  }

  /** An app for a protocol's routes, whose refusals are counted. */
  app(): HttpApp {
    const app: HttpApp = new Hono();
    app.use(async (context, next) => {
      await next();
      if (context.res.status >= 400) this.counts.refused += 1;
    });
    return app;
  }

  /** Seconds after which to come again; 0 when records are taken now. */
  get retryAfter(): number {
    const wait = Math.ceil((this.#limit?.wait() ?? 0) / 1000);
    return this.#sink.isBusy() ? Math.max(1, wait) : wait;
  }

  /** Resolves when the records are stored. @throws TyrianError `records-not-stored` */
  async store(records: readonly ReceivedRecord[]): Promise<void> {
    if (records.length === 0) return;
    this.#limit?.take(records.length);
    await this.#sink.store(records);
    this.counts.records += records.length;
  }

  /** The peer's address, the host of records that name none. */
  peer(context: HttpContext): string {
    return peerOf(context.env.incoming.socket.remoteAddress);
  }
}

/** A server for one protocol over HTTP or HTTPS. */
export class HttpReceiver implements Receiver {
  readonly name: string;
  readonly #options: HttpOptions;
  readonly #intake: HttpIntake;
  readonly #server: Server & { closeIdleConnections?(): void; closeAllConnections?(): void };

  /** @param protocol adds the protocol's routes */
  constructor(
    name: string,
    options: HttpOptions,
    sink: RecordSink,
    protocol: (intake: HttpIntake) => HttpApp,
  ) {
    this.name = name;
    this.#options = options;
    this.#intake = new HttpIntake(options, sink);
    const app = protocol(this.#intake);
    const timeouts = { headersTimeout: HEAD_MS, requestTimeout: REQUEST_MS };
    const { tls } = options;
    this.#server = createAdaptorServer({
      fetch: app.fetch,
      ...(tls === undefined
        ? { createServer, serverOptions: timeouts }
        : { createServer: createTlsServer, serverOptions: { ...timeouts, ...tlsOptions(tls) } }),
    }) as Server;
    this.#server.maxConnections = MOST_CONNECTIONS;
  }

  listen(): Promise<string> {
    return listenOn(this.#server, this.#options, this.name);
  }

  counts(): ReceiverCounts {
    return { ...this.#intake.counts };
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections?.();
    const limit = setTimeout(() => this.#server.closeAllConnections?.(), LONGEST_FAREWELL_MS);
    await closed;
    clearTimeout(limit);
  }
}
