import { pause } from "../transport/abort.js";

/** Why an act was not left to end by itself. */
export type Cut =
  { readonly code: "deadline-exceeded" } | { readonly code: "interrupted"; readonly why: string };

/** Milliseconds between sweeps while an act that was told to end has not ended: the first may have come before its start. */
const SWEEP_AGAIN_MS = 1_000;

/** Milliseconds that the wrapper has, after its act was told to end, to close the bracket and report. */
const WRAPPER_GRACE_MS = 30_000;

/**
 * Ends one act on demand: sweeps its processes until it is told that the wrapper has ended. The wrapper outlives its act: it
 * then closes the bracket and reports, as after any other end. When it does not, `giveUp` has the transport end it.
 */
export class ActEnder {
  readonly #sweep: () => Promise<number>;
  readonly #giveUp = new AbortController();
  readonly #over = new AbortController();
  #sweeping: Promise<void> = Promise.resolve();
  #why: Cut | null = null;
  #wasRunning = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param sweep ends the act's processes and says how many there were; does not reject. */
  constructor(sweep: () => Promise<number>) {
    this.#sweep = sweep;
  }

  /** Aborted when the wrapper is waited for no longer. */
  get giveUp(): AbortSignal {
    return this.#giveUp.signal;
  }

  /**
   * Ends the act; only the first call does anything.
   * @param ended whether the act's own end was reported already: then it is cut only if something of it is still there.
   */
  end(why: Cut, ended: boolean): void {
    if (this.#why !== null) return;
    this.#why = why;
    this.#wasRunning = !ended;
    this.#timer = setTimeout(() => this.abandon(), WRAPPER_GRACE_MS);
    this.#sweeping = this.#sweepOn();
  }

  /** Has the transport end the wrapper. */
  abandon(): void {
    this.#giveUp.abort();
  }

  /**
   * To be called when the wrapper has ended. Waits for a sweep that is under way: its processes must not be taken for those of
   * the next act in the same login session.
   * @returns why the act was cut short; null when it had ended by itself.
   */
  async stop(): Promise<Cut | null> {
    clearTimeout(this.#timer);
    this.#over.abort();
    await this.#sweeping;
    return this.#wasRunning ? this.#why : null;
  }

  async #sweepOn(): Promise<void> {
    while (!this.#over.signal.aborted) {
      if ((await this.#sweep()) > 0) this.#wasRunning = true;
      await pause(SWEEP_AGAIN_MS, this.#over.signal);
    }
  }
}
