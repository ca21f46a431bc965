import type { RunningCommand } from "./command.js";

/** Ends commands; those that are to be ended at the same time are ended together. */
export class Ender {
  readonly #endAll: (commands: readonly RunningCommand[]) => Promise<ReadonlySet<RunningCommand>>;
  #waiting: { readonly command: RunningCommand; readonly done: (gone: boolean) => void }[] = [];
  #working = false;

  constructor(endAll: (commands: readonly RunningCommand[]) => Promise<ReadonlySet<RunningCommand>>) {
    this.#endAll = endAll;
  }

  /** Ends a command with all that it has started; whether it is proved that nothing of it lives. Never rejects. */
  end(command: RunningCommand): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.push({ command, done: resolve });
      if (!this.#working) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#working = true;
    // Others that are aborted by the same signal come in the same turn.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      const gone = await this.#endAll(batch.map(({ command }) => command)).catch(
        () => new Set<RunningCommand>(),
      );
      for (const { command, done } of batch) done(gone.has(command));
    }
    this.#working = false;
  }
}
