import { connect, type Socket } from "node:net";
import { TyrianError } from "../errors.js";
import type { Network, TransportSettings } from "../model/target.js";
import { reasonOf } from "./abort.js";

/** What a socket is opened for; `signal` carries the deadline too. */
export interface OpenOptions {
  readonly signal: AbortSignal;
}

/** Where a target is reached; null for one that is not reached over the network. */
export function addressOf(
  settings: TransportSettings,
): { readonly host: string; readonly port: number; readonly network: Network | undefined } | null {
  if (settings.type === "local") return null;
  if (settings.type === "powershell") return { host: settings.host, port: settings.port, network: undefined };
  const { host, network } = settings;
  const port = settings.type !== "winrm" ? settings.port : (settings.port ?? (settings.https ? 5986 : 5985));
  return { host, port, network };
}

/**
 * Opens a TCP connection from this process's own network namespace.
 * @throws TyrianError `connect-failed`; an aborted signal rejects with its reason.
 */
export function openTcp(host: string, port: number, { signal }: OpenOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(reasonOf(signal));
    // Paused: what the server says first waits for whoever takes the socket over.
    const socket = connect({ host, port, noDelay: true });
    socket.pause();
    const settle = (finish: () => void): void => {
      signal.removeEventListener("abort", onAbort);
      socket.removeListener("error", onError);
      socket.removeListener("connect", onConnect);
      finish();
    };
    const onAbort = (): void =>
      settle(() => {
        socket.on("error", () => {});
        socket.destroy();
        reject(reasonOf(signal));
      });
    const onError = (error: NodeJS.ErrnoException): void =>
      settle(() => reject(refusedBy(host, port, error.code ?? error.message, error)));
    const onConnect = (): void => settle(() => resolve(socket));
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("error", onError);
    socket.on("connect", onConnect);
  });
}

const explanations: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there (connection refused)",
  EHOSTUNREACH: "there is no route to the host",
  ENETUNREACH: "there is no route to the network",
  ETIMEDOUT: "the host does not answer",
  ENOTFOUND: "the name does not resolve",
  EAI_AGAIN: "the name does not resolve",
  ECONNRESET: "the connection was reset",
};

/** The error for a TCP connection that could not be made; `code` is an errno name or a message. */
export function refusedBy(host: string, port: number, code: string, cause?: unknown): TyrianError {
  const why = explanations[code] ?? code;
  return new TyrianError(
    "connect-failed",
    `Could not connect to ${host} port ${port}: ${why}.`,
    cause === undefined ? {} : { cause },
  );
}
