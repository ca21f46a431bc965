import { z } from "zod";
import { TyrianError } from "../../errors.js";
import type { HttpRequest } from "./request.js";

/** Characters of a server's own words that a message quotes. */
const QUOTED = 300;

/**
 * Reads a body as it comes, and not further than the limit: an answer that says that it is longer is not read at all.
 * @throws TyrianError `siem-answer-too-large`; what the stream threw
 */
export async function readBody(
  stream: AsyncIterable<Buffer> & { destroy(): unknown },
  length: number | null,
  limit: number,
  name: string,
): Promise<string> {
  const tooLarge = (bytes: string): TyrianError =>
    new TyrianError("siem-answer-too-large", `${name}: the answer has ${bytes}, and ${limit} are read`);
  if (length !== null && length > limit) {
    stream.destroy();
    throw tooLarge(`${length} bytes`);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > limit) {
      stream.destroy();
      throw tooLarge(`more than ${bytes - 1} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * The value of a body, held to the schema.
 * @throws TyrianError `siem-answer-invalid`, which tells a web page from broken JSON and from JSON of another form
 */
export function valueOf<T>(text: string, type: string, { format, schema }: HttpRequest<T>, name: string): T {
  const invalid = (what: string): TyrianError =>
    new TyrianError("siem-answer-invalid", `${name}: the answer ${what}`);
  if (isWebPage(text, type)) {
    const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1]?.trim();
    const called = title === undefined || title === "" ? "" : ` (“${title.slice(0, QUOTED)}”)`;
    throw invalid(`is a web page${called} where JSON was due`);
  }
  let value: unknown;
  try {
    value = format === "text" ? text : format === "ndjson" ? linesOf(text) : JSON.parse(text);
  } catch {
    throw invalid(`is no JSON; it begins with ${JSON.stringify(text.slice(0, 40))}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid(`is not of the form that the API documents: ${issueText(issue)}`);
}

function linesOf(text: string): unknown[] {
  return text.split("\n").flatMap((line): unknown[] => (line.trim() === "" ? [] : [JSON.parse(line)]));
}

function issueText(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return "unknown";
  const path = issue.path.map(String).join(".");
  return path === "" ? issue.message : `${path}: ${issue.message}`;
}

function isWebPage(text: string, type: string): boolean {
  return /^text\/html\b/i.test(type) || /^\s*<(?:!doctype|html)/i.test(text);
}

const reasonSchema = z.union([
  z.object({
    error: z.object({
      reason: z.string().optional(),
      root_cause: z.array(z.object({ reason: z.string() })).optional(),
    }),
  }),
  z.object({ messages: z.array(z.object({ text: z.string() })).min(1) }),
  /** Of OAuth (RFC 6749, 5.2). */
  z.object({ error: z.string(), error_description: z.string() }),
  z.object({ error: z.string(), message: z.string().optional() }),
  z.object({ error: z.object({ message: z.string() }) }),
  z.object({ message: z.string() }),
  z.object({ errors: z.array(z.union([z.string(), z.object({ detail: z.string() })])).min(1) }),
]);

/** Why a server refused, in its own words as far as they can be found; else the beginning of what it said. */
export function refusalText(text: string, type: string): string {
  if (isWebPage(text, type)) return "a web page";
  let said = text;
  try {
    const parsed = reasonSchema.safeParse(JSON.parse(text));
    if (parsed.success) said = wordsOf(parsed.data);
  } catch {
    // no JSON: quoted as it is
  }
  const line = said.replace(/\s+/g, " ").trim();
  return line.length > QUOTED ? `${line.slice(0, QUOTED)}...` : line;
}

function wordsOf(reason: z.infer<typeof reasonSchema>): string {
  if ("messages" in reason) return reason.messages.map(({ text }) => text).join("; ");
  if ("errors" in reason)
    return reason.errors.map((one) => (typeof one === "string" ? one : one.detail)).join("; ");
  if (!("error" in reason)) return reason.message;
  if ("error_description" in reason) return reason.error_description;
  if (typeof reason.error === "string")
    return "message" in reason && reason.message !== undefined
      ? `${reason.error}: ${reason.message}`
      : reason.error;
  if ("message" in reason.error) return reason.error.message;
  return reason.error.root_cause?.[0]?.reason ?? reason.error.reason ?? "";
}
