import { type ErrorCode, TyrianError } from "../../errors.js";
import type { AnswerState } from "../../model/observation.js";

/** The codes of a SIEM that was asked in vain. */
export type SiemErrorCode = Extract<ErrorCode, `siem-${string}`>;

/** How an answer that failed is to be taken; `final` when no later answer can be another. */
const meaning: Readonly<Record<SiemErrorCode, AnswerState | "final">> = {
  "siem-unreachable": "unreachable",
  // An index may be made by the first event that comes.
  "siem-not-found": "unreachable",
  "siem-rate-limited": "rate-limited",
  "siem-auth-failed": "final",
  "siem-tls-failed": "final",
  "siem-redirected": "final",
  "siem-answer-invalid": "final",
  "siem-answer-too-large": "final",
  "siem-query-rejected": "final",
  "siem-version-unsupported": "final",
};

/** The state of an answer that failed so; null when asking again is of no use, or when it is no failure of a SIEM. */
export function stateOf(thrown: unknown): Exclude<AnswerState, "complete"> | null {
  if (!(thrown instanceof TyrianError) || !isSiemCode(thrown.code)) return null;
  const state = meaning[thrown.code];
  return state === "final" || state === "complete" ? null : state;
}

function isSiemCode(code: ErrorCode): code is SiemErrorCode {
  return Object.hasOwn(meaning, code);
}
