import { TyrianError } from "../../errors.js";

/** The longest line that cmd.exe reads whole, in UTF-16 units; what is beyond is cut off without a word. */
export const LONGEST_COMMAND_LINE = 8_191;

/**
 * Refuses what cmd.exe would run in part, which looks like success.
 * @throws TyrianError `command-too-long`, `transport-failed`; the message does not quote the command.
 */
export function checkCommandLine(commandLine: string, target: string): void {
  if (commandLine.length > LONGEST_COMMAND_LINE) {
    throw new TyrianError(
      "command-too-long",
      `The command for ${target} has ${String(commandLine.length)} characters, and cmd.exe reads no more than ${String(LONGEST_COMMAND_LINE)}. It was not sent.`,
      {
        hint: "Upload it as a script file, or give it on standard input (for PowerShell: `powershell.exe -Command -`). An -EncodedCommand leaves about 3,000 characters of script.",
      },
    );
  }
  const at = /[\r\n\0]/.exec(commandLine)?.index;
  if (at !== undefined) {
    throw new TyrianError(
      "transport-failed",
      `The command for ${target} has a line end or a null at character ${String(at + 1)}, where cmd.exe stops reading. It was not sent.`,
      { hint: "Join commands with &, or upload them as a script file." },
    );
  }
  const unpaired = /\p{Surrogate}|[\u{1}-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{fffe}\u{ffff}]/u.exec(commandLine);
  if (unpaired !== null) {
    throw new TyrianError(
      "transport-failed",
      `The command for ${target} has a character at ${String(unpaired.index + 1)} that has no place in a command line. It was not sent.`,
    );
  }
}
