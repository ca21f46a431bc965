import type { Readable } from "node:stream";
import type { EndingHost } from "./ending-host.js";
import type { RunningCommand } from "./command.js";

/** A command as a host's login shell is given it. */
export interface ShellCommand {
  /** What is sent as the command. */
  readonly line: string;
  /** A word in the command line of the process that runs it, and of no other command's; empty where none is needed. */
  readonly mark: string;
  /** Its standard input as it is sent. */
  readonly input: Readable | Buffer;
}

/** What the server starts for each command, and all that depends on it. */
export interface LoginShell {
  /** Whether a command can have a terminal. */
  readonly terminals: boolean;
  /** Whether PowerShell's programs write serialised objects to the error stream. */
  readonly clixml: boolean;
  /** @throws TyrianError for a command that the shell cannot be given as it is. */
  prepare(command: string, input: Readable | Buffer): ShellCommand;
  /** Ends commands with all that they have started; those of which it is proved that nothing lives. */
  endAll(host: EndingHost, commands: readonly RunningCommand[]): Promise<ReadonlySet<RunningCommand>>;
}
