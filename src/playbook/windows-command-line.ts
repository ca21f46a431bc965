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

/** A program's name that cmd.exe takes whole, and as it is, without quotes. */
const plainProgram = /^[\w.:\\/~$#{}[\]+-]+$/;

/** The program as it stands first on a command line. */
function programWord(program: string): string {
  return plainProgram.test(program) ? program : `"${program}"`;
}

/** What follows the program. */
function argumentWords(act: Act, work: string): string {
  const words = actArguments(act, work).slice(1);
  const code = languageOf(act.program) === "batch" && act.via === "argument" ? words.pop() : undefined;
  const written = words.map(argument);
  // cmd.exe reads what follows `/c` by rules of its own: between the outermost quotes it stands as it is.
  if (code !== undefined) written.push(`"${code}"`);
  return written.map((word) => ` ${word}`).join("");
}

/** The exact command line of the act's process on Windows, as process creation events record it. */
export function windowsCommandLine(act: Act, work: string): string {
  return `${programWord(act.program)}${argumentWords(act, work)}`;
}

/**
 * The same command line as it has to stand in a batch file, so that cmd.exe starts exactly that process: WinRM's and OpenSSH's
 * shells hand every line to cmd.exe. A program's own quotes stand without carets: cmd.exe would take a quote with one for a sign like any
 * other, and end the name at the first blank (phase 2 of https://stackoverflow.com/a/4095133); within bare quotes only a percent sign
 * counts. Null for a line that no batch file can carry (a line break, too long a line, a quote in the program's name).
 */
export function windowsBatchLine(act: Act, work: string): string | null {
  const program = programWord(act.program);
  if (/["\r\n]/.test(act.program)) return null;
  const words = batchLiteral(argumentWords(act, work));
  if (words === null) return null;
  const line = `${program.replaceAll("%", "%%")}${words}`;
  return line.length > cmdLineLimit ? null : line;
}
