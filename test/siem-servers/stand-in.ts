import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { z } from "zod";
import type { Installed } from "./installed/installed.js";
import { type Misbehaviour, misbehave, type Plan } from "./misbehaviour.js";

/** A request as a stand-in sees it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** What a stand-in answers. */
export interface Reply {
  readonly status: number;
  /** A text is sent as it is, everything else as JSON. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown by a stand-in for what the real server would refuse. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * A strict stand-in for the API of a SIEM, on this machine. It refuses what the real server would refuse, and keeps what it
 * refused, so that a test can say that nothing was.
 */
export abstract class SiemStandIn {
  /** What was refused, one sentence each. Requests that misbehaviour was asked for do not count. */
  readonly refused: string[] = [];
  readonly seen: SeenRequest[] = [];
  readonly installed: Installed = new Map();
  readonly #plans: Plan[] = [];
  #server: Server | null = null;
  #secure = false;

  /** Called before a request is answered, and not for those that misbehaviour was asked for. */
  beforeAnswer: () => void = () => undefined;

  /** The secret that clients must show; renewed by `expireToken`. */
  token = "secret-token-1";
  #renewals = 1;

  get url(): string {
    const address = (this.#server?.address() ?? null) as AddressInfo | null;
    return `${this.#secure ? "https" : "http"}://127.0.0.1:${address?.port ?? 0}`;
  }

  async start(tls?: { readonly key: string; readonly cert: string }): Promise<void> {
    const listen = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#serve(request, response);
    this.#secure = tls !== undefined;
    const server = tls === undefined ? createServer(listen) : createSecureServer(tls, listen);
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }

  async stop(): Promise<void> {
    const server = this.#server;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
  }

  /** From now on the token that was valid is refused, and another is valid. */
  expireToken(): void {
    this.#renewals += 1;
    this.token = `secret-token-${this.#renewals}`;
  }

  /** @param concerns which requests; all when absent */
  misbehave(
    what: Misbehaviour,
    { times = Infinity, concerns = () => true }: Partial<Omit<Plan, "what">> = {},
  ): void {
    this.#plans.push({ what, times, concerns });
  }

  behave(): void {
    this.#plans.length = 0;
  }

  /** @throws Refusal */
  protected abstract authorize(request: SeenRequest): void;
  /** @throws Refusal */
  protected abstract answer(request: SeenRequest): Reply;
  /** The form in which the real server tells why it refuses. */
  protected abstract refusal(status: number, message: string): Reply;

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://stand-in");
    const seen: SeenRequest = {
      method: request.method ?? "",
      path: pathname,
      query: searchParams,
      headers: request.headers,
      body: await text(request),
    };
    this.seen.push(seen);
    const plan = this.#plans.find(({ times, concerns }) => times > 0 && concerns(seen));
    if (plan !== undefined) {
      plan.times -= 1;
      misbehave(plan.what, response);
      return;
    }
    this.beforeAnswer();
    const { status, body, headers } = this.#reply(seen);
    response.writeHead(status, { "content-type": "application/json", ...headers });
    // A status without content has none.
    if (status === 204) return void response.end();
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  }

  #reply(seen: SeenRequest): Reply {
    try {
      this.authorize(seen);
      return this.answer(seen);
    } catch (thrown) {
      const status = thrown instanceof Refusal ? thrown.status : 500;
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      if (status !== 401) this.refused.push(`${seen.method} ${seen.path}: ${status} ${message}`);
      return this.refusal(status, message);
    }
  }
}

/** The body as JSON of a form; the real server refuses unknown parameters too. @throws Refusal */
export function jsonBody<T>(request: SeenRequest, schema: z.ZodType<T>): T {
  const type = request.headers["content-type"] ?? "";
  if (!type.startsWith("application/json"))
    throw new Refusal(406, `Content-Type header [${type}] is not supported`);
  let value: unknown;
  try {
    value = JSON.parse(request.body);
  } catch {
    throw new Refusal(400, "the body is no JSON");
  }
  return held(value, schema);
}

/** The body of a form. @throws Refusal */
export function formBody<T>(request: SeenRequest, schema: z.ZodType<T>): T {
  const type = request.headers["content-type"] ?? "";
  if (type !== "application/x-www-form-urlencoded")
    throw new Refusal(415, `Content-Type [${type}] is not supported`);
  return held(Object.fromEntries(new URLSearchParams(request.body)), schema);
}

/** The query of an address. @throws Refusal */
export function queryOf<T>({ query }: SeenRequest, schema: z.ZodType<T>): T {
  return held(Object.fromEntries(query), schema);
}

function held<T>(value: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0] ?? { path: [], message: "" };
  throw new Refusal(400, `${path.join(".")}: ${message}`);
}
