import type { Server } from "node:net";
import { once } from "node:events";
import { isIP, isIPv4, isIPv6, BlockList } from "node:net";
import { messageOf, TyrianError } from "../../errors.js";
import { type ListenAddress, shownAddress } from "./receiver.js";

/** A certificate and its key in PEM, and by whom clients must be certified; absent: clients need no certificate. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string;
}

/** Milliseconds for the handshake of TLS, and of silence after which a connection is asked for a sign of life. */
export const HANDSHAKE_MS = 10_000;
export const KEEP_ALIVE_MS = 60_000;

/** Options of Node's TLS servers. @throws nothing: bad material shows at `listen`. */
export function tlsOptions({ cert, key, clientCa }: TlsMaterial) {
  return {
    cert,
    key,
    minVersion: "TLSv1.2" as const,
    handshakeTimeout: HANDSHAKE_MS,
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  };
}

/** Begins to listen. @returns where. @throws TyrianError `listen-failed` */
export async function listenOn(server: Server, at: ListenAddress, name: string): Promise<string> {
  try {
    server.listen(at.port, at.address);
    await once(server, "listening");
  } catch (thrown) {
    throw listenFailed(name, at, thrown);
  }
  const address = server.address();
  return shownAddress(typeof address === "object" && address !== null ? address : at);
}

export function listenFailed(name: string, at: ListenAddress, thrown: unknown): TyrianError {
  return new TyrianError("listen-failed", `${name}: ${shownAddress(at)}: ${messageOf(thrown)}`, {
    cause: thrown,
  });
}

/** Senders by their addresses; empty: all. */
export class Senders {
  readonly #list: BlockList | null;

  /** @param ranges addresses, or networks as in `10.0.0.0/8` */
  constructor(ranges: readonly string[]) {
    this.#list = ranges.length === 0 ? null : new BlockList();
    for (const range of ranges) {
      const [address = "", prefix] = range.split("/");
      const family = isIPv4(address) ? "ipv4" : "ipv6";
      this.#list?.addSubnet(
        address,
        prefix === undefined ? (isIPv4(address) ? 32 : 128) : Number(prefix),
        family,
      );
    }
  }

  has(address: string): boolean {
    return this.#list === null || this.#list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
  }
}

/** Whether a text is an address or a network of addresses. */
export function isAddressRange(text: string): boolean {
  const [address = "", prefix, ...more] = text.split("/");
  const bits = isIP(address) === 4 ? 32 : 128;
  return (
    isIP(address) !== 0 &&
    more.length === 0 &&
    (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits))
  );
}

/** The sender's address; an IPv4 address that came over an IPv6 socket in its own form. */
export function peerOf(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:(?=\d+\.)/, "");
}
