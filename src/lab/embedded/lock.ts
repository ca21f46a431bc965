import { spawn } from "node:child_process";
import { once } from "node:events";
import { TyrianError } from "../../errors.js";
import { commandEnvironment } from "./commands.js";

/** Something held until it is released; the kernel releases it when this process dies, however it dies. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Locks a folder (flock) through a child whose standard input is ours: it ends, and the lock with it, when we do.
 * A folder and not a file, so that nothing has to be left behind or removed.
 * @throws TyrianError `lab-failed` when another process holds it longer than the deadline, in milliseconds.
 */
export async function lockFolder(folder: string, deadlineMs: number, signal?: AbortSignal): Promise<Lock> {
  signal?.throwIfAborted();
  const seconds = String(Math.max(1, Math.ceil(deadlineMs / 1000)));
  const child = spawn(
    "flock",
    ["--exclusive", "--wait", seconds, folder, "sh", "-c", "echo locked; exec cat"],
    {
      stdio: ["pipe", "pipe", "pipe"],
      env: commandEnvironment(),
      cwd: "/",
    },
  );
  child.stdin.on("error", () => undefined);
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", (error) => {
      complaint = error.message;
      resolve();
    });
  });
  const abort = (): void => void child.kill("SIGKILL");
  signal?.addEventListener("abort", abort);
  const locked = await Promise.race([once(child.stdout, "data").then(() => true), ended.then(() => false)]);
  signal?.removeEventListener("abort", abort);
  if (!locked) {
    signal?.throwIfAborted();
    const reason = complaint.trim() || `another process has worked on it for ${seconds} s`;
    throw new TyrianError("lab-failed", `the lab could not be locked (${folder}): ${reason}`);
  }
  return {
    release: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
