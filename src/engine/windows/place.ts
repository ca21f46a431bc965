import { messageOf, TyrianError } from "../../errors.js";
import type { ExecResult, Session } from "../../transport/transport.js";
import { upload } from "../../transport/windows/upload.js";

/** A file for the host. */
export interface PlacedFile {
  readonly folder: string;
  readonly name: string;
  readonly content: string;
  /** It may lie there already. */
  readonly mayBeThere?: boolean;
}

/**
 * How a host's shell has a percent sign written: `line` as cmd.exe reads a command line, which is Windows; `batch` as it reads a
 * batch file, which is what a host of Wine has to make of each command line.
 */
export type PercentSign = "line" | "batch";

/** What prints the same as the first word of `percentSignOf`. */
export const PERCENT_QUESTION = "echo %%";

/** @param answer what `PERCENT_QUESTION` printed; anything else than a percent sign or two makes what is written fail its check. */
export function percentSignOf(answer: string): PercentSign {
  return answer.trim() === "%" ? "batch" : "line";
}

export interface PlaceOptions {
  readonly percentSign: PercentSign;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
}

/** Characters of one command; cmd.exe reads 8191, and the transport's shell has its own part of the line. */
const COMMAND_LENGTH = 7_900;
/** Characters of a file that is written by `echo`: more goes faster in an upload. */
const MOST_ECHOED = 16_000;

/**
 * Writes files on the host and reads each again: nothing that is placed so is run unless it is what it should be. What is short and
 * plain goes by `echo` of cmd.exe; everything else, and what a host's `echo` writes otherwise, goes by the transport's upload,
 * which needs PowerShell.
 * @throws TyrianError `upload-failed`, `deadline-exceeded`, `disconnected`.
 */
export async function place(
  session: Session,
  files: readonly PlacedFile[],
  options: PlaceOptions,
): Promise<void> {
  for (const file of files) {
    const commands = echoCommands(file, options.percentSign);
    if (commands !== null && (await isWritten(session, file, commands, options))) continue;
    try {
      await upload(session, Buffer.from(file.content, "utf8"), `${file.folder}\\${file.name}`, options);
    } catch (error) {
      if (!options.signal.aborted) throw error;
      throw new TyrianError("deadline-exceeded", `${file.name} was not placed in time: ${messageOf(error)}`);
    }
  }
}

async function isWritten(
  session: Session,
  { folder, name, content, mayBeThere }: PlacedFile,
  commands: readonly string[],
  options: PlaceOptions,
): Promise<boolean> {
  const read = `type ${folder}\\${name}`;
  if (mayBeThere === true && (await runOn(session, read, options)).stdout === content) return true;
  let printed = "";
  for (const command of commands) printed = (await runOn(session, command, options)).stdout;
  return printed === content;
}

/**
 * Runs a short command of ours.
 * @throws TyrianError `deadline-exceeded`, `disconnected`: it did not come to its end.
 */
export async function runOn(
  session: Session,
  command: string,
  { signal, deadlineMs }: Omit<PlaceOptions, "percentSign">,
): Promise<ExecResult> {
  const result = await session.exec(command, { signal, deadlineMs });
  if (result.ending === "exited") return result;
  if (result.ending === "disconnected") {
    throw new TyrianError("disconnected", `The connection with ${session.target} was lost before the act.`);
  }
  throw new TyrianError("deadline-exceeded", `${session.target} did not take the trial's files in time.`);
}

/** The command lines that write a file and print it; null for a text that `echo` does not write as it is. */
export function echoCommands(
  { folder, name, content }: Omit<PlacedFile, "mayBeThere">,
  percentSign: PercentSign,
): readonly string[] | null {
  const plain = content.length <= MOST_ECHOED && /^(?:[\t -~]*\r\n)+$/.test(content);
  if (!plain) return null;
  const path = `${folder}\\${name}`;
  const commands: string[] = [];
  let command = "";
  const lines = content.split("\r\n").slice(0, -1);
  const pieces = lines.map(
    (line, index) => `${index === 0 ? ">" : ">>"}${path} echo.${escaped(line, percentSign)}`,
  );
  for (const piece of [...pieces, `type ${path}`]) {
    if (piece.length > COMMAND_LENGTH) return null;
    if (command.length + 1 + piece.length > COMMAND_LENGTH) {
      commands.push(command);
      command = "";
    }
    command += command === "" ? piece : `&${piece}`;
  }
  return [...commands, command];
}

/**
 * A text that `echo` then prints. On a command line no sign stands for a percent sign; a caret behind it names a variable that there
 * is not, so that it stays, and is itself taken away. Where the next character has a caret already, that one does.
 */
function escaped(text: string, percentSign: PercentSign): string {
  const careted = text.replace(/[&|<>^()"]/g, "^$&");
  return percentSign === "batch" ? careted.replaceAll("%", "%%") : careted.replace(/%(?![\^%]|$)/g, "%^");
}
