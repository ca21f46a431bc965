import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import type { Client } from "ssh2";
import { TyrianError } from "../../../errors.js";
import { Latch, orAborted } from "../../abort.js";
import { checkCommandLine } from "../../windows/command-line.js";
import { ChannelFailure, openChannel } from "../channel.js";
import type { LoginShell, ShellCommand } from "../login-shell.js";
import { endProcessTrees } from "./ending.js";
import { powershellInput, powershellLine } from "./powershell.js";
import { MARK } from "./processes.js";

/** What the server starts for each command: the registry's DefaultShell, which is cmd.exe where none is set. */
export type DefaultShell = "cmd" | "powershell";

/**
 * Each shell prints something else: cmd.exe knows the first variable, PowerShell the second, a shell of POSIX neither. No quoting, no
 * sign that is special to one of them.
 */
export const SHELL_QUESTION = `echo ${MARK}%OS%-$PSHOME`;

/** Characters of an answer that are shown. */
const MOST_SHOWN = 80;
/** Bytes of an answer that are kept. */
const MOST_KEPT = 4_096;

/** @returns the shell that has answered so, or null for one that is neither. */
export function shellThatPrints(answer: string): DefaultShell | null {
  const printed = answer.trim();
  if (printed === `${MARK}Windows_NT-$PSHOME`) return "cmd";
  return new RegExp(`^${MARK}%OS%-[A-Za-z]:\\\\[^\\r\\n]+$`).test(printed) ? "powershell" : null;
}

/**
 * Commands for cmd.exe, whatever the server starts. Each bears a mark, by which its process is found when it is to be ended: a condition
 * that always holds, so that nothing of it is left but the words in the command line.
 */
export class WindowsShell implements LoginShell {
  readonly terminals = false;
  readonly clixml = true;
  readonly #shell: DefaultShell;
  readonly #target: string;
  readonly #session = randomBytes(8).toString("hex");
  #commands = 0;
  /** Put before each command. */
  #start = "";

  private constructor(shell: DefaultShell, target: string) {
    this.#shell = shell;
    this.#target = target;
  }

  /**
   * Asks the host which shell it starts, and whether its console can be had in UTF-8.
   * @throws TyrianError `connect-failed` when it is no shell that is known; an aborted signal rejects with its reason.
   */
  static async of(client: Client, target: string, signal: AbortSignal): Promise<WindowsShell> {
    const { stdout } = await ask(client, SHELL_QUESTION, target, signal);
    const found = shellThatPrints(stdout);
    if (found === null) {
      const shown = JSON.stringify(stdout.trim().slice(0, MOST_SHOWN));
      throw new TyrianError(
        "connect-failed",
        `The login shell of ${target} is neither cmd.exe nor PowerShell: to \`${SHELL_QUESTION}\` it printed ${shown}.`,
        {
          hint: "Set the host's HKLM\\SOFTWARE\\OpenSSH\\DefaultShell to cmd.exe or powershell.exe, or correct the target's `platform`.",
        },
      );
    }
    const shell = new WindowsShell(found, target);
    // Where there is no such code page, as in Wine, output is taken as it comes.
    const { line } = shell.prepare("chcp 65001", Buffer.alloc(0));
    if ((await ask(client, line, target, signal)).exitCode === 0) shell.#start = "chcp 65001>nul&";
    return shell;
  }

  prepare(command: string, input: Readable | Buffer): ShellCommand {
    checkCommandLine(command, this.#target);
    this.#commands += 1;
    const mark = `${MARK}${this.#session}-${String(this.#commands)}`;
    const line = `if not ${mark}==. ${this.#start}${command}`;
    checkCommandLine(line, this.#target);
    if (this.#shell === "cmd") return { line, mark, input };
    return { line: powershellLine(`/s /c "${line}"`, mark), mark, input: powershellInput(input) };
  }

  readonly endAll: LoginShell["endAll"] = (host, commands) =>
    endProcessTrees(host, commands, (command) => this.prepare(command, Buffer.alloc(0)));
}

/** Runs a short command without input. */
async function ask(
  client: Client,
  line: string,
  target: string,
  signal: AbortSignal,
): Promise<{ readonly stdout: string; readonly exitCode: number }> {
  const answered = new Latch();
  let stdout = "";
  let exitCode: number | null = null as number | null;
  try {
    const opening = openChannel(
      client,
      line,
      false,
      () => false,
      (channel) => {
        channel.on("data", (piece: Buffer) => {
          if (stdout.length < MOST_KEPT) stdout += piece.toString("latin1");
        });
        channel.once("exit", (code: number | null) => (exitCode = code));
        channel.once("close", () => answered.open());
        channel.stderr.resume();
        channel.end();
        return channel;
      },
    );
    const channel = await orAborted(opening, signal, (late) => late.close());
    await orAborted(answered.opened, signal).finally(() => channel.close());
    if (exitCode === null) throw new ChannelFailure("unknown", "the connection was lost");
    return { stdout, exitCode };
  } catch (thrown) {
    if (!(thrown instanceof ChannelFailure)) throw thrown;
    throw new TyrianError(
      "connect-failed",
      `${target} did not run a command that asks for its shell: ${thrown.message}.`,
      { cause: thrown },
    );
  }
}
