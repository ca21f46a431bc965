import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const main = resolve(import.meta.dirname, "../../../src/cli/main.ts");
const loader = resolve(import.meta.dirname, "../../../node_modules/tsx/dist/loader.mjs");

/** `tyrian siem serve` in a process of its own. */
export class Served {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #closed: Promise<unknown>;
  #waiting: (() => void)[] = [];
  stderr = "";

  /** @param secret what `env:TYRIAN_TEST_TOKEN` stands for */
  constructor(config: string, folder: string, secret: string) {
    const { PATH = "", HOME = "" } = process.env;
    this.#child = spawn(process.execPath, ["--import", loader, main, "siem", "serve", "--config", config], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH, HOME, XDG_STATE_HOME: folder, TYRIAN_TEST_TOKEN: secret },
    });
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      this.#lines.push(line);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.#closed = once(this.#child, "close");
  }

  /** The first line that fits, when it has been printed. */
  async line(pattern: RegExp): Promise<string> {
    const ended = this.#closed.then(() => {
      throw new Error(`it ended: ${this.stderr}`);
    });
    for (;;) {
      const found = this.#lines.find((line) => pattern.test(line));
      if (found !== undefined) {
        ended.catch(() => undefined);
        return found;
      }
      await Promise.race([new Promise<void>((wake) => this.#waiting.push(wake)), ended]);
    }
  }

  /** The port on which a receiver listens. */
  async port(name: string): Promise<number> {
    const line = await this.line(new RegExp(`^${name} \\S+:\\d+$`));
    return Number(line.split(":").at(-1));
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends it. @returns its exit status, null after SIGKILL */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    await this.#closed;
    return this.#child.exitCode;
  }
}
