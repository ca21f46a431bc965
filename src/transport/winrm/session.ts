import { setMaxListeners } from "node:events";
import { Readable } from "node:stream";
import type { WinrmTransport } from "../../model/target.js";
import { messageOf, TyrianError } from "../../errors.js";
import { anyOpen, Latch, pause, timerMilliseconds } from "../abort.js";
import { unseenResult } from "../command-life.js";
import { CommandLimit } from "../command-limit.js";
import { Gate } from "../gate.js";
import type { ExecOptions, ExecResult, Session } from "../transport.js";
import { checkCommandLine } from "../windows/command-line.js";
import { RunningCommand } from "./command.js";
import { errorOfFault, WsmanFault } from "./fault.js";
import type { Lanes } from "./lanes.js";
import type { Shell } from "./shell.js";
import { StandardInput } from "../standard-input.js";
import { UnknownOutcome } from "./unknown-outcome.js";

/** Milliseconds that the host has to answer the request for a command that is no longer wanted. */
const LATE_START = 5_000;
/** Milliseconds that the host has to pass ctrl+c on. */
const INTERRUPTION = 2_000;
/** Milliseconds between ctrl+c and the end by force. */
const GRACE = 500;
/** Milliseconds that the host has to confirm that it has ended a command. */
const TERMINATION = 5_000;
/** Milliseconds that an ended command has to report its end. */
const LATE_EXIT = 1_000;
/** The part of the time after which the host deletes an idle shell until we do it: a command must not find it gone. */
const IDLE_PART = 0.8;

export interface WinrmSessionOptions {
  readonly target: string;
  readonly shell: Shell;
  readonly lanes: Lanes;
  readonly maxCommands: number;
  readonly codePage: WinrmTransport["codePage"];
  readonly onWarning: (message: string) => void;
}

/**
 * Commands in one shell of a Windows host. All of them belong to the one logon of the shell. What is lost once stays lost:
 * the shell is deleted then, and the host ends what ran in it.
 */
export class WinrmSession implements Session {
  readonly target: string;
  readonly remote = true;
  readonly ownLogin = true;
  readonly #options: WinrmSessionOptions;
  readonly #gate: Gate;
  readonly #lost = new Latch();
  readonly #lostController = new AbortController();
  readonly #inputs = new Set<StandardInput>();
  #deleting: Promise<void> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;
  #why = "";

  constructor(options: WinrmSessionOptions) {
    this.target = options.target;
    this.#options = options;
    this.#gate = new Gate(options.maxCommands);
    setMaxListeners(0, this.#lostController.signal);
    this.#rest();
  }

  get open(): boolean {
    return !this.#lost.isOpen;
  }

  async exec(command: string, options: ExecOptions): Promise<ExecResult> {
    if (!this.open) throw this.#disconnected();
    if (options.pty === true) {
      throw new TyrianError(
        "transport-failed",
        "The winrm transport has no terminal. The command was not run.",
      );
    }
    checkCommandLine(command, this.target);
    const limit = new CommandLimit(
      options,
      `The command was not sent to ${this.target} within ${options.deadlineMs} ms: as many as may run at once were running.`,
      this.#lostController.signal,
    );
    try {
      if (this.#gate.isFull) for (const input of this.#inputs) input.end();
      await this.#gate.enter(limit.signal);
      clearTimeout(this.#idle);
      try {
        return await this.#run(command, options, limit);
      } finally {
        this.#gate.leave();
        this.#rest();
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
    this.#lose("it was closed");
    await this.#deleting;
  }

  async #run(command: string, options: ExecOptions, limit: CommandLimit): Promise<ExecResult> {
    const start = { wall: Date.now(), monotonic: performance.now() };
    const id = await this.#start(command, limit.stopped);
    if (id === null) return unseenResult("disconnected", options);
    return await this.#follow(id, new RunningCommand(options, start, this.#options.codePage), options, limit);
  }

  /** Has the command started and returns its id; null when nobody can tell whether it was. */
  async #start(command: string, stopped: Latch): Promise<string | null> {
    const answered = new Latch();
    const starting = this.#options.shell.start(command).finally(() => answered.open());
    // It may be left to itself below.
    starting.catch(() => {});
    await anyOpen([answered, stopped, this.#lost], Number.POSITIVE_INFINITY);
    if (!(await anyOpen([answered, this.#lost], LATE_START))) {
      this.#lose("the host did not say whether it has started a command");
    }
    if (!answered.isOpen) return null;
    try {
      return await starting;
    } catch (thrown) {
      if (thrown instanceof UnknownOutcome) {
        this.#lose(thrown.message);
        return null;
      }
      if (thrown instanceof WsmanFault) {
        // The host's refusal proves that the command was not run; a new session has a new shell.
        if (thrown.kind === "gone" || thrown.spent)
          this.#lose(`its shell is of no more use: ${thrown.message}`);
        throw errorOfFault(this.target, "start the command, which was not run", thrown);
      }
      if (!(thrown instanceof TyrianError) || thrown.code !== "command-too-long")
        this.#lose(messageOf(thrown));
      throw thrown;
    }
  }

  /** Waits for a command's end, or brings it about. */
  async #follow(
    id: string,
    running: RunningCommand,
    options: ExecOptions,
    limit: CommandLimit,
  ): Promise<ExecResult> {
    const { shell } = this.#options;
    const { exited, broken } = running;
    const over = new AbortController();
    const { signal } = over;
    shell
      .receive(id, (received) => running.take(received), signal)
      .catch((thrown: unknown) => running.break(messageOf(thrown)));
    const input = new StandardInput(
      options.stdin ?? "",
      shell.mostInput,
      (piece, end) => shell.send(id, piece, end, signal),
      (thrown) => {
        // What was on its way when the command was over is nobody's loss.
        if (!signal.aborted) void this.#missInput(running, thrown, hasWords(options));
      },
    );
    if (options.yields === true) this.#inputs.add(input);
    if (options.yields === true && this.#gate.waiting > 0) input.end();
    let terminated = false;
    try {
      await anyOpen([exited, broken, this.#lost, limit.stopped], Number.POSITIVE_INFINITY);
      if (exited.isOpen) return running.result("ended");
      if (this.#lost.isOpen) return running.result("disconnected");
      if (broken.isOpen) {
        this.#lose(running.failure);
        return running.result("disconnected");
      }
      await this.#interrupt(id, [exited, broken, this.#lost]);
      terminated = await this.#terminate(id);
      await anyOpen([exited, broken, this.#lost], LATE_EXIT);
      return running.result(terminated || exited.isOpen ? limit.ending : "disconnected");
    } finally {
      this.#inputs.delete(input);
      input.destroy();
      if (!exited.isOpen) over.abort(new Error("the command is over"));
      if (!terminated && this.open) await this.#terminate(id);
      // What was on its way to a command that has ended is answered soon, and then the connection serves again.
      void Promise.race([input.idle, pause(LATE_EXIT, this.#lostController.signal)]).then(() => over.abort());
    }
  }

  /**
   * A command need not read its input, or has ended. What it lacks for any other reason it would wait for until its deadline, so that it is
   * ended; for the mere end of its input it need not wait.
   */
  async #missInput(running: RunningCommand, thrown: unknown, words: boolean): Promise<void> {
    const { exited, broken } = running;
    if (exited.isOpen) return;
    if (!(thrown instanceof WsmanFault)) return running.break(messageOf(thrown));
    if (thrown.kind === "input-closed" || thrown.kind === "gone") return;
    // The host may have refused it because the command was just ending.
    if (await anyOpen([exited, broken, this.#lost], LATE_EXIT)) return;
    const why = `input for a command was refused: ${messageOf(thrown)}`;
    this.#options.onWarning(`${this.target}: ${why}`);
    if (words) running.break(why);
  }

  /** Lets a command end by itself, as by ctrl+c; what comes of that does not matter, since it is ended in any case. */
  async #interrupt(id: string, ended: readonly Latch[]): Promise<void> {
    const told = new Latch();
    this.#options.shell.interrupt(id).then(
      () => told.open(),
      () => told.open(),
    );
    await anyOpen([told, ...ended], INTERRUPTION);
    await anyOpen(ended, GRACE);
  }

  /** Ends a command and all that it has started; whether the host has confirmed it. */
  async #terminate(id: string): Promise<boolean> {
    const confirmed = new Latch();
    const failed = new Latch();
    this.#options.shell.terminate(id).then(
      () => confirmed.open(),
      () => failed.open(),
    );
    await anyOpen([confirmed, failed, this.#lost], TERMINATION);
    if (!confirmed.isOpen) this.#lose("the host did not confirm that it has ended a command");
    return confirmed.isOpen;
  }

  #disconnected(): TyrianError {
    return new TyrianError(
      "disconnected",
      `The session with ${this.target} was lost before the command was sent: ${this.#why.replace(/\.$/, "")}.`,
    );
  }

  /** While nothing runs, the shell is not kept for longer than the host keeps it. */
  #rest(): void {
    clearTimeout(this.#idle);
    if (this.#gate.held > 0 || !this.open) return;
    const milliseconds = this.#options.shell.idleMs * IDLE_PART;
    this.#idle = setTimeout(
      () => this.#lose("it was idle for too long"),
      timerMilliseconds(milliseconds),
    ).unref();
  }

  /** What runs ends as `disconnected`; the shell is deleted, and what runs in it with it. */
  #lose(why: string): void {
    if (this.#lost.isOpen) return;
    this.#why = why;
    clearTimeout(this.#idle);
    this.#lost.open();
    this.#lostController.abort(this.#disconnected());
    this.#deleting = this.#delete();
  }

  async #delete(): Promise<void> {
    const { lanes, shell, onWarning } = this.#options;
    // Its answers are not wanted any more.
    lanes.interrupt();
    if (!(await shell.delete())) {
      onWarning(
        `${this.target} did not confirm that the shell ${shell.id} was deleted; the host does it when that has been idle for its IdleTimeout.`,
      );
    }
    lanes.end();
  }
}

/** Whether there is more to a command's input than its end. */
function hasWords({ stdin = "" }: ExecOptions): boolean {
  return stdin instanceof Readable || stdin.length > 0;
}
