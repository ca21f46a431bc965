import { messageOf, TyrianError } from "../../errors.js";

/** Errors of Node's TLS that say what is wrong with a certificate, or with the two ends' TLS. */
const TLS_CODES =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/;

/** What was thrown instead of an answer, as an error with a code. */
export function failureOf(thrown: unknown, name: string, signal: AbortSignal): TyrianError {
  if (signal.aborted) {
    const reason: unknown = signal.reason;
    const late = reason instanceof Error && reason.name === "TimeoutError";
    const what = late ? "no answer within the question's time" : `given up: ${messageOf(reason)}`;
    return new TyrianError("siem-unreachable", `${name}: ${what}`);
  }
  const inner = innermost(thrown);
  const code = codeOf(inner);
  const text = `${name}: ${messageOf(inner)}`;
  if (TLS_CODES.test(code)) return new TyrianError("siem-tls-failed", text);
  if (/\b407\b/.test(messageOf(inner)))
    return new TyrianError("siem-auth-failed", `${name}: the proxy refused it (407)`);
  return new TyrianError("siem-unreachable", text);
}

/** The error that others were wrapped around. */
function innermost(thrown: unknown): unknown {
  let inner = thrown;
  for (let depth = 0; depth < 5 && inner instanceof Error; depth += 1) {
    const first: unknown = inner instanceof AggregateError ? inner.errors[0] : inner.cause;
    if (!(first instanceof Error)) break;
    inner = first;
  }
  return inner;
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
}
