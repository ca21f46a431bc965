/** One process of a Windows host. */
export interface WindowsProcess {
  readonly pid: number;
  readonly parent: number;
  /** Units of 100 ns since 1601; with the pid it names a process for good. 0 when the host does not tell. */
  readonly born: bigint;
  /** The mark in its command line; empty for none. */
  readonly mark: string;
}

/** Begins every mark. What follows is the session's 16 hexadecimal digits, a hyphen and the command's number. */
export const MARK = "tyrian-";

/*
 * PowerShell is on every Windows for which there is OpenSSH; WMI tells a process's parent and time of birth, and its command line where
 * that is the user's own. The words for the expression are not matched by it, so that this command does not list itself.
 * Nothing in it is special to cmd.exe within double quotes.
 */
const SCRIPT = [
  "$ErrorActionPreference='Stop'",
  "foreach($p in Get-CimInstance Win32_Process){$b=0",
  "if($p.CreationDate){$b=$p.CreationDate.ToFileTimeUtc()}",
  `$m=[regex]::Match([string]$p.CommandLine,'${MARK}[0-9a-f]{16}-[0-9]+').Value`,
  "'{0} {1} {2} {3}' -f $p.ProcessId,$p.ParentProcessId,$b,$m}",
  "'end'",
].join(";");

/** The command line that lists the host's processes. */
export const LIST_COMMAND = `powershell.exe -NoProfile -NonInteractive -Command "${SCRIPT}"`;

/** What `LIST_COMMAND` has printed; null when that is not the whole list. */
export function processesIn(printed: string): readonly WindowsProcess[] | null {
  const lines = printed
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (lines.pop() !== "end") return null;
  const processes: WindowsProcess[] = [];
  for (const line of lines) {
    const [, pid, parent, born, mark = ""] =
      /^(\d{1,10}) (\d{1,10}) (\d{1,19})(?: (tyrian-[0-9a-f]{16}-\d+))?$/.exec(line) ?? [];
    if (pid === undefined || born === undefined) return null;
    processes.push({ pid: Number(pid), parent: Number(parent), born: BigInt(born), mark });
  }
  return processes;
}

/**
 * The processes of a command: those that bear its mark, and what descends from them. A process's number is given out again when it has
 * ended, so a parent counts only when it is known to be older than its child.
 */
export function treeOf(mark: string, processes: readonly WindowsProcess[]): ReadonlySet<WindowsProcess> {
  const tree = new Set(processes.filter((process) => process.mark === mark));
  // A set is gone through in the order in which it is added to, also while that goes on.
  for (const parent of tree) {
    for (const child of processes) {
      if (child.parent === parent.pid && parent.born > 0n && child.born >= parent.born) tree.add(child);
    }
  }
  return tree;
}
