import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Status, splitStatus, statusOf } from "../../src/engine/status-lines.js";

/** A shell that a target's /bin/sh may be. */
export interface Shell {
  readonly name: string;
  readonly command: readonly string[];
}

const candidates: readonly Shell[] = [
  { name: "dash", command: ["dash"] },
  { name: "bash --posix", command: ["bash", "--posix"] },
  { name: "busybox sh", command: ["busybox", "sh"] },
];

/** The shells of this machine. */
export const shells: readonly Shell[] = candidates.filter(({ command }) => {
  const [program = "", ...rest] = command;
  return spawnSync(program, [...rest, "-c", "exit 3"]).status === 3;
});

/** Those that it has not. */
export const absentShells: readonly Shell[] = candidates.filter((shell) => !shells.includes(shell));

/** Whether a program is on this machine. */
export function isInstalled(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

/** A hard limit that no mark can be set below, and that is taken for another trial's mark by tests that run beside this one. */
export const BELOW_MARKS = `ulimit -m ${2 ** 41}`;

/** The same shell where the mark cannot be set, because the limit is lower already: every newborn process is in doubt. */
export function unmarked({ name, command }: Shell): Shell {
  const words = command.join(" ");
  return { name: `${name} without the mark`, command: ["sh", "-c", `${BELOW_MARKS}; exec ${words}`] };
}

export function nonce(): string {
  return `tyrian-${randomBytes(12).toString("hex")}`;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  /** Without the reports. */
  readonly stderr: string;
  readonly statuses: readonly Status[];
  readonly milliseconds: number;
  /** What a report says; null when there is none. */
  said(word: Status["word"]): string | null;
}

/** Few and harmless variables, as on a target. */
const environment = {
  PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
  HOME: "/nonexistent",
  LANG: "C.UTF-8",
};

/** Gives a script to a real shell, as a session does, and waits until its output is closed or it has ended for a while. */
export async function give(shell: Shell, script: string, word: string): Promise<Ran> {
  const [program = "", ...rest] = shell.command;
  const began = performance.now();
  const child = spawn(program, rest, { env: environment, cwd: "/", detached: true });
  let stdout = "";
  let all = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (all += text));
  child.stdin.on("error", () => undefined).end(script);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
    // What the act left may hold the output open.
    child.on("exit", (status) => setTimeout(() => resolve(status), 300));
  });
  const milliseconds = performance.now() - began;
  const { text, statuses } = splitStatus(all, word);
  return {
    ...{ code, stdout, statuses, milliseconds, stderr: text },
    said: (which) => statusOf(statuses, which)?.rest ?? null,
  };
}

/** Whether a process lives, a zombie not. */
export function lives(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Each process of a chain lives for less than a look and leaves one child; the last one tells. */
function chain(file: string, seconds: number): string {
  return `use POSIX; POSIX::setsid(); %ENV = (); my $end = time + ${seconds};
while (time < $end) { my $child = fork; exit 0 if $child; }
open my $f, ">", "${file}"; print $f "told";`;
}

/** Ways in which a child gets away from an act; each writes its file after a while. */
export const escapes = {
  "a child that cleared its environment and left its session": (file: string) =>
    `setsid env -i sh -c 'sleep 0.4; echo told > ${file}' </dev/null >/dev/null 2>&1 & echo done`,
  "a daemon that forked twice with no variable, folder or stream of the act": (file: string) =>
    `perl -e 'use POSIX; %ENV = (); exit if fork; POSIX::setsid(); exit if fork; chdir "/"; POSIX::close($_) for 0..63;
select(undef, undef, undef, 0.4); open my $f, ">", "${file}"; print $f "told"'; echo done`,
  "a chain of processes of which none lives for long": (file: string) =>
    `perl -MTime::HiRes=time -e '${chain(file, 0.6)}' </dev/null >/dev/null 2>&1 & echo done`,
  "a child that lowered its limits": (file: string) =>
    `ulimit -m 1000; setsid env -i sh -c 'sleep 0.4; echo told > ${file}' </dev/null >/dev/null 2>&1 & echo done`,
  "a child that only went on in the background": (file: string) =>
    `(sleep 0.4; echo told > ${file}) </dev/null >/dev/null 2>&1 & echo done`,
};
