import type { Act } from "../model/trial.js";
import { actArguments } from "./act-arguments.js";
import { languageOf } from "./language.js";
import { batchLiteral } from "./quote.js";

/** Characters that cmd.exe takes in one line; a longer one may be cut without a word. */
export const cmdLineLimit = 8191;

/** One argument as programs that split their command line by the rules of the Microsoft C runtime read it back. */
function argument(text: string): string {
  if (text !== "" && !/[\s"]/.test(text)) return text;
  // Backslashes count only before a quote, and there each pair is one.
  const inner = text.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1");
  return `"${inner}"`;
}

/**
 * The exact command line of the act's process on Windows, as process creation events record it. cmd.exe reads what follows
 * `/c` by rules of its own: between the outermost quotes it stands as it is.
 */
export function windowsCommandLine(act: Act, work: string): string {
  const words = actArguments(act, work);
  if (languageOf(act.program) !== "batch" || act.via !== "argument") return words.map(argument).join(" ");
  const code = words.pop() ?? "";
  return `${words.map(argument).join(" ")} "${code}"`;
}

/**
 * The same command line as it has to stand in a batch file, so that cmd.exe starts exactly that process: WinRM's and OpenSSH's
 * shells hand every line to cmd.exe. Null for a line that no batch file can carry (a line break, or too long a line).
 */
export function windowsBatchLine(act: Act, work: string): string | null {
  const line = batchLiteral(windowsCommandLine(act, work));
  return line === null || line.length > cmdLineLimit ? null : line;
}
