import { createHash } from "node:crypto";
import { TyrianError } from "../../errors.js";
import type { ExecResult, Session } from "../transport.js";

export interface UploadOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds for the whole of it. */
  readonly deadlineMs: number;
}

/** Bytes of each line of base64. */
const LINE_BYTES = 1_500;
/** What stands before the hash in the host's answer. */
const ANSWER = "tyrian-upload";

/*
 * Every Windows since 7 has PowerShell 2 and .NET's SHA-256; `Get-FileHash` came later, and `certutil` is taken for an attacker's
 * by many a scanner. PowerShell reads redirected input itself and hands it to `$input` by lines, so bytes go as base64, the path
 * (which then needs no quoting) before the content. The file is read again for its hash: what is checked is what lies on the disk.
 * Nothing in it is special to cmd.exe within double quotes.
 */
const SCRIPT = [
  "$ErrorActionPreference='Stop'",
  "$f=$null",
  "try{foreach($l in $input){$b=[Convert]::FromBase64String($l)",
  "if($f -eq $null){$p=[Environment]::ExpandEnvironmentVariables([Text.Encoding]::UTF8.GetString($b))",
  "$f=[IO.File]::Create($p)}else{$f.Write($b,0,$b.Length)}}}finally{if($f -ne $null){$f.Close()}}",
  "$f=[IO.File]::OpenRead($p)",
  "try{$h=[Security.Cryptography.SHA256]::Create().ComputeHash($f)}finally{$f.Close()}",
  `'${ANSWER} '+[BitConverter]::ToString($h).Replace('-','').ToLower()`,
].join(";");

/** The command line that writes and checks a file: `powershell.exe` with the script in clear text. */
export const UPLOAD_COMMAND = `powershell.exe -NoProfile -NonInteractive -InputFormat Text -Command "${SCRIPT}"`;

/**
 * Writes a file on a Windows host, for procedures that need one, and proves by its SHA-256 that it lies there as it should. A
 * file of that name is overwritten. It is one command of the session, and visible in the host's telemetry as such.
 * @param path on the host; variables such as `%TEMP%` are replaced there
 * @returns the file's SHA-256 in hexadecimal
 * @throws TyrianError `upload-failed` (a part of the file may be left there), `deadline-exceeded`, `disconnected`; an aborted signal
 *   rejects with its reason.
 */
export async function upload(
  session: Session,
  content: Uint8Array,
  path: string,
  { signal, deadlineMs }: UploadOptions,
): Promise<string> {
  signal?.throwIfAborted();
  const result = await session.exec(UPLOAD_COMMAND, {
    stdin: inputOf(content, path),
    deadlineMs,
    ...(signal === undefined ? {} : { signal }),
  });
  const place = `${path} on ${session.target}`;
  if (result.ending === "aborted") signal?.throwIfAborted();
  if (result.ending === "deadline") {
    throw new TyrianError(
      "deadline-exceeded",
      `The upload of ${place} did not end within ${String(deadlineMs)} ms.`,
    );
  }
  if (result.ending !== "exited") {
    throw new TyrianError("disconnected", `The connection was lost during the upload of ${place}.`);
  }
  const expected = createHash("sha256").update(content).digest("hex");
  const found = new RegExp(`^${ANSWER} ([0-9a-f]{64})\\r?$`, "m").exec(result.stdout)?.[1];
  if (result.exitCode !== 0 || found === undefined) throw notWritten(place, result);
  if (found !== expected) {
    throw new TyrianError(
      "upload-failed",
      `The file ${place} has the SHA-256 ${found} and not ${expected}: it was changed on the way, or by the host.`,
    );
  }
  return expected;
}

function inputOf(content: Uint8Array, path: string): string {
  const lines = [Buffer.from(path, "utf8").toString("base64")];
  for (let from = 0; from < content.length; from += LINE_BYTES) {
    lines.push(Buffer.from(content.subarray(from, from + LINE_BYTES)).toString("base64"));
  }
  return `${lines.join("\r\n")}\r\n`;
}

function notWritten(place: string, { exitCode, stderr }: ExecResult): TyrianError {
  if (exitCode === 0) {
    return new TyrianError("upload-failed", `The host printed no hash of ${place}.`, {
      hint: "Its powershell.exe does not run scripts: is it PowerShell? (Wine's is an empty shell.)",
    });
  }
  const words = stderr.replace(/\s+/g, " ").trim().slice(0, 300);
  return new TyrianError(
    "upload-failed",
    `PowerShell could not write ${place} (exit code ${String(exitCode)})${words === "" ? "" : `: ${words}`}.`,
  );
}
