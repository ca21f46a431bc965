import type { Socket } from "node:net";
import { TyrianError } from "../errors.js";
import type { Network, Target } from "../model/target.js";
import { ConnectorProcess } from "./namespace/connector-process.js";
import { addressOf, openTcp, type OpenOptions } from "./tcp.js";

/** Milliseconds after which a connection is given up when the caller's signal has not ended it. */
const LONGEST = 60_000;

/**
 * Opens TCP connections for targets that live in network namespaces of this machine. A process can not enter a namespace
 * for one socket only, so a small child process lives in each namespace, started when it is first needed; it makes the
 * connection and hands the socket over. Targets without a namespace get a plain connection.
 */
export class NamespaceSockets {
  readonly #connectors = new Map<string, ConnectorProcess>();
  #closed = false;

  /**
   * @throws TyrianError `connect-failed`, `requirement-missing` without nsenter, `inventory-invalid`; an aborted signal
   *   rejects with its reason.
   */
  async open(target: Target, { signal }: OpenOptions): Promise<Socket> {
    const address = addressOf(target.transport);
    if (address === null) {
      throw new TyrianError("transport-failed", `${target.name} is not reached over the network.`);
    }
    const { host, port, network } = address;
    if (network === undefined) return await openTcp(host, port, { signal });
    if (this.#closed)
      throw new TyrianError("connect-failed", `No connection to ${target.name}: its owner has closed.`);
    signal.throwIfAborted();
    const enter = enterArguments(network, target.name);
    const connector = this.#connector(enter);
    try {
      return await connector.open(host, port, LONGEST, signal);
    } catch (thrown) {
      // One that had worked and was ended meanwhile says nothing about the target: another one is asked.
      if (!connector.ended || !connector.hasWorked || signal.aborted || this.#closed) throw thrown;
      return await this.#connector(enter).open(host, port, LONGEST, signal);
    }
  }

  /** Ends the child processes. Connections that were handed over stay open. */
  async close(): Promise<void> {
    this.#closed = true;
    const connectors = [...this.#connectors.values()];
    this.#connectors.clear();
    await Promise.all(connectors.map((connector) => connector.close()));
  }

  #connector(enter: readonly string[]): ConnectorProcess {
    const key = enter.join(" ");
    const present = this.#connectors.get(key);
    if (present !== undefined && !present.ended) return present;
    const started = new ConnectorProcess(enter);
    this.#connectors.set(key, started);
    return started;
  }
}

/** What nsenter is told: the namespace by its file; the user namespace first when that owns it (rootless lab). */
function enterArguments(network: Network, target: string): readonly string[] {
  const { namespace, rootless } = network;
  const pid = /^[1-9]\d*$/.test(namespace)
    ? namespace
    : (/^\/proc\/([1-9]\d*)\/ns\/net$/.exec(namespace)?.[1] ?? null);
  const invalid = (problem: string): TyrianError =>
    new TyrianError(
      "inventory-invalid",
      `The network namespace "${namespace}" of ${target} cannot be used: ${problem}.`,
    );
  if (pid === null && !namespace.startsWith("/"))
    throw invalid("it is neither a process id nor an absolute path");
  const net = `--net=${pid === null ? namespace : `/proc/${pid}/ns/net`}`;
  if (!rootless) return [net];
  if (pid === null) throw invalid("a rootless lab's namespace is named by a process that lives in it");
  return [`--user=/proc/${pid}/ns/user`, "--preserve-credentials", net];
}
