import type { Interpreter } from "./interpreter.js";
import { runProgram } from "./process-interpreter.js";

/**
 * This machine's own /bin/sh, for suites that need real processes behind WS-Man. It is no Windows shell: command lines are those of
 * POSIX, and output is UTF-8 whatever the code page. Ctrl+c is TERM to the process group, terminate is KILL.
 */
export const posixShell: Interpreter = {
  name: "/bin/sh of this machine",
  fidelity: "native",
  run: (commandLine, options) =>
    runProgram(
      {
        file: "/bin/sh",
        arguments: ["-c", commandLine],
        environment: { ...process.env, ...options.environment },
        workingDirectory: options.workingDirectory,
      },
      options,
    ),
};
