import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const repository = resolve(import.meta.dirname, "../..");

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A small clone of this repository in a folder: the set-up, the configuration, one source file, and these node modules. */
export class FakeClone {
  readonly folder = mkdtempSync(join(tmpdir(), "tyrian-fake-clone-"));

  constructor() {
    for (const name of [
      "lab/setup",
      ".ci",
      "package.json",
      "package-lock.json",
      "tsconfig.json",
      "tsconfig.build.json",
      "vitest.config.ts",
      "test/property-seed.ts",
    ]) {
      cpSync(join(repository, name), join(this.folder, name), { recursive: true });
    }
    symlinkSync(join(repository, "node_modules"), join(this.folder, "node_modules"));
    this.write("src/version.ts", 'export const VERSION = "0.1.0";\n');
    this.write("test/none.ts", "export {};\n");
  }

  write(name: string, text: string): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** Runs a program in the clone to its end, at most two minutes. */
  run(program: string, parameters: readonly string[], more: NodeJS.ProcessEnv = {}): Ended {
    const result = spawnSync(program, parameters, {
      cwd: this.folder,
      env: environment(more),
      encoding: "utf8",
      timeout: 120_000,
    });
    return { status: result.status, stdout: result.stdout, stderr: result.stderr };
  }

  /** Starts a program in the clone; its output is collected. */
  start(
    program: string,
    parameters: readonly string[],
  ): { child: ReturnType<typeof spawn>; ended: Promise<Ended> } {
    const child = spawn(program, parameters, {
      cwd: this.folder,
      env: environment({}),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (status) => resolve({ status, stdout, stderr }));
    });
    return { child, ended };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Ours without what the surrounding vitest and npm tell their children. */
function environment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|VITEST|TYRIAN_|TEST$|NODE_ENV$|NODE_OPTIONS$)/.test(name),
  );
  return { ...Object.fromEntries(own), NO_COLOR: "1", ...more };
}

/** The last line of a text that ends with a line feed. */
export function lastLine(text: string): string {
  return text.split("\n").at(-2) ?? "";
}
