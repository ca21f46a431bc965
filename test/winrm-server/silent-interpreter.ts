import { Readable } from "node:stream";
import type { Interpreter } from "./interpreter.js";

/** What becomes of a command line that is too long for cmd.exe: no output and exit code 0, as reported of Windows (mondoohq/mql 10552). */
export const silentInterpreter: Interpreter = {
  name: "nothing",
  fidelity: "simulated",
  run: () => ({
    stdout: Readable.from([]),
    stderr: Readable.from([]),
    exitCode: Promise.resolve(0),
    interrupt: () => {},
    stop: () => {},
  }),
};
