import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { messageOf, TyrianError } from "../../errors.js";
import type { Ask } from "./client.js";
import { API, type AnswerTo, type Question, questions } from "./protocol.js";

export interface AskOptions {
  /** Of the served SIEM, such as `https://siem.lab:7780`. */
  readonly url: string;
  readonly token: string;
  /** Certificates in PEM that the server's is checked against; absent: the system's. */
  readonly ca?: string;
  /** For messages. */
  readonly name: string;
}

/** Bytes of an answer. */
const MOST_BYTES = 128 * 1024 * 1024;

/** Asks over HTTP or HTTPS, without following redirects: the token goes to the named server only. */
export function askOver(options: AskOptions): Ask {
  return async (question, asked, { deadlineMs, signal }) => {
    const failed = (what: string, cause?: unknown): TyrianError =>
      new TyrianError("siem-unreachable", `${options.name}: ${question}: ${what}`, { cause });
    const limits = [AbortSignal.timeout(deadlineMs), ...(signal === undefined ? [] : [signal])];
    let answer: { status: number; body: string };
    try {
      answer = await post(options, `${API}/${question}`, JSON.stringify(asked), AbortSignal.any(limits));
    } catch (thrown) {
      throw failed(limits[0]?.aborted === true ? `no answer within ${deadlineMs} ms` : messageOf(thrown), thrown);
    }
    if (answer.status !== 200) throw failed(`the server answered ${answer.status}${saidIn(answer.body)}`);
    return valueOf(question, answer.body, failed);
  };
}

function valueOf<Q extends Question>(
  question: Q,
  body: string,
  failed: (what: string) => TyrianError,
): AnswerTo<Q> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw failed("the answer is no JSON; is this `tyrian siem serve`?");
  }
  const parsed = questions[question].answer.safeParse(value);
  if (!parsed.success) throw failed("the answer is of another form; is it of the same version?");
  return parsed.data as AnswerTo<Q>;
}

/** What an error of the API says; nothing of a body that is none. */
function saidIn(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: { message?: unknown } };
    return typeof error?.message === "string" ? `: ${error.message.slice(0, 200)}` : "";
  } catch {
    return "";
  }
}

function post(
  { url, token, ca }: AskOptions,
  path: string,
  body: string,
  signal: AbortSignal,
): Promise<{ status: number; body: string }> {
  const target = new URL(path, url);
  return new Promise((resolve, reject) => {
    const options = {
      method: "POST",
      signal,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      },
      ...(ca === undefined ? {} : { ca }),
    };
    const request = (target.protocol === "https:" ? requestHttps : requestHttp)(target, options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_BYTES) request.destroy(new Error(`the answer has more than ${MOST_BYTES} bytes`));
        else chunks.push(chunk);
      });
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}
