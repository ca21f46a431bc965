import type { Act } from "../model/trial.js";

/** Options by which an interpreter takes code from its command line, by program name; `-c` where none is listed. */
const codeOption: Readonly<Record<string, string>> = {
  node: "-e",
  nodejs: "-e",
  gjs: "-c",
  lua: "-e",
  luajit: "-e",
  perl: "-e",
};

/** How an interpreter is told to read standard input; no argument where none is listed (shells get -s). */
const standardInput: Readonly<Record<string, string>> = {
  python: "-",
  node: "-",
  nodejs: "-",
  lua: "-",
  luajit: "-",
  perl: "-",
};

const extensions: Readonly<Record<string, string>> = {
  python: "py",
  node: "js",
  nodejs: "js",
  gjs: "js",
  lua: "lua",
  luajit: "lua",
  perl: "pl",
};

/** `/usr/bin/python3.11` -> `python`, `lua5.4` -> `lua`. */
function family(program: string): string {
  return (program.split("/").at(-1) ?? program).replace(/[0-9.]+$/, "");
}

/** The name of the script file when the code reaches its interpreter as a file. It tells nothing of Tyrian. */
export function scriptName(act: Act): string {
  return `script.${extensions[family(act.program)] ?? "sh"}`;
}

/** The argument vector of the act as the interpreter sees it; for `plan`, `--dry-run`, the wrapper and attribution. */
export function actArguments(act: Act, work: string): string[] {
  const name = family(act.program);
  const start = [act.program, ...act.options];
  switch (act.via) {
    case "argument":
      return [...start, codeOption[name] ?? "-c", act.code];
    case "file":
      return [...start, `${work}/${scriptName(act)}`];
    case "stdin":
      return [...start, standardInput[name] ?? "-s"];
  }
}
