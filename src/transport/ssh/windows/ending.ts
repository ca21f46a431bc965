import { anyOpen, Latch, pause } from "../../abort.js";
import type { RunningCommand } from "../command.js";
import type { EndingHost } from "../ending-host.js";
import type { ShellCommand } from "../login-shell.js";
import { LIST_COMMAND, processesIn, treeOf, type WindowsProcess } from "./processes.js";

/*
 * How a command on Windows is ended, and why so.
 *
 * The server's answer to a `signal` request, where it has one (OpenSSH 7.9 on), is to end the shell and nothing else. What the shell has
 * started is in a job that ends with it, but for what it had started before it was put into the job and for what has left it
 * (w32-doexec.c of PowerShell/openssh-portable); without a terminal, older servers leave everything behind
 * (PowerShell/Win32-OpenSSH, issue 1751). So the command's own process is looked for by its mark, and `taskkill /t` ends it with its
 * children; what of them is still there then, is ended by its number and time of birth. The server holds the shell's
 * process open, so that its number cannot have become another's.
 *
 * What has lost its parent before it was seen is not found; nothing is ended on a guess. Where the host does not list its processes, the
 * `signal` request remains.
 */

/** Milliseconds that the processes of commands have to disappear. */
const PATIENCE = 30_000;
/** Milliseconds that one of our own commands may take: PowerShell's first start on a small machine takes some. */
const ANSWER_TIMEOUT = 15_000;
const POLL = 100;
/** Milliseconds between the signals TERM and KILL. */
const SIGNAL_GRACE = 3_000;
/** Bytes of an answer that are kept: the list of thousands of processes, and no more. */
const MOST_KEPT = 1024 * 1024;
/** Looks that find nothing of a command, although it has not ended, until it is given up. */
const MOST_EMPTY_LOOKS = 2;

/** A command that is being ended, and the processes of it that were seen, by pid and birth. */
interface Hunted {
  readonly seen: Map<string, WindowsProcess>;
  emptyLooks: number;
}

const keyOf = ({ pid, born }: WindowsProcess): string => `${String(pid)} ${String(born)}`;

/**
 * Ends commands with all that they have started; those of which it is proved that no process that was ever seen lives.
 * @param prepare makes the login shell run a command line of cmd.exe
 */
export async function endProcessTrees(
  host: EndingHost,
  commands: readonly RunningCommand[],
  prepare: (command: string) => ShellCommand,
): Promise<ReadonlySet<RunningCommand>> {
  const gone = new Set<RunningCommand>();
  const left = new Map<RunningCommand, Hunted>(
    commands.map((command) => [command, { seen: new Map(), emptyLooks: 0 }]),
  );
  const until = performance.now() + PATIENCE;
  while (left.size > 0 && performance.now() < until) {
    const listed = processesIn((await ask(host, prepare(LIST_COMMAND))) ?? "");
    if (listed === null) break;
    const living: WindowsProcess[] = [];
    for (const [command, hunted] of left) {
      const present = look(command, hunted, listed);
      living.push(...present);
      if (present.length > 0) continue;
      if (hunted.seen.size > 0 || command.exited.isOpen) gone.add(command);
      else if ((hunted.emptyLooks += 1) < MOST_EMPTY_LOOKS) continue;
      left.delete(command);
    }
    if (living.length > 0) await ask(host, prepare(killCommand(living)));
    else if (left.size > 0) await pause(POLL);
  }
  const signalled = commands.filter((command) => !gone.has(command) && !command.exited.isOpen);
  // To Windows one signal is as good as another; a shell that Wine plays can still end what it has started.
  for (const command of signalled) host.signal(command, "TERM");
  await Promise.all(signalled.map(({ exited }) => anyOpen([exited], SIGNAL_GRACE)));
  for (const command of signalled) {
    if (!command.exited.isOpen) host.signal(command, "KILL");
  }
  return gone;
}

/** The command's processes that are there now, those that were seen earlier among them. */
function look(
  command: RunningCommand,
  { seen }: Hunted,
  listed: readonly WindowsProcess[],
): readonly WindowsProcess[] {
  for (const process of treeOf(command.mark, listed)) seen.set(keyOf(process), process);
  return listed.filter((process) => seen.has(keyOf(process)));
}

function killCommand(processes: readonly WindowsProcess[]): string {
  return `taskkill.exe /f /t ${processes.map(({ pid }) => `/pid ${String(pid)}`).join(" ")}`;
}

/** What one of our own commands has printed; null when it could not be run or did not end in time. */
async function ask(host: EndingHost, { line }: ShellCommand): Promise<string | null> {
  const asked = await host.openHelper(line, (channel) => {
    const answer = { text: "", closed: new Latch(), close: () => channel.close() };
    channel.on("data", (piece: Buffer) => {
      if (answer.text.length < MOST_KEPT) answer.text += piece.toString("latin1");
    });
    channel.once("close", () => answer.closed.open());
    channel.stderr.resume();
    channel.end();
    return answer;
  });
  if (asked === null) return null;
  const ended = await anyOpen([asked.closed], ANSWER_TIMEOUT);
  asked.close();
  return ended ? asked.text : null;
}
