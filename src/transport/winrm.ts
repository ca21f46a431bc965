import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import { TyrianError } from "../errors.js";
import type { SecretReference, Target, WinrmTransport } from "../model/target.js";
import { limited, orAborted } from "./abort.js";
import { addressOf, openTcp, type OpenOptions } from "./tcp.js";
import type { ConnectOptions, Session, Transport } from "./transport.js";
import { credentialsOf } from "./winrm/authentication.js";
import { Envelopes } from "./winrm/envelope.js";
import { Lane } from "./winrm/lane.js";
import { Lanes } from "./winrm/lanes.js";
import { WinrmSession } from "./winrm/session.js";
import { Shell } from "./winrm/shell.js";
import { secure, trustOf } from "./winrm/tls.js";

export interface WinrmTransportOptions {
  /** Resolves a secret reference to the secret; its errors must not quote it. */
  readonly resolveSecret: (reference: SecretReference) => Promise<string>;
  /** Opens the connection to a target's address, as for SSH. Default: TCP from this process's own namespace. */
  readonly openSocket?: (target: Target, options: OpenOptions) => Promise<Duplex>;
  /** Told about things that work but should be put right, such as a shell that could not be deleted. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Sessions over WinRM (MS-WSMV): one Windows command shell a session, and the commands in it, which cmd.exe reads. PowerShell is
 * a program that such a command starts, so that it is a process with a command line; PowerShell remoting (MS-PSRP) is
 * another procedure with other telemetry, and not offered.
 */
export function createWinrmTransport(options: WinrmTransportOptions): Transport {
  return { connect: (target, connectOptions) => connect(target, connectOptions, options) };
}

/** Bytes of an answer beside what the host was told to keep it under: encryption, and headers of hosts that count otherwise. */
const ANSWER_SLACK = 64 * 1024;

async function connect(
  target: Target,
  { signal: outer, deadlineMs }: ConnectOptions,
  options: WinrmTransportOptions,
): Promise<Session> {
  const settings = settingsOf(target);
  const { signal, release } = limited([outer], deadlineMs, () => {
    return new TyrianError(
      "connect-failed",
      `${target.name} (${settings.host}) did not open a shell within ${String(deadlineMs)} ms.`,
    );
  });
  try {
    const { lanes, envelopes } = await orAborted(prepare(target, settings, options), signal);
    const { operationTimeoutMs, maxEnvelopeBytes, maxCommands, codePage } = settings;
    const shell = await Shell.open(
      { target: target.name, envelopes, lanes, operationTimeoutMs, maxEnvelopeBytes, codePage },
      signal,
    );
    const onWarning = options.onWarning ?? (() => {});
    return new WinrmSession({ target: target.name, shell, lanes, maxCommands, codePage, onWarning });
  } finally {
    release();
  }
}

/** What a session needs and no connection: nothing of it is to be released. */
async function prepare(
  target: Target,
  settings: WinrmTransport,
  options: WinrmTransportOptions,
): Promise<{ readonly lanes: Lanes; readonly envelopes: Envelopes }> {
  const { https, maxEnvelopeBytes } = settings;
  const credentials = await credentialsOf(settings, target.name, options.resolveSecret);
  const trust = await trustOf(settings, target.name);
  const name = trust.serverName.includes(":") ? `[${trust.serverName}]` : trust.serverName;
  const authority = `${name}:${String(addressOf(settings)?.port)}`;
  const openSocket = options.openSocket ?? openOwn;
  const lanes = new Lanes(
    () =>
      new Lane({
        target: target.name,
        authority,
        https,
        credentials,
        maxAnswerBytes: maxEnvelopeBytes + ANSWER_SLACK,
        open: async (signal) => {
          const raw = await orAborted(openSocket(target, { signal }), signal, discard);
          if (!https) return { socket: raw, certificate: null };
          return await secure(raw, target.name, trust, credentials.clientCertificate, signal);
        },
      }),
  );
  const envelopes = new Envelopes({
    to: `${https ? "https" : "http"}://${authority}/wsman`,
    maxEnvelopeBytes,
    sessionId: `uuid:${randomUUID().toUpperCase()}`,
  });
  return { lanes, envelopes };
}

function openOwn(target: Target, options: OpenOptions): Promise<Duplex> {
  const address = addressOf(target.transport);
  if (address === null || address.network !== undefined) {
    throw new TyrianError(
      "transport-failed",
      `${target.name} lives in a network namespace, and nothing was given that opens sockets there.`,
    );
  }
  return openTcp(address.host, address.port, options);
}

function discard(socket: Duplex): void {
  socket.on("error", () => {});
  socket.destroy();
}

function settingsOf(target: Target): WinrmTransport {
  if (target.transport.type !== "winrm") {
    throw new TyrianError(
      "transport-failed",
      `${target.name} is a target of the ${target.transport.type} transport.`,
    );
  }
  return target.transport;
}
