import { TyrianError } from "../../errors.js";

/** What OpenSSH says, and what it means; PowerShell passes it on inside its own message. */
const meanings = [
  [/Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/, "host-key-mismatch", undefined],
  [/Permission denied|Too many authentication failures/, "auth-failed", undefined],
  [
    /subsystem request failed/,
    "transport-failed",
    "The host's sshd_config needs the line `Subsystem powershell PATH-OF-PWSH -sshs -NoLogo`, and PowerShell 7.4 or later; restart sshd after that.",
  ],
] as const;

/** The error for a session that could not be opened. */
export function openingFailure(target: string, said: string): TyrianError {
  const known = meanings.find(([pattern]) => pattern.test(said));
  const [, code, hint] = known ?? [null, "connect-failed" as const, undefined];
  const text = said.replace(/\s+/g, " ").trim().slice(0, 500);
  return new TyrianError(
    code,
    `PowerShell could not open a session with ${target}: ${text.replace(/\.$/, "")}.`,
    hint === undefined ? {} : { hint },
  );
}
