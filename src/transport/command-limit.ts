import { TyrianError } from "../errors.js";
import { Latch, limited } from "./abort.js";
import type { ExecOptions } from "./transport.js";

/** What may end a command before its own end: its deadline, who gave it, or the loss of its session. Release it afterwards. */
export class CommandLimit {
  readonly signal: AbortSignal;
  /** Opens when the signal is aborted. */
  readonly stopped = new Latch();
  readonly #tooLate: TyrianError;
  readonly #release: () => void;

  /**
   * @param tooLate why, when the deadline passes, as a sentence
   * @param lost aborted when the session is lost
   */
  constructor({ signal, deadlineMs }: ExecOptions, tooLate: string, lost?: AbortSignal) {
    this.#tooLate = new TyrianError("deadline-exceeded", tooLate);
    const limit = limited([signal, lost], deadlineMs, () => this.#tooLate);
    const stop = (): void => this.stopped.open();
    if (limit.signal.aborted) stop();
    else limit.signal.addEventListener("abort", stop, { once: true });
    this.signal = limit.signal;
    this.#release = () => {
      limit.signal.removeEventListener("abort", stop);
      limit.release();
    };
  }

  /** The ending of a command that was stopped. */
  get ending(): "deadline" | "aborted" {
    return this.signal.reason === this.#tooLate ? "deadline" : "aborted";
  }

  /** Whether it was stopped, and not by its deadline. */
  get wasAborted(): boolean {
    return this.signal.aborted && this.ending === "aborted";
  }

  release(): void {
    this.#release();
  }
}
