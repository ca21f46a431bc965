import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import type { Interpreter } from "../winrm-server/interpreter.js";
import { descendants, isAlive, tryKill } from "../transport/sshd.js";

/** A command that the stand-in runs. */
export interface StartedCommand {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the shell has ended. */
  readonly exitCode: Promise<number>;
  /** Ends the shell, and what the machine's `job` says. */
  terminate(): void;
}

/** What stands behind the stand-in in the place of Windows. It says of itself what it is, and never that it is Windows. */
export interface Machine {
  readonly name: string;
  /** Runs a command line of cmd.exe. */
  run(line: string, stdin: Readable): StartedCommand;
}

/** A command that has ended at once. */
export function saying({
  stdout = "",
  stderr = "",
  code = 0,
}: {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly code?: number;
}): StartedCommand {
  return {
    stdout: Readable.from([Buffer.from(stdout)]),
    stderr: Readable.from([Buffer.from(stderr)]),
    exitCode: Promise.resolve(code),
    terminate: () => {},
  };
}

const MARKED = /^if not (tyrian-[0-9a-f]{16}-\d+)==\. (?:chcp 65001>nul&)?(.*)$/s;

export interface PosixMachineOptions {
  /** Whether what a shell has started ends with it, as in a job of Windows. Default no. */
  readonly job?: boolean;
  /** Whether the host tells of its processes: where PowerShell is no program that can be started, it does not. Default yes. */
  readonly lists?: boolean;
}

/**
 * This machine's /bin/sh, for suites that need real processes. Of cmd.exe it knows the mark before a command and `chcp 65001`, and
 * it plays the programs that list and end processes, with this machine's own processes.
 */
export function posixMachine({ job = false, lists = true }: PosixMachineOptions = {}): Machine {
  return {
    name: "/bin/sh of this machine",
    run: (line, stdin) => {
      if (line === "echo tyrian-%OS%-$PSHOME") return saying({ stdout: "tyrian-Windows_NT-$PSHOME\r\n" });
      const [, mark = "", command = line] = MARKED.exec(line) ?? [];
      if (command === "chcp 65001") return saying({});
      if (command.startsWith("powershell.exe ") && command.includes("Win32_Process")) {
        return saying(lists ? { stdout: listOfProcesses() } : { code: 9009 });
      }
      const killed = /^taskkill\.exe \/f \/t ((?:\/pid \d+ ?)+)$/.exec(command)?.[1];
      if (killed !== undefined) return saying({ stdout: killTrees(killed.match(/\d+/g)?.map(Number) ?? []) });
      return shell(command, mark, stdin, job);
    },
  };
}

function shell(command: string, mark: string, stdin: Readable, job: boolean): StartedCommand {
  // The mark is the shell's `$0`: so it is in its command line, as it is in that of cmd.exe.
  const child = spawn("/bin/sh", ["-c", command, mark], { detached: true });
  stdin.pipe(child.stdin);
  child.stdin.on("error", () => stdin.unpipe(child.stdin).resume());
  const pid = child.pid as number;
  let terminated = false;
  const terminate = (): void => {
    terminated = true;
    tryKill(job ? -pid : pid);
  };
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    exitCode: new Promise((resolve) => {
      child.once("exit", (code) => {
        // The server ends a shell with exit code 0, `taskkill` with 1.
        resolve(code ?? (terminated ? 0 : 1));
        if (job) terminate();
      });
    }),
    terminate,
  };
}

/** As the command of the client prints it; the times are this machine's. */
function listOfProcesses(): string {
  const lines = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && isAlive(Number(name)))
    .flatMap((pid) => {
      try {
        const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
          .replace(/^.*\) /s, "")
          .split(" ");
        const line = readFileSync(`/proc/${pid}/cmdline`, "latin1");
        const mark = /tyrian-[0-9a-f]{16}-\d+/.exec(line)?.[0] ?? "";
        return [`${pid} ${String(fields[1])} ${String(fields[19])} ${mark}`];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
  return [...lines, "end", ""].join("\r\n");
}

function killTrees(pids: readonly number[]): string {
  const all = pids.flatMap((pid) => [pid, ...descendants(pid)]);
  for (const pid of all) tryKill(pid);
  return all.map((pid) => `SUCCESS: The process with PID ${String(pid)} has been terminated.\r\n`).join("");
}

/** Wine's cmd. What a shell has started ends with it, as in a job of Windows. */
export function wineMachine(interpreter: Interpreter): Machine {
  return {
    name: interpreter.name,
    run: (line, stdin) => {
      const options = { stdin, environment: {}, codePage: 65001, workingDirectory: undefined };
      const { stdout, stderr, exitCode, stop } = interpreter.run(line, options);
      return { stdout, stderr, exitCode: exitCode.finally(stop), terminate: stop };
    },
  };
}
