import { TyrianError } from "../../errors.js";
import { anyOpen } from "../abort.js";
import { unseenResult } from "../command-life.js";
import { CommandLimit } from "../command-limit.js";
import { Gate } from "../gate.js";
import type { ExecOptions, ExecResult, Session } from "../transport.js";
import { checkCommandLine } from "../windows/command-line.js";
import { StandardInput } from "../standard-input.js";
import { RemoteCommand } from "./command.js";
import type { Exchanges } from "./exchanges.js";

/** Commands at once: each holds threads of the host's PowerShell, and all share one conversation. */
const MOST_COMMANDS = 8;
/** Bytes of input in one exchange. */
const MOST_INPUT = 48 * 1024;
/** Milliseconds between the request to end and the end by force. */
const GRACE = 500;
/** Milliseconds in which the host has to prove that nothing is left of a command. */
const ENDING = 5_000;
/** Milliseconds after which it is asked again. */
const ASK_AGAIN = 200;
/** Milliseconds that the rest of an ended command's output has to come. */
const LATE_OUTPUT = 1_000;

interface PowerShellSessionOptions {
  readonly target: string;
  readonly windows: boolean;
  readonly exchanges: Exchanges;
  /** Ends our own pwsh, and with it the connection. */
  readonly release: () => Promise<void>;
}

/** Commands of a host that our own pwsh reaches. What is lost once stays lost, and what ran then is `disconnected`. */
export class PowerShellSession implements Session {
  readonly target: string;
  readonly remote = true;
  readonly ownLogin = true;
  readonly #options: PowerShellSessionOptions;
  readonly #gate = new Gate(MOST_COMMANDS);
  readonly #lostController = new AbortController();
  readonly #inputs = new Set<StandardInput>();
  #released: Promise<void> = Promise.resolve();

  constructor(options: PowerShellSessionOptions) {
    this.target = options.target;
    this.#options = options;
    void options.exchanges.lost.opened.then(() => {
      this.#released = options.release();
      this.#lostController.abort(this.#disconnected());
    });
  }

  get open(): boolean {
    return !this.#options.exchanges.lost.isOpen;
  }

  async exec(command: string, options: ExecOptions): Promise<ExecResult> {
    if (!this.open) throw this.#disconnected();
    if (options.pty === true) {
      throw new TyrianError(
        "transport-failed",
        "The powershell transport has no terminal. The command was not run.",
      );
    }
    if (this.#options.windows) checkCommandLine(command, this.target);
    if (command.includes("\0")) {
      throw new TyrianError(
        "transport-failed",
        `The command for ${this.target} holds a null character, where its shell would stop reading. It was not run.`,
      );
    }
    const limit = new CommandLimit(
      options,
      `The command was not sent to ${this.target} within ${options.deadlineMs} ms: as many as may run at once were running.`,
      this.#lostController.signal,
    );
    try {
      if (this.#gate.isFull) for (const input of this.#inputs) input.end();
      await this.#gate.enter(limit.signal);
      try {
        return await this.#run(command, options, limit);
      } finally {
        this.#gate.leave();
      }
    } catch (thrown) {
      if (!this.open) throw this.#disconnected();
      if (limit.wasAborted) return unseenResult("aborted", options);
      throw thrown;
    } finally {
      limit.release();
    }
  }

  async close(): Promise<void> {
    const { exchanges } = this.#options;
    exchanges.lose("it was closed");
    await exchanges.lost.opened;
    await this.#released;
  }

  async #run(line: string, options: ExecOptions, limit: CommandLimit): Promise<ExecResult> {
    const { lost } = this.#options.exchanges;
    const running = new RemoteCommand(line, options, this.#options.exchanges);
    try {
      await anyOpen([running.started, lost], Number.POSITIVE_INFINITY);
      if (!running.started.isOpen) return running.result("disconnected");
      if (running.failure !== null) {
        throw new TyrianError(
          "transport-failed",
          `${this.target} could not start the command, which was not run: ${running.failure.replace(/\.$/, "")}.`,
        );
      }
      return await this.#follow(running, options, limit);
    } finally {
      running.forget();
    }
  }

  /** Waits for a command's end, or brings it about. */
  async #follow(running: RemoteCommand, options: ExecOptions, limit: CommandLimit): Promise<ExecResult> {
    const { lost } = this.#options.exchanges;
    const input = new StandardInput(
      options.stdin ?? "",
      MOST_INPUT,
      (piece, end) => running.write(piece, end),
      // A command need not read its input.
      () => {},
    );
    if (options.yields === true) this.#inputs.add(input);
    if (options.yields === true && this.#gate.waiting > 0) input.end();
    try {
      await anyOpen([running.exited, lost, limit.stopped], Number.POSITIVE_INFINITY);
      if (running.exited.isOpen) {
        await running.drain([lost, limit.stopped]);
        // Output that was on its way is lost with the session, and its end cannot be told from the command's.
        return running.result(lost.isOpen && !running.drained.isOpen ? "disconnected" : "ended");
      }
      if (lost.isOpen) return running.result("disconnected");
      return running.result((await this.#end(running)) ? limit.ending : "disconnected");
    } finally {
      this.#inputs.delete(input);
      input.destroy();
    }
  }

  /** Ends a command with all that it has started; whether that is proved. If not, the session is given up. */
  async #end(running: RemoteCommand): Promise<boolean> {
    const { exchanges } = this.#options;
    running.stop(false);
    await anyOpen([running.gone, running.exited, exchanges.lost], GRACE);
    for (const until = performance.now() + ENDING; !running.gone.isOpen;) {
      running.stop(true);
      await anyOpen([running.gone, exchanges.lost], ASK_AGAIN);
      if (exchanges.lost.isOpen) return false;
      if (performance.now() >= until) {
        exchanges.lose("the host did not prove that it has ended a command");
        return false;
      }
    }
    await anyOpen([running.drained, exchanges.lost], LATE_OUTPUT);
    return true;
  }

  #disconnected(): TyrianError {
    return new TyrianError(
      "disconnected",
      `The session with ${this.target} was lost before the command was sent: ${this.#options.exchanges.why.replace(/\.$/, "")}.`,
    );
  }
}
