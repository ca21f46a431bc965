import { Readable } from "node:stream";
import { messageOf, TyrianError } from "../../errors.js";
import { CommandLife } from "../command-life.js";
import { feed } from "../feed.js";
import type { ExecOptions } from "../transport.js";

/** A command that runs on this machine, leader of its process group. */
export class LocalCommand extends CommandLife {
  /** Also the id of its process group. */
  readonly pid: number;
  readonly #release: () => void;

  private constructor(pid: number, options: ExecOptions, release: () => void) {
    super(options);
    this.pid = pid;
    this.#release = release;
  }

  /** @throws TyrianError `transport-failed` when it cannot be started. */
  static async start(command: string, options: ExecOptions): Promise<LocalCommand> {
    const { execa } = await import("execa");
    const child = execa("/bin/sh", ["-c", command], {
      // A session and process group of its own, so that it can be ended with all that it starts.
      detached: true,
      buffer: false,
      reject: false,
      cleanup: false,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      encoding: "buffer",
    });
    child.catch(() => {});
    const { pid, stdin, stdout, stderr } = child;
    if (pid === undefined) {
      const { cause, originalMessage } = await child;
      throw new TyrianError(
        "transport-failed",
        `The command could not be started, it was not run: ${originalMessage ?? messageOf(cause)}.`,
        { cause },
      );
    }
    // Without this the background processes that hold its output would keep this process from ending.
    const release = (): void => {
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
    };
    const running = new LocalCommand(pid, options, release);
    let open = 2;
    const onEnd = (): void => {
      open -= 1;
      if (open === 0) running.drained.open();
    };
    stdout.on("data", (chunk: Buffer) => running.output.add("stdout", chunk)).once("close", onEnd);
    stderr.on("data", (chunk: Buffer) => running.output.add("stderr", chunk)).once("close", onEnd);
    for (const stream of [stdout, stderr]) stream.on("error", () => {});
    // A command need not read its input: EPIPE is no error.
    stdin.on("error", () => {});
    child.once("exit", (code, signal) =>
      running.setExit({ code, signal: signal?.replace(/^SIG/, "") ?? null }),
    );
    if (options.stdin instanceof Readable) feed(options.stdin, stdin);
    else stdin.end(options.stdin ?? "");
    return running;
  }

  /** Takes no more output and lets go of the streams. */
  release(): void {
    this.#release();
  }
}
