import type { Act } from "../model/trial.js";
import { languageOf, programName } from "./language.js";

/** Options by which an interpreter takes code from its command line, by program name; `-c` where none is listed. */
const codeOption: Readonly<Record<string, string>> = {
  node: "-e",
  nodejs: "-e",
  gjs: "-c",
  lua: "-e",
  luajit: "-e",
  perl: "-e",
  powershell: "-Command",
  pwsh: "-Command",
  cmd: "/c",
};

/** How an interpreter is told to read standard input; shells get -s where none is listed. */
const standardInput: Readonly<Record<string, readonly string[]>> = {
  python: ["-"],
  node: ["-"],
  nodejs: ["-"],
  lua: ["-"],
  luajit: ["-"],
  perl: ["-"],
  powershell: ["-Command", "-"],
  pwsh: ["-Command", "-"],
  cmd: [],
};

/** What stands before the path of a script file. */
const fileOption: Readonly<Record<string, readonly string[]>> = {
  powershell: ["-File"],
  pwsh: ["-File"],
  cmd: ["/c"],
};

const extensions: Readonly<Record<string, string>> = {
  python: "py",
  node: "js",
  nodejs: "js",
  gjs: "js",
  lua: "lua",
  luajit: "lua",
  perl: "pl",
  powershell: "ps1",
  pwsh: "ps1",
  cmd: "cmd",
};

/** `/usr/bin/python3.11` -> `python`, `lua5.4` -> `lua`, `PowerShell.exe` -> `powershell`. */
function family(program: string): string {
  return programName(program)
    .replace(/[0-9.]+$/, "")
    .toLowerCase();
}

/** The name of the script file when the code reaches its interpreter as a file. It tells nothing of Tyrian. */
export function scriptName(act: Act): string {
  return `script.${act.extension ?? extensions[family(act.program)] ?? "sh"}`;
}

/** A script as `-EncodedCommand` takes it: base64 of UTF-16, little-endian. */
export function encodedCommand(code: string): string {
  return Buffer.from(code, "utf16le").toString("base64");
}

/**
 * The argument vector of the act as the interpreter sees it; for `plan`, `--dry-run`, the wrapper and attribution. On Windows a
 * process has one command line and no vector: see `windowsCommandLine`.
 */
export function actArguments(act: Act, work: string): string[] {
  if (languageOf(act.program) === "device") return deviceArguments(act);
  const name = family(act.program);
  const start = [act.program, ...act.options];
  const separator = /^[A-Za-z]:\\/.test(work) ? "\\" : "/";
  switch (act.via) {
    case "argument":
      return [...start, codeOption[name] ?? "-c", act.code];
    case "file":
      return [...start, ...(fileOption[name] ?? []), `${work}${separator}${scriptName(act)}`];
    case "stdin":
      return [...start, ...(standardInput[name] ?? ["-s"])];
    case "encoded":
      return [...start, "-EncodedCommand", encodedCommand(act.code)];
  }
}

/** FRR runs on Linux, where a command that is given one-shot is a process; a line that is typed is none anywhere. */
function deviceArguments({ program, via, code }: Act): string[] {
  if (via !== "argument") return [program];
  return program === "frr" ? ["vtysh", "-c", code.trim()] : [program, code.trim()];
}
