import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { TyrianError } from "../errors.js";
import type { CliTransport, SecretReference, SshTransport, Target } from "../model/target.js";
import { limited, orAborted } from "./abort.js";
import { authenticationOf } from "./ssh/authentication.js";
import { deviceShell } from "./ssh/device-shell.js";
import { handshake, type Progress } from "./ssh/handshake.js";
import { parseHostKey } from "./ssh/host-key.js";
import type { LoginShell } from "./ssh/login-shell.js";
import { posixShell } from "./ssh/posix-shell.js";
import { SshSession } from "./ssh/session.js";
import { WindowsShell } from "./ssh/windows/shell.js";
import { openTcp, type OpenOptions } from "./tcp.js";
import type { ConnectOptions, Transport } from "./transport.js";

export interface SshTransportOptions {
  /** Resolves a secret reference to the secret; its errors must not quote it. */
  readonly resolveSecret: (reference: SecretReference) => Promise<string>;
  /**
   * Opens the connection to a target's address; give `NamespaceSockets.open` where targets live in network namespaces.
   * The stream may be paused; it belongs to the session then. Default: TCP from this process's own namespace.
   */
  readonly openSocket?: (target: Target, options: OpenOptions) => Promise<Duplex>;
  /** Told about things that work but should be put right, such as a key file that others can read. */
  readonly onWarning?: (message: string) => void;
  /** Milliseconds between keep-alive questions; after three without an answer the session is lost. Default 5000. */
  readonly keepAliveMs?: number;
}

/** Sessions over SSH (package ssh2), with the host's key pinned by the inventory. */
export function createSshTransport(options: SshTransportOptions): Transport {
  return {
    connect: (target, connectOptions) => connectOverSsh(target, settingsOf(target), connectOptions, options),
  };
}

/**
 * An SSH connection to a host, or to a network device.
 * @throws TyrianError as `Transport.connect`.
 */
export async function connectOverSsh(
  target: Target,
  settings: SshTransport | CliTransport,
  { signal: outer, deadlineMs }: ConnectOptions,
  options: SshTransportOptions,
): Promise<SshSession> {
  const hostKey = parseHostKey(settings.hostKey, target.name);
  const progress: Progress = { stage: "TCP connection" };
  const { signal, release } = limited([outer], deadlineMs, () =>
    tooLate(target, settings, progress, deadlineMs),
  );
  try {
    const methods = await orAborted(
      authenticationOf(settings, target.name, {
        resolveSecret: options.resolveSecret,
        onWarning: options.onWarning ?? (() => {}),
      }),
      signal,
    );
    const open =
      options.openSocket ?? ((_target: Target, given: OpenOptions) => openOwn(target, settings, given));
    const socket = await orAborted(open(target, { signal }), signal, discard);
    const client = await handshake(socket, {
      target: target.name,
      settings,
      hostKey,
      methods,
      progress,
      keepAliveMs: options.keepAliveMs ?? 5_000,
      signal,
    });
    try {
      progress.stage = "the question for its login shell";
      const shell = await shellOf(target, client, signal);
      return new SshSession({
        ...{ target: target.name, client, socket, shell },
        maxChannels: settings.maxChannels,
      });
    } catch (thrown) {
      client.end();
      discard(socket);
      throw thrown;
    }
  } finally {
    release();
  }
}

function openOwn(
  target: Target,
  settings: SshTransport | CliTransport,
  options: OpenOptions,
): Promise<Duplex> {
  if (settings.network !== undefined) {
    throw new TyrianError(
      "transport-failed",
      `${target.name} lives in the network namespace ${settings.network.namespace}, and nothing was given that opens sockets there.`,
    );
  }
  return openTcp(settings.host, settings.port, options);
}

/** @throws TyrianError when a Windows host's shell is none that is known. */
async function shellOf(target: Target, client: Client, signal: AbortSignal): Promise<LoginShell> {
  if (target.transport.type === "cli") return deviceShell;
  return target.platform === "windows" ? await WindowsShell.of(client, target.name, signal) : posixShell;
}

function discard(socket: Duplex): void {
  socket.on("error", () => {});
  socket.destroy();
}

function settingsOf(target: Target): SshTransport {
  if (target.transport.type !== "ssh") {
    throw new TyrianError(
      "transport-failed",
      `${target.name} is a target of the ${target.transport.type} transport.`,
    );
  }
  return target.transport;
}

function tooLate(
  target: Target,
  settings: SshTransport | CliTransport,
  progress: Progress,
  deadlineMs: number,
): TyrianError {
  return new TyrianError(
    "connect-failed",
    `${target.name} (${settings.host} port ${settings.port}) did not complete ${progress.stage} within ${deadlineMs} ms.`,
  );
}
