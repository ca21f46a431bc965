import { TyrianError } from "../../errors.js";
import { reasonOf } from "../abort.js";
import { openTcp } from "../tcp.js";
import { fingerprintOf, hostKeyAlgorithms } from "./host-key.js";

/** The key that a host showed. */
export interface SeenHostKey {
  /** As the inventory pins it: `ssh-ed25519 AAAA...`. */
  readonly line: string;
  readonly fingerprint: string;
}

/**
 * Asks an SSH server for its host key and goes away: no user is named to it. Nothing vouches for the key but the way to the
 * host, so ask only where nobody can stand in between.
 * @throws TyrianError `connect-failed`; an aborted signal rejects with its reason.
 */
export async function seenHostKey(host: string, port: number, signal: AbortSignal): Promise<SeenHostKey> {
  const ssh2 = (await import("ssh2")).default;
  const socket = await openTcp(host, port, { signal });
  const client = new ssh2.Client();
  try {
    return await new Promise((resolve, reject) => {
      const failed = (why: string, cause?: unknown): void =>
        reject(
          new TyrianError("connect-failed", `${host} port ${String(port)} showed no SSH host key: ${why}.`, {
            ...(cause === undefined ? {} : { cause }),
            hint: "Does an SSH server listen there, and has it ended starting?",
          }),
        );
      signal.addEventListener("abort", () => reject(reasonOf(signal)), { once: true });
      // After the key was refused here, its error comes too late to be told.
      client.on("error", (error: Error) => failed(error.message, error));
      client.on("close", () => failed("it ended the connection"));
      client.connect({
        sock: socket,
        username: "none",
        algorithms: { serverHostKey: [...hostKeyAlgorithms] },
        hostVerifier: (key: Buffer) => {
          const type = key.toString("latin1", 4, 4 + key.readUInt32BE(0));
          resolve({ line: `${type} ${key.toString("base64")}`, fingerprint: fingerprintOf(key) });
          return false;
        },
        readyTimeout: 0,
      });
    });
  } finally {
    client.on("error", () => {});
    client.destroy();
    socket.destroy();
  }
}
