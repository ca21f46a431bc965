import type { Command } from "commander";
import { EXIT, type ExitStatus, TyrianError } from "../errors.js";
import { Output } from "./output.js";

/** What a verb's module exports: it describes its arguments on the command and gives it an action. */
export interface VerbModule {
  register(command: Command, invocation: Invocation): void;
}

/** One verb of the command line. Its module is loaded only when the verb (or its help) is asked for. */
export interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<VerbModule>;
}

/** One call of the program: where it prints, how it is interrupted and how it ends. */
export class Invocation {
  /** The status that the verb's action gave; null while there is none. */
  status: ExitStatus | null = null;
  readonly #program: Command;
  #output: Output | null = null;
  #interruption: AbortController | null = null;

  constructor(program: Command) {
    this.#program = program;
  }

  /** Made on first use, after the global options were parsed. */
  get output(): Output {
    const { color, quiet, verbose } = this.#program.opts<{
      color?: boolean;
      quiet?: boolean;
      verbose?: boolean;
    }>();
    return (this.#output ??= new Output({
      color: color !== false,
      quiet: quiet === true,
      verbose: verbose === true,
    }));
  }

  /**
   * Aborted with the error `interrupted` by the first SIGINT, SIGTERM or SIGHUP. The second ends the process at once.
   * A verb that never asks for the signal is ended by the first.
   */
  get signal(): AbortSignal {
    if (this.#interruption !== null) return this.#interruption.signal;
    const interruption = new AbortController();
    this.#interruption = interruption;
    const interrupt = (name: NodeJS.Signals): void => {
      if (interruption.signal.aborted) process.exit(EXIT.interrupted);
      this.output.note(`${name}: cleaning up; once more to stop at once`);
      interruption.abort(new TyrianError("interrupted", `interrupted by ${name}`));
    };
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, interrupt);
    return interruption.signal;
  }

  /** Makes a commander action of a function that returns the exit status. */
  action<Arguments extends unknown[]>(
    body: (...given: Arguments) => Promise<ExitStatus> | ExitStatus,
  ): (...given: Arguments) => Promise<void> {
    return async (...given) => {
      this.status = await body(...given);
    };
  }
}
