import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { TyrianError, messageOf } from "../errors.js";

/**
 * Takes a lock of the kernel (flock) on a file, across processes. It ends with its holder also when that is killed, and
 * shell programs can take the same lock, so no number of a process is ever trusted.
 *
 * @returns what gives the lock back.
 * @throws TyrianError `queue-unavailable` when the lock is not free within the deadline or `flock` cannot be run.
 */
export async function takeLock(file: string, deadlineMs: number): Promise<() => Promise<void>> {
  const handle = await open(file, "a", 0o600);
  try {
    // The lock belongs to the open file, which the child shares: it stays when the child has ended.
    const child = spawn("flock", ["-x", "3"], {
      stdio: ["ignore", "ignore", "ignore", handle.fd],
      timeout: deadlineMs,
      killSignal: "SIGKILL",
    });
    const [status] = (await once(child, "exit")) as [number | null];
    if (status !== 0) {
      const message = `another process has been starting or ending the private Redis for too long (${file})`;
      throw new TyrianError("queue-unavailable", message);
    }
    return () => handle.close();
  } catch (error) {
    await handle.close();
    if (error instanceof TyrianError) throw error;
    throw new TyrianError("queue-unavailable", `the lock ${file} cannot be taken: ${messageOf(error)}`, {
      cause: error,
      hint: "The program flock is needed (Debian: apt-get install -y util-linux), or set REDIS_URL.",
    });
  }
}
