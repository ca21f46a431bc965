import { setTimeout as sleep } from "node:timers/promises";
import { type Dispatcher, request as send } from "undici";
import { messageOf, TyrianError } from "../../errors.js";
import { readBody, refusalText, valueOf } from "./answer-body.js";
import type { CredentialHeaders, Credentials } from "./credentials.js";
import { openDispatcher } from "./dispatcher.js";
import { failureOf } from "./failure.js";
import type { Redactor } from "./redactor.js";
import { bodyOf, type HttpAnswer, type HttpRequest, nameOf } from "./request.js";
import { mayPass, MOST_TRIES, pauseMs } from "./retry.js";
import type { ConnectionSettings } from "./settings.js";
import type { SiemErrorCode } from "./siem-error.js";

/** Milliseconds that a server may ask to be waited for. */
const LONGEST_WAIT_MS = 30_000;

/** The status of what was not even begun. */
const TOO_MANY = 429;

export interface SiemHttpOptions {
  /** The SIEM's name in the configuration, for messages. */
  readonly siem: string;
  readonly settings: ConnectionSettings;
  readonly credentials: Credentials;
  readonly redactor: Redactor;
  /** Milliseconds to wait between two tries; a test has none. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** An answer as it came, before anything of it is believed. */
interface RawAnswer {
  readonly status: number;
  readonly headers: HttpAnswer<unknown>["headers"];
  readonly text: string;
  readonly sentAt: number;
}

/**
 * What all connectors ask their SIEM through. Every answer is limited in size and held to a schema; what passes by itself is
 * tried again a few times, and never past the question's deadline; a refused token is renewed once. Nothing leaves it that
 * holds a secret.
 */
export class SiemHttp {
  readonly #options: SiemHttpOptions;
  readonly #base: string;
  #dispatcher: Promise<Dispatcher> | null = null;
  #closed = false;

  constructor(options: SiemHttpOptions) {
    this.#options = options;
    this.#base = options.settings.url.replace(/\/+$/, "");
  }

  /**
   * @throws TyrianError with a code `siem-...` that names the SIEM and the request, or `secret-unresolved`.
   */
  async request<T>(request: HttpRequest<T>): Promise<HttpAnswer<T>> {
    const { redactor, siem } = this.#options;
    const name = `${siem}: ${nameOf(request)}`;
    try {
      const answer = await this.#answer(request, name);
      const type = headerOf(answer.headers, "content-type") ?? "";
      const { status, headers, text, sentAt } = answer;
      return { status, headers, value: valueOf(text, type, request, name), sentAt, receivedAt: Date.now() };
    } catch (thrown) {
      const failure = thrown instanceof TyrianError ? thrown : failureOf(thrown, name, request.signal);
      const { code, message, hint } = failure;
      // The cause is left behind: it may hold what was sent.
      throw new TyrianError(code, redactor.redact(message), { hint });
    }
  }

  /** The SIEM's name in the configuration. */
  get siem(): string {
    return this.#options.siem;
  }

  /** An error of this SIEM about what an answer says, for those that read it. */
  error(code: SiemErrorCode, what: string): TyrianError {
    const { siem, redactor } = this.#options;
    return new TyrianError(code, redactor.redact(`${siem}: ${what}`));
  }

  async close(): Promise<void> {
    this.#closed = true;
    const dispatcher = await this.#dispatcher?.catch(() => null);
    await dispatcher?.destroy();
  }

  /** Tries until there is an answer that is one, or that no later try will change. */
  async #answer<T>(request: HttpRequest<T>, name: string): Promise<RawAnswer> {
    const { credentials, pause = defaultPause } = this.#options;
    const { signal } = request;
    let authorization = await credentials.headers(null);
    let renewed = false;
    for (let tries = 1; ;) {
      signal.throwIfAborted();
      const answer = await this.#once(request, authorization, name).catch((thrown: unknown) => {
        const failure = thrown instanceof TyrianError ? thrown : failureOf(thrown, name, signal);
        const isFinal = failure.code !== "siem-unreachable" || request.once === true;
        if (isFinal || signal.aborted || tries >= MOST_TRIES) throw failure;
        return null;
      });
      if (answer !== null) {
        const { status } = answer;
        if ((status >= 200 && status < 300) || request.accept?.includes(status) === true) return answer;
        if ((credentials.refusals ?? [401]).includes(status) && !renewed) {
          renewed = true;
          authorization = await credentials.headers(authorization);
          continue;
        }
        const isFinal = !mayPass(status) || (request.once === true && status !== TOO_MANY);
        if (isFinal || tries >= MOST_TRIES) throw refusal(answer, name, this.#base);
      }
      const after = answer === null ? undefined : waitHeader(answer.headers);
      const wait = pauseMs(tries, after, Date.now());
      const told = answer === null ? null : refusal(answer, name, this.#base);
      // The server says that it will not be ready while anybody waits for this.
      if (wait > LONGEST_WAIT_MS && told !== null) throw told;
      await pause(wait, signal).catch((thrown: unknown) => {
        throw told ?? thrown;
      });
      tries += 1;
    }
  }

  async #once<T>(
    request: HttpRequest<T>,
    authorization: CredentialHeaders,
    name: string,
  ): Promise<RawAnswer> {
    const { siem, settings } = this.#options;
    if (this.#closed) throw new TyrianError("siem-unreachable", `${name}: the connection is closed`);
    const dispatcher = await (this.#dispatcher ??= openDispatcher(siem, settings));
    const body = bodyOf(request);
    const sentAt = Date.now();
    const response = await send(`${this.#base}${request.path}${queryText(request.query)}`, {
      dispatcher,
      method: request.method,
      headers: {
        accept: "application/json",
        "user-agent": "tyrian",
        ...(body === null ? {} : { "content-type": body.type }),
        ...request.headers,
        ...authorization,
      },
      body: body?.text ?? null,
      signal: request.signal,
    });
    const length = Number(headerOf(response.headers, "content-length") ?? Number.NaN);
    const text = await readBody(
      response.body as AsyncIterable<Buffer> & { destroy(): unknown },
      Number.isNaN(length) ? null : length,
      settings.largestAnswerBytes,
      name,
    );
    return { status: response.statusCode, headers: response.headers, text, sentAt };
  }
}

async function defaultPause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal });
}

/** How long a server asks to be left alone: in seconds too where it has no Retry-After (Datadog API, "Rate limits"). */
function waitHeader(headers: HttpAnswer<unknown>["headers"]): string | undefined {
  return headerOf(headers, "retry-after") ?? headerOf(headers, "x-ratelimit-reset");
}

/** The first value of a header. */
export function headerOf(headers: HttpAnswer<unknown>["headers"], name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function queryText(query: HttpRequest<unknown>["query"]): string {
  const given = Object.entries(query ?? {}).flatMap(([key, value]): [string, string][] =>
    value === undefined ? [] : [[key, String(value)]],
  );
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}

const refusalCodes: Readonly<Record<number, SiemErrorCode>> = {
  400: "siem-query-rejected",
  401: "siem-auth-failed",
  403: "siem-auth-failed",
  404: "siem-not-found",
  405: "siem-answer-invalid",
  407: "siem-auth-failed",
  422: "siem-query-rejected",
  429: "siem-rate-limited",
};

/** What a status other than an answer means. */
function refusal({ status, headers, text }: RawAnswer, name: string, base: string): TyrianError {
  const type = headerOf(headers, "content-type") ?? "";
  if (status >= 300 && status < 400) {
    const to = headerOf(headers, "location") ?? "";
    return new TyrianError("siem-redirected", `${name}: redirected to ${addressOf(to, base)} (${status})`);
  }
  const said = refusalText(text, type);
  const words = said === "" ? "" : `: ${said}`;
  return new TyrianError(refusalCodes[status] ?? "siem-unreachable", `${name}: answered ${status}${words}`);
}

/** An address without its query, which may hold a token. */
function addressOf(location: string, base: string): string {
  try {
    const { origin, pathname } = new URL(location, base);
    return `${origin}${pathname}`;
  } catch (thrown) {
    return messageOf(thrown);
  }
}
