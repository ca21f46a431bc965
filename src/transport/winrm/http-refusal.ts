import { TyrianError } from "../../errors.js";
import type { HttpAnswer } from "./http-connection.js";

/** The server's token for a scheme (RFC 4559); null when it has sent none. */
export function challengeOf(answer: HttpAnswer, scheme: string): Buffer | null {
  for (const challenge of challengesOf(answer)) {
    const [name = "", token = ""] = challenge.split(/\s+/);
    if (name.toLowerCase() === scheme.toLowerCase() && token !== "") return Buffer.from(token, "base64");
  }
  return null;
}

/** The names of the schemes that the server would take. */
export function offeredSchemes(answer: HttpAnswer): readonly string[] {
  return challengesOf(answer).map((challenge) => challenge.split(/\s+/)[0] ?? "");
}

/** One challenge an entry. Some servers join theirs with commas; those within a challenge come before `name=`. */
function challengesOf(answer: HttpAnswer): readonly string[] {
  return answer.challenges
    .flatMap((line) => line.split(/,\s*(?=[A-Za-z]+(?:\s|,|$))/))
    .map((challenge) => challenge.trim())
    .filter((challenge) => challenge !== "");
}

/** The error for an answer that is no message of WS-Management. */
export function refusal(target: string, answer: HttpAnswer): TyrianError {
  const { status, contentType, body, server } = answer;
  if (status === 403) {
    return new TyrianError("access-denied", `${target} refused the request (HTTP 403).`);
  }
  if (status === 413 || (status === 500 && body.length === 0)) {
    return new TyrianError(
      "transport-failed",
      `${target} refused the message without a word (HTTP ${String(status)}).`,
      {
        hint: "It was larger than the host's MaxEnvelopeSizekb (lower `maxEnvelopeBytes`), or not encrypted where the host wants it (AllowUnencrypted=false: use NTLM, or HTTPS).",
      },
    );
  }
  const kind = contentType === "" ? "nothing" : (contentType.split(";")[0] ?? "");
  const from = server === "" ? "" : ` of "${server.slice(0, 60)}"`;
  return new TyrianError(
    "not-winrm",
    `${target} answers with HTTP ${String(status)} and ${kind}${from} where WinRM would answer in SOAP.`,
  );
}
