import { messageOf, TyrianError } from "../../errors.js";
import { limited } from "../abort.js";
import { Gate } from "../gate.js";
import { OutputCapture } from "../output.js";
import type { SshSession } from "../ssh/session.js";
import type {
  ConnectOptions,
  Device,
  Dialog,
  ExecOptions,
  ExecResult,
  Reply,
  Session,
} from "../transport.js";
import { DeviceDialog } from "./dialog.js";
import type { DeviceProfile } from "./profile.js";
import { Prompt } from "./prompt.js";

/** Milliseconds until the first prompt, at most. */
const START_MS = 15_000;

/** How the end of a line ends the command that it belongs to. */
const endings: Readonly<Record<Reply["ending"], ExecResult["ending"]>> = {
  answered: "exited",
  question: "exited",
  deadline: "deadline",
  interrupted: "aborted",
  closed: "disconnected",
};

/**
 * The command line of a network device. Without a terminal a command is given one-shot, as `ssh DEVICE COMMAND` does; with one its
 * lines are typed at a prompt. Typed lines have no exit status, and the result has none: what the device refused is in `stderr`.
 */
export class CliSession implements Session {
  readonly target: string;
  readonly remote = true;
  readonly ownLogin = true;
  readonly device: Device;
  readonly #ssh: SshSession;
  readonly #prompt: Prompt;

  constructor(ssh: SshSession, profile: DeviceProfile, enableSecret: string | null) {
    this.target = ssh.target;
    this.#ssh = ssh;
    this.#prompt = new Prompt(new Gate(1), async (signal) => {
      const stream = await ssh.terminal(signal);
      const settings = { target: ssh.target, profile, enableSecret };
      return await DeviceDialog.start(stream, { ...settings, deadlineMs: START_MS, signal });
    });
    this.device = { profile, openDialog: (options) => this.#openDialog(options) };
  }

  get open(): boolean {
    return this.#ssh.open;
  }

  async exec(command: string, options: ExecOptions): Promise<ExecResult> {
    if (options.pty !== true) return await this.#ssh.exec(command, options);
    if (options.stdin !== undefined) {
      throw new TyrianError("transport-failed", `What is typed into ${this.target} is the command itself.`);
    }
    return await this.#typed(command, options);
  }

  async close(): Promise<void> {
    this.#prompt.close();
    await this.#ssh.close();
  }

  async #openDialog({ deadlineMs, signal }: ConnectOptions): Promise<Dialog> {
    const limit = limited([signal], deadlineMs, () => {
      const message = `${this.target} gave no prompt within ${String(deadlineMs)} ms.`;
      return new TyrianError("deadline-exceeded", message);
    });
    try {
      return await this.#prompt.lend(limit.signal);
    } finally {
      limit.release();
    }
  }

  async #typed(command: string, options: ExecOptions): Promise<ExecResult> {
    const startedAt = Date.now();
    const began = performance.now();
    const output = new OutputCapture(options);
    const left = (): number => Math.max(1, Math.round(options.deadlineMs - (performance.now() - began)));
    let ending: ExecResult["ending"] = options.signal?.aborted === true ? "aborted" : "exited";
    if (ending === "exited") {
      const signal = options.signal === undefined ? {} : { signal: options.signal };
      const dialog = await this.#openDialog({ deadlineMs: left(), ...signal });
      try {
        for (const line of command.split("\n").filter((one) => one.trim() !== "")) {
          const reply = await dialog.type(line, { deadlineMs: left(), ...signal });
          ending = endings[reply.ending];
          output.add("stdout", Buffer.from(reply.output));
          for (const error of reply.errors) output.add("stderr", Buffer.from(`${error}\n`));
          if (reply.ending !== "answered" || reply.errors.length > 0) break;
        }
      } finally {
        dialog.close();
      }
    }
    const captured = output.finish();
    if (output.callbackError !== undefined) {
      throw new TyrianError("internal", `onOutput failed: ${messageOf(output.callbackError)}`, {
        cause: output.callbackError,
      });
    }
    return {
      ...{ ending, exitCode: null, signal: null, ...captured, startedAt },
      ...{ endedAt: Date.now(), durationMs: performance.now() - began },
    };
  }
}
