import { homedir } from "node:os";
import { join } from "node:path";

/** Where state that outlives a command is kept: `$XDG_STATE_HOME/tyrian`, by default `~/.local/state/tyrian`. */
export function stateFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment["XDG_STATE_HOME"];
  return join(
    base !== undefined && base.startsWith("/") ? base : join(homedir(), ".local", "state"),
    "tyrian",
  );
}
