import { Readable } from "node:stream";
import type { ClientChannel } from "ssh2";
import { Latch } from "../abort.js";
import { CommandLife, type Start } from "../command-life.js";
import { feed } from "../feed.js";
import type { ExecOptions, ExecResult } from "../transport.js";
import { ClixmlFilter } from "../windows/clixml.js";
import type { ShellCommand } from "./login-shell.js";

/** What is known of a command when its channel is opened. */
export interface Started {
  readonly options: ExecOptions;
  readonly start: Start;
  readonly command: ShellCommand;
  /** Whether its error stream may hold PowerShell's serialised objects. */
  readonly clixml: boolean;
}

/** A command that runs on a channel. */
export class RunningCommand extends CommandLife {
  readonly channel: ClientChannel;
  readonly closed = new Latch();
  /** A word in the command line of its process; empty where it has none. */
  readonly mark: string;
  readonly #yields: boolean;
  readonly #stderr: ClixmlFilter | null;

  constructor(channel: ClientChannel, { options, start, command, clixml }: Started) {
    super(options, start);
    this.channel = channel;
    this.mark = command.mark;
    this.#stderr = clixml ? new ClixmlFilter() : null;
    this.#yields = options.yields === true;
    let open = 2;
    const onEnd = (): void => {
      open -= 1;
      if (open === 0) this.drained.open();
    };
    channel.on("data", this.#onStdout).once("end", onEnd);
    channel.stderr.on("data", this.#onStderr).once("end", onEnd);
    channel.once("exit", (code: number | null, signal?: string) =>
      this.setExit({ code, signal: code === null ? (signal ?? "UNKNOWN").replace(/^SIG/, "") : null }),
    );
    channel.once("close", () => {
      this.drained.open();
      this.closed.open();
    });
    writeInput(channel, command.input, options.pty === true);
  }

  /** Closes the command's input when it can be spared. */
  yield(): void {
    if (this.#yields) this.channel.end();
  }

  readonly #onStdout = (chunk: Buffer): void => this.output.add("stdout", chunk);
  readonly #onStderr = (chunk: Buffer): void => this.#addError(this.#stderr?.push(chunk) ?? chunk);

  /** The result, with what of the error stream was still undecided. */
  override result(ending: Parameters<CommandLife["result"]>[0]): ExecResult {
    if (this.#stderr !== null) this.#addError(this.#stderr.finish());
    return super.result(ending);
  }

  #addError(text: Buffer): void {
    if (text.length > 0) this.output.add("stderr", text);
  }

  /** Takes no more output and closes the channel. */
  release(): void {
    this.channel.removeListener("data", this.#onStdout);
    this.channel.stderr.removeListener("data", this.#onStderr);
    // What still arrives is thrown away; a stream that nobody reads would never close.
    this.channel.resume();
    this.channel.stderr.resume();
    this.channel.close();
  }
}

/** End of transmission: how a terminal says that its input has ended. */
const END_OF_TRANSMISSION = Buffer.from([4]);

function writeInput(channel: ClientChannel, input: Readable | Buffer, pty: boolean): void {
  if (input instanceof Readable) {
    feed(input, channel);
    return;
  }
  if (!pty) {
    // One write: the stream sends as much as the server's window allows and goes on when it opens.
    channel.end(input);
    return;
  }
  // Closing the channel's input does not reach a program behind a terminal. The first character ends an unfinished line.
  const finished = input.length === 0 || input.at(-1) === 0x0a;
  const endings = finished ? [END_OF_TRANSMISSION] : [END_OF_TRANSMISSION, END_OF_TRANSMISSION];
  channel.write(Buffer.concat([input, ...endings]));
}
