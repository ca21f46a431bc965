import type { Act } from "../model/trial.js";
import { languageOf, programName } from "./language.js";

/** How an interpreter takes its code: the words before it, or null for a way that it does not have. */
interface Reading {
  readonly argument: readonly string[] | null;
  readonly stdin: readonly string[] | null;
  readonly file: readonly string[];
  /** Of the script file. */
  readonly extension: string;
}

const shell: Reading = { argument: ["-c"], stdin: ["-s"], file: [], extension: "sh" };
const node: Reading = { argument: ["-e"], stdin: ["-"], file: [], extension: "js" };
const lua: Reading = { argument: ["-e"], stdin: ["-"], file: [], extension: "lua" };
const awk: Reading = { argument: [], stdin: ["-f", "-"], file: ["-f"], extension: "awk" };
const powershell: Reading = {
  argument: ["-Command"],
  stdin: ["-Command", "-"],
  file: ["-File"],
  extension: "ps1",
};

/** By the program's family; a program that is not listed is a shell. */
const families: Readonly<Record<string, Reading>> = {
  python: { argument: ["-c"], stdin: ["-"], file: [], extension: "py" },
  node,
  nodejs: node,
  gjs: { argument: ["-c"], stdin: null, file: [], extension: "js" },
  lua,
  luajit: lua,
  perl: { argument: ["-e"], stdin: ["-"], file: [], extension: "pl" },
  ruby: { argument: ["-e"], stdin: ["-"], file: [], extension: "rb" },
  php: { argument: ["-r"], stdin: [], file: [], extension: "php" },
  tclsh: { argument: null, stdin: [], file: [], extension: "tcl" },
  awk,
  gawk: awk,
  mawk: awk,
  osascript: { argument: ["-e"], stdin: ["-"], file: [], extension: "applescript" },
  powershell,
  pwsh: powershell,
  cmd: { argument: ["/c"], stdin: [], file: ["/c"], extension: "cmd" },
  autohotkey: { argument: null, stdin: ["*"], file: [], extension: "ahk" },
  autoit: {
    argument: ["/AutoIt3ExecuteLine"],
    stdin: null,
    file: ["/AutoIt3ExecuteScript"],
    extension: "au3",
  },
};

/** `/usr/bin/python3.11` -> `python`, `lua5.4` -> `lua`, `AutoHotkey64.exe` -> `autohotkey`. */
function readingOf(program: string): Reading {
  const family = programName(program)
    .replace(/[0-9.]+$/, "")
    .toLowerCase();
  return (Object.hasOwn(families, family) ? families[family] : undefined) ?? shell;
}

/** Whether an interpreter can be given its code in this way. */
export function takesCode(program: string, via: Exclude<Act["via"], "encoded">): boolean {
  return readingOf(program)[via] !== null;
}

/** The name of the script file when the code reaches its interpreter as a file. It tells nothing of Tyrian. */
export function scriptName(act: Act): string {
  return `script.${act.extension ?? readingOf(act.program).extension}`;
}

/** A script as `-EncodedCommand` takes it: base64 of UTF-16, little-endian. */
export function encodedCommand(code: string): string {
  return Buffer.from(code, "utf16le").toString("base64");
}

/**
 * The argument vector of the act as the interpreter sees it; for `plan`, `--dry-run`, the wrapper and attribution. On Windows a
 * process has one command line and no vector: see `windowsCommandLine`. Lint refuses a way that the interpreter does not have.
 */
export function actArguments(act: Act, work: string): string[] {
  if (languageOf(act.program) === "device") return deviceArguments(act);
  const reading = readingOf(act.program);
  const start = [act.program, ...act.options];
  const separator = /^[A-Za-z]:\\/.test(work) ? "\\" : "/";
  switch (act.via) {
    case "argument":
      return [...start, ...(reading.argument ?? []), act.code];
    case "file":
      return [...start, ...reading.file, `${work}${separator}${scriptName(act)}`];
    case "stdin":
      return [...start, ...(reading.stdin ?? [])];
    case "encoded":
      return [...start, "-EncodedCommand", encodedCommand(act.code)];
  }
}

/** FRR runs on Linux, where a command that is given one-shot is a process; a line that is typed is none anywhere. */
function deviceArguments({ program, via, code }: Act): string[] {
  if (via !== "argument") return [program];
  return program === "frr" ? ["vtysh", "-c", code.trim()] : [program, code.trim()];
}
