import type { z } from "zod";

/** One question to a SIEM's API. */
export interface HttpRequest<T> {
  /** What is asked, for messages, such as `the results of a search`. */
  readonly what: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** From the base address; its parts are encoded already (see `pathOf`). */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?:
    | { readonly json: unknown }
    | { readonly form: Readonly<Record<string, string>> }
    /** A text of another kind, as it is. */
    | { readonly text: string; readonly type: string }
    /** NDJSON, as `_msearch` takes it. */
    | { readonly lines: readonly unknown[] }
    /** As it is. */
    | { readonly text: string; readonly type: string };
  /** Statuses beside 2xx that are an answer too, such as 404 for a rule that is not there. */
  readonly accept?: readonly number[];
  /**
   * How the body is read: one JSON document, a JSON value a line (then the schema is of the list), or a text as it is (then the schema
   * is of the text), also where there is none.
   */
  readonly format?: "json" | "ndjson" | "text";
  /** Done twice it would be another thing than done once: a failure of which it is not known what was done ends it. */
  readonly once?: true;
  readonly schema: z.ZodType<T>;
  /** Ends everything that is done for the question; its owner gives it a deadline. */
  readonly signal: AbortSignal;
}

export interface HttpAnswer<T> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly value: T;
  /** Milliseconds since 1970, our clock. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

/** A path from parts that may hold anything. */
export function pathOf(...parts: readonly string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join("");
}

/** A request as a message names it: without its query and its body, where questions and secrets stand. */
export function nameOf({ method, path, what }: HttpRequest<unknown>): string {
  return `${what} (${method}${path === "" ? "" : ` ${path}`})`;
}

/** The body as it is sent, with its type. */
export function bodyOf({ body }: HttpRequest<unknown>): { text: string; type: string } | null {
  if (body === undefined) return null;
  if ("json" in body) return { text: JSON.stringify(body.json), type: "application/json" };
  if ("text" in body) return body;
  if ("lines" in body) {
    const text = body.lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    return { text, type: "application/x-ndjson" };
  }
  return {
    text: new URLSearchParams(body.form).toString(),
    type: "application/x-www-form-urlencoded",
  };
}
