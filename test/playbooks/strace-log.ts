import { realpathSync } from "node:fs";
import { resolve } from "node:path";

/** A program that started, with the fields that Sigma rules of process_creation read. */
export interface Exec {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
}

interface Program {
  readonly image: string;
  readonly commandLine: string;
}

const escapes: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, v: 11, f: 12, '"': 34, "\\": 92 };

/** Reads a C string as strace writes it, from its opening quote; returns the text and the offset after its end. */
function readString(line: string, start: number): { text: string; end: number } {
  const bytes: number[] = [];
  let index = start + 1;
  while (line[index] !== '"') {
    const character = line[index];
    if (character === undefined) throw new Error(`unterminated string in ${line}`);
    if (character !== "\\") {
      bytes.push(...new TextEncoder().encode(character));
      index += 1;
      continue;
    }
    const octal = /^[0-7]{1,3}/.exec(line.slice(index + 1, index + 4))?.[0];
    const next = line[index + 1] ?? "";
    const plain = escapes[next];
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else if (plain !== undefined) bytes.push(plain);
    else throw new Error(`unknown escape \\${next} in ${line}`);
    index += octal === undefined ? 2 : 1 + octal.length;
  }
  return { text: new TextDecoder().decode(Uint8Array.from(bytes)), end: index + 1 };
}

function readExec(line: string): { path: string; argv: string[] } {
  const path = readString(line, line.indexOf('"'));
  const argv: string[] = [];
  let index = line.indexOf("[", path.end) + 1;
  while (line[index] !== "]") {
    const argument = readString(line, index);
    argv.push(argument.text);
    index = argument.end;
    if (line.startsWith(", ", index)) index += 2;
  }
  return { path: path.text, argv };
}

/** Joins `<unfinished ...>` lines with the lines that resume them, in the order in which the calls began. */
function wholeLines(log: string): { pid: number; call: string }[] {
  const lines: { pid: number; call: string }[] = [];
  const open = new Map<number, { pid: number; call: string }>();
  for (const raw of log.split("\n")) {
    const match = /^(\d+)\s+(.*)$/.exec(raw);
    if (match === null) continue;
    const pid = Number(match[1]);
    const text = match[2] as string;
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text);
    const begun = open.get(pid);
    if (resumed !== null && begun !== undefined) {
      begun.call += resumed[1] as string;
      open.delete(pid);
      continue;
    }
    const line = { pid, call: text.replace(/\s*<unfinished \.\.\.>$/, "") };
    if (line.call !== text) open.set(pid, line);
    lines.push(line);
  }
  return lines;
}

/**
 * The successful execs in a log of `strace -f -o LOG -e trace=execve,clone,clone3,fork,vfork`, oldest first. Image is
 * the resolved path of the executable and CommandLine the arguments joined with spaces, as Linux sensors report them.
 * A program that was named relative to a folder is looked for in `folder`.
 */
export function readStraceLog(log: string, folder: string): Exec[] {
  const lines = wholeLines(log);
  const parents = new Map<number, number>();
  const leaders = new Map<number, number>();
  const leader = (pid: number): number => leaders.get(pid) ?? pid;
  for (const { pid, call } of lines) {
    const child = /^(?:clone3?|v?fork)\(.*=\s+(\d+)$/.exec(call)?.[1];
    if (child === undefined) continue;
    if (call.includes("CLONE_THREAD")) leaders.set(Number(child), leader(pid));
    else parents.set(Number(child), leader(pid));
  }
  const programs = new Map<number, Program>();
  const programOf = (pid: number | undefined): Program | undefined =>
    pid === undefined ? undefined : (programs.get(pid) ?? programOf(parents.get(pid)));
  const execs: Exec[] = [];
  for (const { pid, call } of lines) {
    if (!call.startsWith("execve(") || !/=\s+0$/.test(call)) continue;
    const { path, argv } = readExec(call);
    const process = leader(pid);
    const program = { image: realpathSync(resolve(folder, path)), commandLine: argv.join(" ") };
    const parent = programOf(parents.get(process));
    execs.push({
      pid: process,
      argv,
      fields: {
        Image: program.image,
        CommandLine: program.commandLine,
        CurrentDirectory: folder,
        User: "root",
        ...(parent && { ParentImage: parent.image, ParentCommandLine: parent.commandLine }),
      },
    });
    programs.set(process, program);
  }
  return execs;
}
