import { Latch } from "../abort.js";
import { CommandLife } from "../command-life.js";
import type { ExecOptions } from "../transport.js";
import type { Exchanges } from "./exchanges.js";
import type { CommandEvent } from "./messages.js";

/** A process on the host: its output as it is told, and its end. */
export class RemoteCommand extends CommandLife {
  /** The host has started it, or has said that it could not: then `failure` says why. */
  readonly started = new Latch();
  failure: string | null = null;
  /** It was told to end, and nothing of it is left. */
  readonly gone = new Latch();
  readonly #exchanges: Exchanges;
  readonly #id: string;
  #taken: ((refused: boolean) => void) | null = null;

  constructor(line: string, options: ExecOptions, exchanges: Exchanges) {
    super(options);
    this.#exchanges = exchanges;
    this.#id = exchanges.start(line, (event) => this.#take(event));
  }

  /** Writes a piece of its input; settles when the command has taken it, rejects when it takes none. */
  async write(piece: Uint8Array, end: boolean): Promise<void> {
    const refused = await new Promise<boolean>((resolve) => {
      this.#taken = resolve;
      this.#exchanges.write(this.#id, piece, end);
    });
    if (refused) throw new Error("the command takes no input");
  }

  stop(kill: boolean): void {
    this.#exchanges.stop(this.#id, kill);
  }

  forget(): void {
    this.#exchanges.forget(this.#id);
  }

  #take({ started, failed, stdout, stderr, input, drained, exit, gone }: CommandEvent): void {
    if (failed !== undefined) this.failure = failed;
    if (started === true || failed !== undefined) this.started.open();
    if (stdout !== undefined) this.output.add("stdout", Buffer.from(stdout, "base64"));
    if (stderr !== undefined) this.output.add("stderr", Buffer.from(stderr, "base64"));
    if (input !== undefined) this.#taken?.(input === "refused");
    if (exit !== undefined) this.setExit({ code: exit, signal: null });
    if (drained === true) this.drained.open();
    if (gone === true) this.gone.open();
  }
}
