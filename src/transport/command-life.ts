import { messageOf, TyrianError } from "../errors.js";
import { anyOpen, Latch } from "./abort.js";
import { OutputCapture } from "./output.js";
import type { ExecOptions, ExecResult } from "./transport.js";

/** Milliseconds without output after the command's exit until it is closed although something holds its output open. */
const IDLE_AFTER_EXIT = 250;
/** Milliseconds after the exit until then at the latest, for a background process that goes on writing. */
const LONGEST_AFTER_EXIT = 3_000;

/** How a command's own process ended; `code` is null when a signal ended it. */
export interface Exit {
  readonly code: number | null;
  /** Without the prefix SIG. */
  readonly signal: string | null;
}

/** The moment from which a command's time counts: milliseconds by our clock and by a monotonic one. */
export interface Start {
  readonly wall: number;
  readonly monotonic: number;
}

/** What every transport knows of a command that it runs. */
export class CommandLife {
  readonly output: OutputCapture;
  readonly #start: Start;
  /** The command's own process has ended, and its status is known. */
  readonly exited = new Latch();
  /** Both output streams have ended. */
  readonly drained = new Latch();
  #exit: Exit | null = null;
  #exitedMonotonic = 0;

  constructor(options: ExecOptions, start: Start = { wall: Date.now(), monotonic: performance.now() }) {
    this.output = new OutputCapture(options);
    this.#start = start;
  }

  /** Records the end of the command's own process; the first report counts. */
  setExit(exit: Exit): void {
    if (this.#exit !== null) return;
    this.#exit = exit;
    this.#exitedMonotonic = performance.now();
    this.exited.open();
  }

  /**
   * After the exit: waits for the rest of the output, but not for background processes that hold the streams open.
   * @param stops end the waiting
   */
  async drain(stops: readonly Latch[]): Promise<void> {
    for (;;) {
      const now = performance.now();
      const idle = IDLE_AFTER_EXIT - (now - Math.max(this.#exitedMonotonic, this.output.lastAt));
      const longest = LONGEST_AFTER_EXIT - (now - this.#exitedMonotonic);
      if (idle <= 0 || longest <= 0) return;
      if (await anyOpen([this.drained, ...stops], Math.min(idle, longest))) return;
    }
  }

  /**
   * The result; `ended` stands for what the command's own process reported.
   * @throws TyrianError `internal` when the caller's `onOutput` failed.
   */
  result(ending: "ended" | "deadline" | "aborted" | "disconnected"): ExecResult {
    const captured = this.output.finish();
    const { callbackError } = this.output;
    if (callbackError !== undefined) {
      throw new TyrianError("internal", `onOutput failed: ${messageOf(callbackError)}`, {
        cause: callbackError,
      });
    }
    const exit = ending === "ended" ? this.#exit : null;
    return {
      ending: ending !== "ended" ? ending : exit?.code === null ? "signalled" : "exited",
      exitCode: exit?.code ?? null,
      signal: exit?.code === null ? exit.signal : null,
      ...captured,
      startedAt: this.#start.wall,
      endedAt: Date.now(),
      durationMs: performance.now() - this.#start.monotonic,
    };
  }
}

/** The result of a command of which nothing was received: `aborted` before it was sent, or `disconnected`. */
export function unseenResult(ending: "aborted" | "disconnected", options: ExecOptions): ExecResult {
  return new CommandLife(options).result(ending);
}
