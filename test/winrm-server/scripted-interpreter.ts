import { PassThrough } from "node:stream";
import { CONTROL_C_EXIT, type Interpreter, type RunOptions } from "./interpreter.js";

/** What a test lets a command do. */
export interface Script {
  readonly commandLine: string;
  readonly options: RunOptions;
  /** Writes output; a piece of it is one `Stream` element of an answer, or more. */
  write(stream: "stdout" | "stderr", data: string | Uint8Array): void;
  /** Aborted when the client interrupts or ends the command. */
  readonly signal: AbortSignal;
}

/** The exit code of a command whose script threw. */
const SCRIPT_THREW = 70;

/**
 * An interpreter whose answers are given by the test: nothing is run. The function gets each command line and resolves with its exit
 * code; what it has not resolved when the command is ended counts as ended by ctrl+c.
 */
export function scriptedInterpreter(script: (command: Script) => Promise<number> | number): Interpreter {
  return {
    name: "a script of the test",
    fidelity: "simulated",
    run: (commandLine, options) => {
      const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
      const ending = new AbortController();
      const stopped = new Promise<number>((resolve) => {
        ending.signal.addEventListener("abort", () => resolve(CONTROL_C_EXIT), { once: true });
      });
      const write: Script["write"] = (stream, data) => {
        if (!ending.signal.aborted) streams[stream].write(data);
      };
      const scripted = Promise.resolve()
        .then(() => script({ commandLine, options, write, signal: ending.signal }))
        .catch((error: unknown) => {
          write("stderr", `the test's script threw: ${String(error)}`);
          return SCRIPT_THREW;
        });
      return {
        ...streams,
        exitCode: Promise.race([scripted, stopped]).finally(() => {
          streams.stdout.end();
          streams.stderr.end();
        }),
        interrupt: () => ending.abort(),
        stop: () => ending.abort(),
      };
    },
  };
}
