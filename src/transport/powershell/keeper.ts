import { spawn, type ChildProcess } from "node:child_process";
import { z } from "zod";
import { messageOf } from "../../errors.js";
import { anyOpen, Latch } from "../abort.js";
import { endGroup } from "../local/group.js";
import { keeperProgram } from "./keeper-program.js";

const answerSchema = z.strictObject({
  id: z.int().min(0),
  stdout: z.string().nullable(),
  failure: z.string().nullable(),
});

/** What pwsh and ssh need of our environment. Nothing else: secrets may be in it, and NODE_POWERSHELL would choose another program. */
const PASSED_ON = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "SSH_AUTH_SOCK"] as const;

interface KeeperOptions {
  /** The file by which node-powershell is loaded. */
  readonly module: string;
  readonly pwsh: string;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * The child process that owns node-powershell, and with it a pwsh that reads one script after another. It is started by the
 * constructor; what goes wrong in it ends it, and once `ended` it stays so.
 */
export class Keeper {
  readonly ended = new Latch();
  /** Why it has ended; empty while it has not. */
  why = "";
  readonly #child: ChildProcess;
  #answer: { readonly id: number; readonly arrived: Latch; stdout: string } | null = null;
  #lastId = 0;
  #closing: Promise<unknown> | null = null;

  constructor({ module, pwsh, environment }: KeeperOptions) {
    const passed = PASSED_ON.flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    this.#child = spawn(process.execPath, ["-e", keeperProgram, module, pwsh], {
      // A process group of its own, so that it can be ended with pwsh; and out of reach of the terminal's interrupt.
      detached: true,
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      env: {
        ...Object.fromEntries(passed),
        POWERSHELL_TELEMETRY_OPTOUT: "1",
        POWERSHELL_UPDATECHECK: "Off",
        NO_COLOR: "1",
      },
    });
    this.#child.on("message", (message) => this.#take(message));
    this.#child.once("error", (error) => this.#end(`it could not be started: ${error.message}`));
    this.#child.once("exit", () => this.#end("its process ended"));
  }

  /**
   * Runs a script of one line and returns what pwsh wrote to stdout meanwhile, without blanks at both ends. One at a time.
   * @throws Error when it has ended, or has not answered in time, after which it is ended.
   */
  async invoke(script: string, deadlineMs: number): Promise<string> {
    if (this.ended.isOpen) throw new Error(this.why);
    this.#lastId += 1;
    const answer = { id: this.#lastId, arrived: new Latch(), stdout: "" };
    this.#answer = answer;
    this.#child.send({ id: answer.id, script }, (error) => {
      if (error !== null) this.#end(`its process cannot be reached: ${error.message}`);
    });
    if (!(await anyOpen([answer.arrived, this.ended], deadlineMs))) {
      this.#end(`it did not answer within ${String(Math.round(deadlineMs))} ms`);
    }
    if (!answer.arrived.isOpen) throw new Error(this.why);
    return answer.stdout;
  }

  /** Ends its process group, pwsh included. */
  async close(): Promise<void> {
    this.#end("it was closed");
    await this.#closing;
  }

  #take(message: unknown): void {
    const parsed = answerSchema.safeParse(message);
    if (!parsed.success) return this.#end(`its process said something else: ${messageOf(parsed.error)}`);
    const { id, stdout, failure } = parsed.data;
    if (failure !== null) return this.#end(failure.trim().split("\n")[0] ?? "");
    if (this.#answer?.id !== id || stdout === null)
      return this.#end("its process answered what was not asked");
    this.#answer.stdout = stdout;
    this.#answer.arrived.open();
  }

  #end(why: string): void {
    if (this.ended.isOpen) return;
    this.why = why;
    this.ended.open();
    if (this.#child.pid !== undefined) this.#closing = endGroup(this.#child.pid);
  }
}
