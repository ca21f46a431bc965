import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { resolve } from "node:path";

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SpawnOptions {
  readonly cwd?: string;
  readonly environment?: Record<string, string>;
}

const repository = resolve(import.meta.dirname, "../..");
const source = resolve(repository, "src");
const built = resolve(repository, "dist/cli/main.js");

/** The words that start the program: from `dist` when that is newer than every source, else (slower) from the sources. */
const program = isNewerThanSources(built)
  ? [built]
  : ["--import", resolve(repository, "node_modules/tsx/dist/loader.mjs"), resolve(source, "cli/main.ts")];

function isNewerThanSources(file: string): boolean {
  if (!existsSync(file)) return false;
  const files = readdirSync(source, { recursive: true, encoding: "utf8" });
  return files.every((name) => statSync(resolve(source, name)).mtimeMs <= statSync(file).mtimeMs);
}

/** Runs `tyrian` in a process of its own, without a terminal and with a bare environment. */
export function tyrian(words: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  return ended(process.execPath, [...program, ...words], options);
}

/** The same behind a shell; `tyrian` in the script is the program. */
export function shell(script: string, options: SpawnOptions = {}): Promise<Ended> {
  const quoted = [process.execPath, ...program].map((word) => `'${word}'`).join(" ");
  return ended("/bin/bash", ["-c", `tyrian() { ${quoted} "$@"; }\n${script}`], options);
}

function ended(command: string, words: readonly string[], options: SpawnOptions): Promise<Ended> {
  const { PATH = "", HOME = "" } = process.env;
  return new Promise((done, failed) => {
    const child = spawn(command, words, {
      cwd: options.cwd ?? repository,
      env: { PATH, HOME, ...options.environment },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 110_000,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", failed);
    child.on("close", (status) => done({ status, stdout, stderr }));
  });
}
