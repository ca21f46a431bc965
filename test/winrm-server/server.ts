import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { Authentication, type Account, type AuthenticationSettings } from "./authentication.js";
import type { ServerCertificate } from "./certificates.js";
import { Exchange, type Connection, type RequestRecord, type Service } from "./exchange.js";
import type { Interpreter } from "./interpreter.js";
import { Misbehaviours, type Misbehaviour } from "./misbehaviour.js";
import { Shells, windowsLimits, type Limits, type OpenShell } from "./shells.js";

/** How a stand-in is set up. What is not said is as Windows has it after `winrm quickconfig`. */
export interface StandInOptions {
  readonly interpreter: Interpreter;
  readonly accounts: readonly Account[];
  /** Makes it HTTPS. */
  readonly certificate?: ServerCertificate;
  readonly authentication?: Partial<AuthenticationSettings>;
  /** Whether HTTP without message encryption is taken. Default no: it is answered with an empty 500. */
  readonly allowUnencrypted?: boolean;
  readonly limits?: Partial<Limits>;
  /** Milliseconds after which a connection without requests is closed. Default 120 s. */
  readonly keepAliveMs?: number;
  readonly misbehaviour?: readonly Misbehaviour[];
}

/** A stand-in for the WS-Man service of Windows, for tests. It is not Windows, and proves nothing about it. */
export interface WinrmStandIn {
  readonly url: string;
  readonly port: number;
  /** Every request in the order of their answers. */
  readonly requests: readonly RequestRecord[];
  /** The shells that are open now: a client that leaves none behind leaves this empty. */
  shells(): OpenShell[];
  /** Replaces what it does wrong, from the next request on. */
  misbehave(list: readonly Misbehaviour[]): void;
  /** Ends all commands and connections. */
  stop(): Promise<void>;
}

const KEEP_ALIVE_MS = 120_000;

/** Starts a stand-in on a free port of loopback. */
export async function startWinrmStandIn(options: StandInOptions): Promise<WinrmStandIn> {
  const { certificate } = options;
  const server = newServer(certificate);
  server.keepAliveTimeout = options.keepAliveMs ?? KEEP_ALIVE_MS;
  const connections = follow(server, options);
  server.listen(0, "127.0.0.1");
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", reject);
  });
  const { port } = server.address() as AddressInfo;
  const url = `${certificate === undefined ? "http" : "https"}://127.0.0.1:${port}/wsman`;
  const requests: RequestRecord[] = [];
  const shells = new Shells(options.interpreter, { ...windowsLimits, ...options.limits });
  const service: Service = {
    url,
    shells,
    plainAllowed: certificate !== undefined || options.allowUnencrypted === true,
    seenMessageIds: new Set(),
    misbehaviours: new Misbehaviours(options.misbehaviour ?? []),
    record: (request) => void requests.push(request),
  };
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const connection = connections.get(request.socket);
    if (connection === undefined) throw new Error("a request of no connection");
    void new Exchange(service, connection, request, response).run();
  });
  return {
    url,
    port,
    requests,
    shells: () => shells.list(),
    misbehave: (list) => {
      service.misbehaviours = new Misbehaviours(list);
    },
    stop: async () => {
      shells.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The open connections of a server; each has an authentication of its own. */
function follow(server: Server, options: StandInOptions): ReadonlyMap<Socket, Connection> {
  const connections = new Map<Socket, Connection>();
  const settings: AuthenticationSettings = {
    ...{ basic: false, negotiate: true, certificate: false, channelBinding: "relaxed" },
    ...options.authentication,
  };
  let opened = 0;
  server.on(options.certificate === undefined ? "connection" : "secureConnection", (socket: Socket) => {
    opened += 1;
    const authentication = new Authentication(options.accounts, settings, socket);
    connections.set(socket, { number: opened, authentication });
    socket.once("close", () => connections.delete(socket));
  });
  return connections;
}

function newServer(certificate: ServerCertificate | undefined): Server {
  if (certificate === undefined) return createServer();
  return createSecureServer({
    key: certificate.key,
    cert: certificate.certificate,
    ca: certificate.clientAuthority,
    requestCert: true,
    rejectUnauthorized: false,
  });
}
