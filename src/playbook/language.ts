import { basename } from "node:path/posix";

/** The languages whose quoting and grammar are known. Code for anything else is `unknown`: never quoted, never read. */
export type Language = "shell" | "python" | "javascript" | "lua" | "unknown";

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
};

/** Interpreters with their version in the name, such as python3.12 and lua5.4. */
const versioned: readonly (readonly [RegExp, Language])[] = [
  [/^python[0-9.]*$/, "python"],
  [/^lua[0-9.]*$/, "lua"],
];

/** The language of a program by its name or path, looking through `busybox sh`. */
export function languageOf(program: string, options: readonly string[] = []): Language {
  const name = basename(program);
  if (name === "busybox" || name === "toybox") {
    const applet = options[0];
    return applet === undefined ? "unknown" : languageOf(applet);
  }
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
};

/** The language of a file by its extension; null for a file that is not code (its content is filled in as it is). */
export function languageOfFile(name: string): Language | null {
  const extension = name.slice(name.lastIndexOf(".") + 1);
  return (Object.hasOwn(byExtension, extension) ? byExtension[extension] : undefined) ?? null;
}
