import type { HostEvent } from "../model/event.js";

/**
 * What a process of Windows is to the wrapper of a trial (engine/windows/script.ts), by its command line:
 *
 * - `line` the shell of which the act's processes are children;
 * - `look` the look at what the act left running, after it;
 * - `other` anything else that names the folder of the wrapper's scripts: the wrapper before or after the act, a sweep, or somebody
 *   who runs what is not theirs.
 *
 * Null for a process that does not name that folder, which is all that can be the act's: no command line of a procedure does.
 */
export type WrapperPart = "line" | "look" | "other";

/** @param commandLine of the process @param work the trial's work folder */
export function wrapperPartOf(commandLine: string, work: string): WrapperPart | null {
  const folder = `${work}.run`.toLowerCase();
  const line = commandLine.toLowerCase().trimEnd();
  if (!line.includes(folder)) return null;
  // cmd.exe writes two blanks behind a program's name, and its path where the program was found so.
  const words = line
    .replace(/^"?(?:[a-z]:\\windows\\system32\\)?(cmd|cscript)(?:\.exe)?"? +/, "$1 ")
    .split(" ");
  if (words.join(" ") === `cmd /d /c ${folder}\\line.cmd`) return "line";
  const [nonce] = words.splice(4, 1);
  const isLook = words.join(" ") === `cscript //nologo ${folder}\\processes.vbs left ${folder}\\before.txt`;
  return isLook && /^tyrian-[0-9a-f]+$/.test(nonce ?? "") ? "look" : "other";
}

/** The command line of an event of Windows; null where the sensor does not tell it (Security 4688 without its policy). */
export function commandLineOf({ fields }: Pick<HostEvent, "fields">): string | null {
  const line = fields["CommandLine"];
  return line === undefined || line === "" ? null : String(line);
}
