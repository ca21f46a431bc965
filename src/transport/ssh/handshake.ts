import type { Duplex } from "node:stream";
import { Socket } from "node:net";
import type { Algorithms, AnyAuthMethod, Client } from "ssh2";
import { TyrianError } from "../../errors.js";
import type { CliTransport, SshTransport } from "../../model/target.js";
import { reasonOf } from "../abort.js";
import { inOrder } from "./authentication.js";
import { coalesceWrites } from "./coalesce.js";
import { fingerprintOf, hostKeyAlgorithms, type PinnedHostKey } from "./host-key.js";

/** How many keep-alive questions may stay unanswered. */
const KEEP_ALIVE_MISSES = 3;

/** Where a connection was when it failed; for messages. */
export interface Progress {
  stage: "TCP connection" | "SSH handshake" | "authentication" | "the question for its login shell";
}

export interface HandshakeOptions {
  readonly target: string;
  readonly settings: SshTransport | CliTransport;
  readonly hostKey: PinnedHostKey;
  readonly methods: readonly AnyAuthMethod[];
  readonly progress: Progress;
  /** Milliseconds between keep-alive questions. */
  readonly keepAliveMs: number;
  readonly signal: AbortSignal;
}

/**
 * Speaks SSH over an open socket until the user is authenticated. The host's key is compared before anything about the
 * user is sent. The returned client keeps a listener for `error`, so that a late one cannot end the process.
 * @throws TyrianError `host-key-mismatch`, `auth-failed`, `connect-failed`; an aborted signal rejects with its reason.
 */
export async function handshake(socket: Duplex, options: HandshakeOptions): Promise<Client> {
  const ssh2 = (await import("ssh2")).default;
  const { hostKey, progress, settings, signal } = options;
  const client = new ssh2.Client();
  let offered: string | null = null;
  return await new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(reasonOf(signal));
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    client.on("error", (error: Error) => fail(failureOf(error, offered, options)));
    client.on("close", () => fail(lost(options)));
    client.on("handshake", () => (progress.stage = "authentication"));
    client.once("ready", () => {
      signal.removeEventListener("abort", onAbort);
      client.removeAllListeners("error").removeAllListeners("close");
      client.on("error", () => {});
      resolve(client);
    });
    progress.stage = "SSH handshake";
    try {
      client.connect({
        sock: socket,
        username: settings.user,
        algorithms: algorithms(hostKey),
        authHandler: inOrder(options.methods),
        hostVerifier: (key: Buffer) => {
          offered = fingerprintOf(key);
          return offered === hostKey.fingerprint;
        },
        // Our own deadline covers the whole of connecting.
        readyTimeout: 0,
        keepaliveInterval: options.keepAliveMs,
        keepaliveCountMax: KEEP_ALIVE_MISSES,
      });
      if (socket instanceof Socket) socket.setNoDelay(true);
      coalesceWrites(socket);
    } catch (thrown) {
      fail(failureOf(thrown instanceof Error ? thrown : new Error(String(thrown)), offered, options));
    }
  });
}

/** ssh2's defaults without SHA-1, asking only for keys of the pinned type when it is known. */
function algorithms(hostKey: PinnedHostKey): Algorithms {
  return {
    serverHostKey: [...(hostKey.algorithms ?? hostKeyAlgorithms)],
    hmac: { append: [], prepend: [], remove: ["hmac-sha1", "hmac-sha1-etm@openssh.com"] },
    compress: ["none"],
  };
}

function failureOf(error: Error, offered: string | null, options: HandshakeOptions): TyrianError {
  const { settings, hostKey, target } = options;
  const where = `${settings.host} port ${settings.port}`;
  if (offered !== null && offered !== hostKey.fingerprint) {
    return new TyrianError(
      "host-key-mismatch",
      `${target} (${where}) showed the host key ${offered}, the inventory pins ${hostKey.fingerprint}.`,
      { cause: error },
    );
  }
  if (/no matching host key/i.test(error.message)) {
    return new TyrianError(
      "host-key-mismatch",
      `${target} (${where}) has no host key of the pinned type (${(hostKey.algorithms ?? hostKeyAlgorithms).join(", ")}); the inventory pins ${hostKey.fingerprint}.`,
      { cause: error },
    );
  }
  const level: unknown = "level" in error ? error.level : undefined;
  if (level === "client-authentication" || level === "agent") {
    const method = settings.authentication.type;
    const why = level === "agent" ? `the SSH agent failed: ${error.message}` : `it refused the ${method}`;
    return new TyrianError("auth-failed", `${target} (${where}) did not let ${settings.user} in: ${why}.`, {
      cause: error,
    });
  }
  if (options.progress.stage === "authentication" && /authentication failures/i.test(error.message)) {
    return new TyrianError(
      "auth-failed",
      `${target} (${where}) did not let ${settings.user} in: ${error.message}.`,
      {
        cause: error,
      },
    );
  }
  if (
    level === "protocol" ||
    /before handshake|Protocol|identification|Invalid header|Greeting/i.test(error.message)
  ) {
    return new TyrianError(
      "connect-failed",
      `${where} does not speak SSH, or ended the connection during the handshake: ${error.message}.`,
      { cause: error, hint: "Is it an SSH server, and does it accept more connections (MaxStartups)?" },
    );
  }
  return new TyrianError(
    "connect-failed",
    `The connection to ${target} (${where}) failed during ${options.progress.stage}: ${error.message}.`,
    { cause: error },
  );
}

function lost(options: HandshakeOptions): TyrianError {
  const { settings, progress, target } = options;
  return new TyrianError(
    "connect-failed",
    `${target} (${settings.host} port ${settings.port}) ended the connection during ${progress.stage}.`,
  );
}
