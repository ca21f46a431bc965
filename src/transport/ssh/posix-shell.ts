import { endProcessGroups } from "./ending.js";
import type { LoginShell } from "./login-shell.js";

/** A login shell of POSIX, which is given each command as it is. */
export const posixShell: LoginShell = {
  terminals: true,
  clixml: false,
  prepare: (line, input) => ({ line, mark: "", input }),
  endAll: endProcessGroups,
};
