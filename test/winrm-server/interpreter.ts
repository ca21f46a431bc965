import type { Readable } from "node:stream";
import type { Fidelity } from "../../src/model/target.js";

/** What interprets the command lines of the stand-in's shells. It is never Windows: each says in `name` what it is. */
export interface Interpreter {
  readonly name: string;
  /** What a target behind it may claim. */
  readonly fidelity: Fidelity;
  /** Starts a command line. It is not started twice, and what it started is ended by `stop`. */
  run(commandLine: string, options: RunOptions): RunningCommand;
}

export interface RunOptions {
  /** Ends when the client sends `End="true"`; stays open otherwise. */
  readonly stdin: Readable;
  readonly environment: Readonly<Record<string, string>>;
  /** The code page that the shell was created with; an interpreter may ignore it, as programs do. */
  readonly codePage: number;
  readonly workingDirectory: string | undefined;
}

export interface RunningCommand {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /**
   * Resolves when the command has ended, with what the answer then gives as its exit code: a DWORD, which Windows has been seen
   * to print as a negative number too. Never rejects.
   */
  readonly exitCode: Promise<number>;
  /** Asks the command to end, as ctrl+c does. */
  interrupt(): void;
  /** Ends the command and whatever it has started. */
  stop(): void;
}

/** What a console process that ctrl+c has ended exits with: STATUS_CONTROL_C_EXIT. */
export const CONTROL_C_EXIT = 0xc000013a;
