import { Readable } from "node:stream";
import type { ClientChannel } from "ssh2";
import { Latch } from "../abort.js";
import { CommandLife, type Start } from "../command-life.js";
import { feed } from "../feed.js";
import type { ExecOptions } from "../transport.js";

/** A command that runs on a channel. */
export class RunningCommand extends CommandLife {
  readonly channel: ClientChannel;
  readonly closed = new Latch();
  readonly #yields: boolean;

  constructor(channel: ClientChannel, options: ExecOptions, start: Start) {
    super(options, start);
    this.channel = channel;
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
    writeInput(channel, options);
  }

  /** Closes the command's input when it can be spared. */
  yield(): void {
    if (this.#yields) this.channel.end();
  }

  readonly #onStdout = (chunk: Buffer): void => this.output.add("stdout", chunk);
  readonly #onStderr = (chunk: Buffer): void => this.output.add("stderr", chunk);

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

function writeInput(channel: ClientChannel, { stdin = "", pty = false }: ExecOptions): void {
  if (stdin instanceof Readable) {
    feed(stdin, channel);
    return;
  }
  const input = typeof stdin === "string" ? Buffer.from(stdin, "utf8") : Buffer.from(stdin);
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
