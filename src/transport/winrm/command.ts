import type { codePages } from "../../model/target.js";
import { Latch } from "../abort.js";
import { CommandLife, type Start } from "../command-life.js";
import type { ExecOptions, ExecResult } from "../transport.js";
import type { Received } from "./answer.js";
import { StreamDecoder } from "./decode.js";

/** A command that runs in a shell: its output as it is received, and its end. */
export class RunningCommand extends CommandLife {
  /** Nothing more is heard of it, and its end is not known; `failure` says why. */
  readonly broken = new Latch();
  failure = "";
  /** Whether the output is complete as far as we are concerned. */
  #finished = false;
  readonly #decoders: { readonly stdout: StreamDecoder; readonly stderr: StreamDecoder };

  constructor(options: ExecOptions, start: Start, codePage: (typeof codePages)[number]) {
    super(options, start);
    this.#decoders = {
      stdout: new StreamDecoder("stdout", codePage),
      stderr: new StreamDecoder("stderr", codePage),
    };
  }

  take({ pieces, done, exitCode }: Received): void {
    if (this.#finished) return;
    for (const { stream, bytes } of pieces) this.#add(stream, this.#decoders[stream].push(bytes));
    if (!done) return;
    this.#finishStreams();
    if (exitCode === null) this.break("it ended without an exit code");
    else this.setExit({ code: exitCode, signal: null });
  }

  break(why: string): void {
    if (this.broken.isOpen) return;
    this.#finishStreams();
    this.failure = why;
    this.broken.open();
  }

  /** The result, with what of the output was still undecided. Nothing is taken after that. */
  override result(ending: Parameters<CommandLife["result"]>[0]): ExecResult {
    this.#finishStreams();
    return super.result(ending);
  }

  #finishStreams(): void {
    if (this.#finished) return;
    this.#finished = true;
    for (const stream of ["stdout", "stderr"] as const) this.#add(stream, this.#decoders[stream].finish());
  }

  #add(stream: "stdout" | "stderr", text: Uint8Array): void {
    if (text.length > 0) this.output.add(stream, text);
  }
}
