import { spawn } from "node:child_process";
import { CONTROL_C_EXIT, type RunningCommand, type RunOptions } from "./interpreter.js";

/** A program of this machine that stands behind a command of the stand-in, in a process group of its own. */
export interface Program {
  readonly file: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string | undefined;
}

/** What a shell of POSIX adds to the number of a signal; the codes of Windows have no such thing. */
const NOT_STARTED = 1;

/**
 * Starts a program and gives it the command's input. `interrupt` sends TERM to its group (INT is ignored by what a shell has put in the
 * background), `stop` sends KILL.
 */
export function runProgram(program: Program, { stdin }: RunOptions): RunningCommand {
  const child = spawn(program.file, program.arguments, {
    detached: true,
    env: program.environment,
    ...(program.workingDirectory === undefined ? {} : { cwd: program.workingDirectory }),
  });
  let group = child.pid;
  const send = (signal: NodeJS.Signals | 0): void => {
    try {
      if (group !== undefined) process.kill(-group, signal);
    } catch {
      // The group has ended, and its number may become another's.
      group = undefined;
    }
  };
  child.once("exit", () => send(0));
  stdin.pipe(child.stdin);
  // A command that does not read its input, or has ended, closes it.
  child.stdin.on("error", () => stdin.unpipe(child.stdin).resume());
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    exitCode: new Promise<number>((resolve) => {
      child.once("error", () => resolve(NOT_STARTED));
      child.once("exit", (code, signal) => resolve(code ?? (signal === null ? NOT_STARTED : CONTROL_C_EXIT)));
    }),
    interrupt: () => send("SIGTERM"),
    stop: () => send("SIGKILL"),
  };
}
