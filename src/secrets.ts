import { readFile, stat } from "node:fs/promises";
import { TyrianError, messageOf } from "./errors.js";

/** Bytes; what is larger is no secret but a wrong path. */
const MOST_BYTES = 64 * 1024;

export interface ResolveOptions {
  /** Milliseconds that a command has. Default 10 s. */
  readonly deadlineMs?: number;
  readonly environment?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/**
 * The secret that a reference stands for: a variable (`env:NAME`), a file (`file:PATH`) or what a shell command prints
 * (`command:COMMAND`, run by /bin/sh). One line end at the end of a file or of the output is no part of it.
 * @throws TyrianError `secret-unresolved`; the message never holds the secret, nor what the command printed. An aborted
 * signal rejects with its reason.
 */
export async function resolveSecret(reference: string, options: ResolveOptions = {}): Promise<string> {
  options.signal?.throwIfAborted();
  const separator = reference.indexOf(":");
  const scheme = reference.slice(0, separator);
  const rest = reference.slice(separator + 1);
  const secret = await read(scheme, rest, options);
  if (secret === "") throw unresolved(scheme, rest, "it is empty");
  return secret;
}

async function read(scheme: string, rest: string, options: ResolveOptions): Promise<string> {
  if (scheme === "env") {
    const value = (options.environment ?? process.env)[rest];
    if (value === undefined) throw unresolved(scheme, rest, "the variable is not set");
    return value;
  }
  if (scheme === "file") return withoutLineEnd(await readSmallFile(rest));
  if (scheme === "command") return withoutLineEnd(await runCommand(rest, options));
  throw new TyrianError("secret-unresolved", "a secret reference begins with env:, file: or command:");
}

/** Names the place and not the content; a command may itself hold a secret, so only its first word is named. */
function unresolved(scheme: string, rest: string, reason: string): TyrianError {
  const place = scheme === "command" ? `${rest.trim().split(/\s/)[0] ?? ""} ...` : rest;
  return new TyrianError("secret-unresolved", `the secret ${scheme}:${place} could not be read: ${reason}`);
}

function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, "");
}

async function readSmallFile(path: string): Promise<string> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new Error("it is not a regular file");
    if (found.size > MOST_BYTES) throw new Error(`it has more than ${String(MOST_BYTES)} bytes`);
    return await readFile(path, "utf8");
  } catch (error) {
    throw unresolved("file", path, messageOf(error));
  }
}

async function runCommand(command: string, options: ResolveOptions): Promise<string> {
  const { execa } = await import("execa");
  const deadlineMs = options.deadlineMs ?? 10_000;
  const child = execa("/bin/sh", ["-c", command], {
    reject: false,
    stdin: "ignore",
    stripFinalNewline: false,
    maxBuffer: MOST_BYTES,
    // A process group of its own, so that what the command started ends with it and does not hold the output open.
    detached: true,
    ...(options.environment === undefined ? {} : { env: options.environment, extendEnv: false }),
  });
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // ended already
    }
  };
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end();
  }, deadlineMs);
  options.signal?.addEventListener("abort", end);
  try {
    const result = await child;
    options.signal?.throwIfAborted();
    if (late) throw unresolved("command", command, `it did not end within ${String(deadlineMs)} ms`);
    if (result.isMaxBuffer)
      throw unresolved("command", command, `it printed more than ${String(MOST_BYTES)} bytes`);
    if (result.failed) {
      const status = result.exitCode;
      const ending = status === undefined ? "it did not run to its end" : `exit status ${String(status)}`;
      throw unresolved("command", command, ending);
    }
    return result.stdout;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", end);
    end();
  }
}
