import { messageOf, TyrianError } from "../../errors.js";
import type { Found } from "../http/pages.js";
import { stateOf } from "../http/siem-error.js";
import type { Answer } from "../siem.js";

/**
 * Puts a question and says how whole its answer is. What a later answer may change becomes the state of this one; what none
 * will change is thrown.
 * @param nothing the value when there is no answer
 * @param deadlineMs what it may take, with all its requests, pages and tries
 */
export async function answering<T>(
  nothing: T,
  deadlineMs: number,
  ask: (signal: AbortSignal) => Promise<{ readonly value: T; readonly lacks: string | null }>,
): Promise<Answer<T>> {
  try {
    const { value, lacks } = await ask(AbortSignal.timeout(deadlineMs));
    return { state: lacks === null ? "complete" : "partial", detail: lacks ?? "", value };
  } catch (thrown) {
    const state = stateOf(thrown);
    if (state === null) throw withHint(thrown);
    return { state, detail: sentenceOf(thrown), value: nothing };
  }
}

/** Rows as the value of an answer. */
export function valueOfFound<T>({ rows, lacks }: Found<T>): { value: T[]; lacks: string | null } {
  return { value: [...rows], lacks };
}

/** A verdict keeps the message alone, so that what to do is a part of it. */
function withHint(thrown: unknown): unknown {
  return thrown instanceof TyrianError
    ? new TyrianError(thrown.code, sentenceOf(thrown), { hint: thrown.hint })
    : thrown;
}

function sentenceOf(thrown: unknown): string {
  if (!(thrown instanceof TyrianError)) return messageOf(thrown);
  const { code, message, hint } = thrown;
  return `${code}: ${message}${/[.!?]$/.test(message) ? "" : "."} ${hint}`;
}
