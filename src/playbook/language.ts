import { basename } from "node:path/win32";
import { deviceProfiles } from "../model/target.js";

/** The languages whose quoting and grammar are known. Code for anything else is `unknown`: never quoted, never read. */
export type Language =
  | "shell"
  | "python"
  | "javascript"
  | "lua"
  | "powershell"
  /** What cmd.exe reads, on a command line and in batch files. */
  | "batch"
  | "vbscript"
  | "jscript"
  /** Lines for the command line of a network device; the program is the name of its profile. */
  | "device"
  | "unknown";

const byProgram: Readonly<Record<string, Language>> = {
  sh: "shell",
  bash: "shell",
  rbash: "shell",
  dash: "shell",
  ash: "shell",
  zsh: "shell",
  ksh: "shell",
  ksh93: "shell",
  mksh: "shell",
  lksh: "shell",
  pypy: "python",
  pypy3: "python",
  node: "javascript",
  nodejs: "javascript",
  gjs: "javascript",
  luajit: "lua",
  powershell: "powershell",
  pwsh: "powershell",
  cmd: "batch",
  ...Object.fromEntries(deviceProfiles.map((name) => [name, "device"] as const)),
};

/** Interpreters with their version in the name, such as python3.12 and lua5.4. */
const versioned: readonly (readonly [RegExp, Language])[] = [
  [/^python[0-9.]*$/, "python"],
  [/^lua[0-9.]*$/, "lua"],
];

/** The languages of the Windows Script Host, which goes by the extension of the script. */
const scriptHost: Readonly<Record<string, Language>> = { vbs: "vbscript", js: "jscript" };

/** A program's name without its folder and, on Windows, in lower case and without `.exe`. */
export function programName(program: string): string {
  return basename(program).replace(/\.exe$/i, "");
}

/** Programs that exist on Windows only. */
export const windowsPrograms: ReadonlySet<string> = new Set(["powershell", "cmd", "cscript", "wscript"]);

/**
 * The language of a program by its name or path, looking through `busybox sh`.
 * @param extension that of the script file, for the Windows Script Host (`vbs` or `js`).
 */
export function languageOf(program: string, options: readonly string[] = [], extension = ""): Language {
  const name = programName(program);
  if (name === "busybox" || name === "toybox") {
    const applet = options[0];
    return applet === undefined ? "unknown" : languageOf(applet);
  }
  const lower = name.toLowerCase();
  if (lower === "cscript" || lower === "wscript") {
    return (Object.hasOwn(scriptHost, extension) ? scriptHost[extension] : undefined) ?? "unknown";
  }
  if (windowsPrograms.has(lower)) return byProgram[lower] as Language;
  const known = Object.hasOwn(byProgram, name) ? byProgram[name] : undefined;
  return known ?? versioned.find(([pattern]) => pattern.test(name))?.[1] ?? "unknown";
}

const byExtension: Readonly<Record<string, Language>> = {
  sh: "shell",
  bash: "shell",
  zsh: "shell",
  ksh: "shell",
  py: "python",
  js: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  lua: "lua",
  ps1: "powershell",
  psm1: "powershell",
  bat: "batch",
  cmd: "batch",
  vbs: "vbscript",
};

/** The language of a file by its extension; null for a file that is not code (its content is filled in as it is). */
export function languageOfFile(name: string): Language | null {
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  return (Object.hasOwn(byExtension, extension) ? byExtension[extension] : undefined) ?? null;
}
