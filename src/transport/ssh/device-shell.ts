import type { LoginShell } from "./login-shell.js";

/** The command line of a network device, which runs no processes of its users: a command ends with its channel. */
export const deviceShell: LoginShell = {
  terminals: true,
  clixml: false,
  prepare: (line, input) => ({ line, mark: "", input }),
  endAll: (_host, commands) => {
    for (const command of commands) command.release();
    return Promise.resolve(new Set(commands));
  },
};
