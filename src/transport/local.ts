import { TyrianError } from "../errors.js";
import type { Target } from "../model/target.js";
import { anyOpen, Latch } from "./abort.js";
import { unseenResult } from "./command-life.js";
import { CommandLimit } from "./command-limit.js";
import { LocalCommand } from "./local/command.js";
import { endGroup } from "./local/group.js";
import type { ConnectOptions, ExecOptions, ExecResult, Session, Transport } from "./transport.js";

/** Milliseconds that an ended command has to report its end. */
const LATE_EXIT = 1_000;

/** Commands on this machine: `/bin/sh -c`, each in a process group of its own. */
export function createLocalTransport(): Transport {
  return {
    connect: async (target: Target, { signal }: ConnectOptions) => {
      signal?.throwIfAborted();
      if (target.transport.type !== "local") {
        throw new TyrianError(
          "transport-failed",
          `${target.name} is a target of the ${target.transport.type} transport.`,
        );
      }
      return new LocalSession(target.name);
    },
  };
}

class LocalSession implements Session {
  readonly target: string;
  readonly remote = false;
  /** It is the session of whoever started Tyrian, with all that they do in it. */
  readonly ownLogin = false;
  readonly #lost = new Latch();

  constructor(target: string) {
    this.target = target;
  }

  get open(): boolean {
    return !this.#lost.isOpen;
  }

  async exec(command: string, options: ExecOptions): Promise<ExecResult> {
    if (!this.open) {
      throw new TyrianError(
        "disconnected",
        `The session of ${this.target} was closed before the command was sent.`,
      );
    }
    if (options.pty === true) {
      throw new TyrianError(
        "transport-failed",
        "The local transport has no terminal. The command was not run.",
        {
          hint: "Use a target with the ssh transport.",
        },
      );
    }
    const limit = new CommandLimit(options, `The command did not end within ${options.deadlineMs} ms.`);
    try {
      if (options.signal?.aborted === true) return unseenResult("aborted", options);
      const running = await LocalCommand.start(command, options);
      try {
        return await this.#follow(running, limit);
      } finally {
        running.release();
      }
    } finally {
      limit.release();
    }
  }

  async close(): Promise<void> {
    this.#lost.open();
  }

  async #follow(running: LocalCommand, limit: CommandLimit): Promise<ExecResult> {
    const { exited } = running;
    await anyOpen([exited, this.#lost, limit.stopped], Number.POSITIVE_INFINITY);
    if (exited.isOpen) {
      await running.drain([this.#lost, limit.stopped]);
      return running.result("ended");
    }
    if (!limit.stopped.isOpen) return running.result("disconnected");
    const gone = await endGroup(running.pid);
    await anyOpen([exited], LATE_EXIT);
    if (exited.isOpen) await running.drain([]);
    return running.result(gone || exited.isOpen ? limit.ending : "disconnected");
  }
}
