import { setMaxListeners } from "node:events";
import { Readable, type Duplex } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import { TyrianError } from "../../errors.js";
import { anyOpen, Latch, limited, orAborted, pause } from "../abort.js";
import { unseenResult } from "../command-life.js";
import { CommandLimit } from "../command-limit.js";
import { Gate } from "../gate.js";
import type { ExecOptions, ExecResult, Session } from "../transport.js";
import { ChannelFailure, openChannel, openTerminal, signalChannel } from "./channel.js";
import { RunningCommand } from "./command.js";
import { Ender } from "./ender.js";
import type { EndingHost } from "./ending-host.js";
import type { LoginShell, ShellCommand } from "./login-shell.js";

/** Milliseconds that a server has to answer the request for a command that is no longer wanted. */
const LATE_START = 5_000;
/** Milliseconds that an ended command has to report its end. */
const LATE_EXIT = 1_000;
/** Milliseconds during which a channel for the helper is asked for again. */
const HELPER_PATIENCE = 3_000;
/** Milliseconds until the socket of a closed session is destroyed. */
const CLOSING = 1_000;

export interface SshSessionOptions {
  readonly target: string;
  /** Authenticated. */
  readonly client: Client;
  /** What the client speaks over; it belongs to the session. */
  readonly socket: Duplex;
  readonly maxChannels: number;
  readonly shell: LoginShell;
}

/** Commands over one SSH connection, each on a channel of its own. */
export class SshSession implements Session {
  readonly target: string;
  readonly remote = true;
  readonly ownLogin = true;
  readonly #client: Client;
  readonly #socket: Duplex;
  readonly #gate: Gate;
  readonly #lost = new Latch();
  readonly #lostController = new AbortController();
  readonly #ender: Ender;
  readonly #shell: LoginShell;
  /** Confirmed by the server and not known to have exited, in the order of confirmation. */
  #running: RunningCommand[] = [];
  #starting = 0;

  constructor({ target, client, socket, maxChannels, shell }: SshSessionOptions) {
    this.target = target;
    this.#client = client;
    this.#socket = socket;
    this.#shell = shell;
    this.#gate = new Gate(maxChannels);
    const host: EndingHost = {
      running: () => (this.#running = this.#running.filter((command) => !command.exited.isOpen)),
      openHelper: (command, accept) => this.#openHelper(command, accept),
      holdStarts: () => this.#holdStarts(),
      settled: () => this.#starting === 0,
      signal: (command, signal) => signalChannel(client, command.channel, signal),
    };
    this.#ender = new Ender((commands) => shell.endAll(host, commands));
    setMaxListeners(0, this.#lostController.signal);
    socket.on("error", () => {});
    const lose = (): void => this.#lose();
    client.on("error", lose).on("end", lose).on("close", lose);
    if (socket.destroyed) lose();
  }

  get open(): boolean {
    return !this.#lost.isOpen;
  }

  async exec(command: string, options: ExecOptions): Promise<ExecResult> {
    if (options.pty === true && !this.#shell.terminals) {
      throw new TyrianError(
        "transport-failed",
        `A command on ${this.target} has no terminal: that of Windows changes what programs write. It was not run.`,
      );
    }
    const prepared = this.#shell.prepare(command, inputOf(options));
    const limit = new CommandLimit(
      options,
      `The command was not sent to ${this.target} within ${options.deadlineMs} ms: no channel was free.`,
      this.#lostController.signal,
    );
    try {
      const started = await this.#start(prepared, options, limit);
      if (started === "unknown") return unseenResult("disconnected", options);
      return await this.#follow(started, limit);
    } catch (thrown) {
      if (!this.open) throw this.#disconnected();
      if (limit.wasAborted) return unseenResult("aborted", options);
      throw thrown;
    } finally {
      limit.release();
    }
  }

  /**
   * Opens a terminal with the login shell in it. It is destroyed with the session.
   * @throws TyrianError `transport-failed`, `disconnected`; an aborted signal rejects with its reason.
   */
  async terminal(signal: AbortSignal): Promise<Duplex> {
    if (!this.open) throw this.#disconnected();
    const limit = limited([signal, this.#lostController.signal], Number.POSITIVE_INFINITY, () => new Error());
    try {
      await this.#gate.enter(limit.signal);
      const opening = openTerminal(this.#client, () => this.#lost.isOpen);
      opening.then(
        (channel) => channel.once("close", () => this.#gate.leave()),
        () => this.#gate.leave(),
      );
      return await orAborted(opening, limit.signal, (channel) => channel.destroy());
    } catch (thrown) {
      if (!this.open) throw this.#disconnected();
      if (!(thrown instanceof ChannelFailure)) throw thrown;
      throw new TyrianError("transport-failed", `${this.target} refused a terminal: ${thrown.message}.`, {
        cause: thrown,
      });
    } finally {
      limit.release();
    }
  }

  async close(): Promise<void> {
    if (!this.#lost.isOpen) this.#client.end();
    this.#lose();
    if (!this.#socket.destroyed) {
      const closed = new Latch();
      this.#socket.once("close", () => closed.open());
      await anyOpen([closed], CLOSING);
    }
    this.#socket.destroy();
  }

  /** Gets a channel and has the command started; `unknown` when nobody can tell whether it was. */
  async #start(
    command: ShellCommand,
    options: ExecOptions,
    limit: CommandLimit,
  ): Promise<RunningCommand | "unknown"> {
    for (let refusals = 0; ; refusals += 1) {
      if (this.#gate.isFull) this.#makeRoom();
      await this.#gate.enter(limit.signal, refusals > 0);
      let kept = false;
      try {
        const running = await this.#open(command, options, limit.stopped);
        kept = running !== "unknown";
        return running;
      } catch (thrown) {
        if (!(thrown instanceof ChannelFailure)) throw thrown;
        if (thrown.kind === "unknown") return "unknown";
        if (thrown.kind === "refused") {
          throw new TyrianError(
            "transport-failed",
            `${this.target} refused to start the command${options.pty === true ? " with a terminal" : ""}: ${thrown.message}. It was not run.`,
            { cause: thrown },
          );
        }
        if (!this.open) throw this.#disconnected();
        this.#gate.lower(this.#gate.held - 1);
        this.#makeRoom();
      } finally {
        if (!kept) this.#gate.leave();
      }
      // A refused channel means that the command was not sent, so it is asked for again: when another channel has closed,
      // or after a while when all of them were.
      if (this.#gate.held === 0) await pause(Math.min(500, 25 * 2 ** refusals), limit.signal);
    }
  }

  async #open(
    command: ShellCommand,
    options: ExecOptions,
    stopped: Latch,
  ): Promise<RunningCommand | "unknown"> {
    const start = { wall: Date.now(), monotonic: performance.now() };
    const { clixml } = this.#shell;
    let wanted = true;
    this.#starting += 1;
    const opening = openChannel(
      this.#client,
      command.line,
      options.pty === true,
      () => this.#lost.isOpen,
      (channel) => {
        const running = new RunningCommand(channel, {
          ...{ options, start, clixml },
          command: wanted ? command : { ...command, input: Buffer.alloc(0) },
        });
        this.#running.push(running);
        if (this.#gate.waiting > 0) running.yield();
        if (!wanted) void this.#ender.end(running).finally(() => running.release());
        return running;
      },
    ).finally(() => (this.#starting -= 1));
    const answered = new Latch();
    opening.then(
      () => answered.open(),
      () => answered.open(),
    );
    await anyOpen([answered, stopped], Number.POSITIVE_INFINITY);
    if (!(await anyOpen([answered], LATE_START))) {
      wanted = false;
      return "unknown";
    }
    return await opening;
  }

  /** Waits for a command's end, or brings it about, and frees its place. */
  async #follow(running: RunningCommand, limit: CommandLimit): Promise<ExecResult> {
    const { exited, closed } = running;
    try {
      await anyOpen([exited, closed, this.#lost, limit.stopped], Number.POSITIVE_INFINITY);
      if (exited.isOpen) {
        await running.drain([this.#lost, limit.stopped]);
        return running.result("ended");
      }
      if (this.#lost.isOpen || !limit.stopped.isOpen) return running.result("disconnected");
      const gone = await this.#ender.end(running);
      await anyOpen([exited, closed, this.#lost], LATE_EXIT);
      if (exited.isOpen) await running.drain([this.#lost]);
      return running.result(gone || exited.isOpen ? limit.ending : "disconnected");
    } finally {
      running.release();
      this.#gate.leave();
    }
  }

  #makeRoom(): void {
    for (const command of this.#running) command.yield();
  }

  async #openHelper<T extends { close(): void }>(
    command: string,
    accept: (channel: ClientChannel) => T,
  ): Promise<T | null> {
    const limit = limited(
      [this.#lostController.signal],
      HELPER_PATIENCE,
      () => new Error("no channel for the helper"),
    );
    try {
      while (!limit.signal.aborted) {
        const opening = openChannel(this.#client, command, false, () => this.#lost.isOpen, accept);
        try {
          return await orAborted(opening, limit.signal, (helper) => helper.close());
        } catch (thrown) {
          if (!(thrown instanceof ChannelFailure) || thrown.kind !== "not-sent") return null;
        }
        await pause(100, limit.signal);
      }
      return null;
    } finally {
      limit.release();
    }
  }

  async #holdStarts(): Promise<() => void> {
    const release = this.#gate.hold();
    const until = performance.now() + HELPER_PATIENCE;
    while (this.#starting > 0 && this.open && performance.now() < until) await pause(5);
    return release;
  }

  #disconnected(): TyrianError {
    return new TyrianError(
      "disconnected",
      `The connection to ${this.target} was lost before the command was sent.`,
    );
  }

  #lose(): void {
    if (this.#lost.isOpen) return;
    this.#lost.open();
    this.#lostController.abort(this.#disconnected());
  }
}

function inputOf({ stdin = "" }: ExecOptions): Readable | Buffer {
  if (stdin instanceof Readable) return stdin;
  return typeof stdin === "string" ? Buffer.from(stdin, "utf8") : Buffer.from(stdin);
}
