import type { Duplex } from "node:stream";
import { TyrianError } from "../../errors.js";
import { limited, reasonOf } from "../abort.js";
import type { Dialog, Reply, TypeOptions } from "../transport.js";
import type { DeviceProfile } from "./profile.js";
import { ReplyReader } from "./reply.js";

/** Milliseconds without output after which what stands on the last line is taken for a prompt. */
const SETTLE_MS = 40;
/** Milliseconds that the device has to come back to its prompt when a command is given up. */
const RECOVER_MS = 3_000;
/** Characters of a line: more would wrap on the terminal, and devices cut it. */
const LONGEST_LINE = 240;
/** Pages of one answer. */
const MOST_PAGES = 10_000;

const INTERRUPT = "\u0003";

export interface DeviceDialogOptions {
  readonly target: string;
  readonly profile: DeviceProfile;
  /** The secret of the privileged mode; null when that is not wanted. */
  readonly enableSecret: string | null;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What waits for the device. */
interface Waiting {
  readonly reader: ReplyReader;
  readonly settled: () => void;
  timer: NodeJS.Timeout | undefined;
  pages: number;
}

/**
 * A command line of a network device, typed into a terminal. It has one line under way at a time and never waits longer
 * than it was told: a question that nobody expected is given up, not answered.
 */
export class DeviceDialog implements Dialog {
  readonly profile: DeviceProfile;
  readonly #target: string;
  readonly #stream: Duplex;
  #waiting: Waiting | null = null;
  #open = true;
  #early: Uint8Array[] = [];
  #prompt = "";
  #host: string | null = null;
  #interrupt: () => void = () => undefined;

  private constructor(stream: Duplex, { target, profile }: DeviceDialogOptions) {
    this.#stream = stream;
    this.#target = target;
    this.profile = profile;
    stream.on("data", (piece: Uint8Array) => this.#arrived(piece));
    const end = (): void => {
      this.#open = false;
      this.#waiting?.settled();
    };
    stream.on("error", end).once("end", end).once("close", end);
  }

  /**
   * Waits for the device's first prompt, enters the privileged mode where that is wanted, and has the device page no more.
   * The stream is the dialog's from now on, and destroyed when this rejects.
   * @throws TyrianError `device-prompt-unknown`, `auth-failed`, `disconnected`, `deadline-exceeded`; an aborted signal
   *   rejects with its reason.
   */
  static async start(stream: Duplex, options: DeviceDialogOptions): Promise<DeviceDialog> {
    const dialog = new DeviceDialog(stream, options);
    const limit = limited(
      [options.signal],
      options.deadlineMs,
      () =>
        new TyrianError(
          "device-prompt-unknown",
          `${options.target} showed no prompt of ${options.profile.title} within ${String(options.deadlineMs)} ms${dialog.#tailInWords()}.`,
        ),
    );
    try {
      await dialog.#begin(options, limit.signal);
      return dialog;
    } catch (thrown) {
      stream.destroy();
      throw thrown;
    } finally {
      limit.release();
    }
  }

  get open(): boolean {
    return this.#open;
  }

  get inConfiguration(): boolean {
    return this.profile.configurationPrompt.test(this.#prompt);
  }

  async type(line: string, options: TypeOptions): Promise<Reply> {
    if (!/^[\x20-\x7e]+$/.test(line) || line.length > LONGEST_LINE) {
      throw new TyrianError(
        "command-too-long",
        `A line for ${this.#target} has ${String(line.length)} characters or one that cannot be typed. It was not sent.`,
        { hint: `Lines for a device are of up to ${String(LONGEST_LINE)} printable ASCII characters.` },
      );
    }
    if (!this.#open) throw this.#disconnected();
    const reader = new ReplyReader(this.profile, line, this.#prompt, this.#host);
    let ending: Reply["ending"] = "deadline";
    const stop = new AbortController();
    this.#interrupt = () => stop.abort(new Error("interrupted"));
    const limit = limited([options.signal, stop.signal], options.deadlineMs, () => new Error("deadline"));
    try {
      await this.#exchange(reader, `${line}\r`, limit.signal);
      ending = !this.#open ? "closed" : reader.tail === "question" ? "question" : "answered";
    } catch {
      ending = stop.signal.aborted || options.signal?.aborted === true ? "interrupted" : "deadline";
    } finally {
      limit.release();
      this.#interrupt = () => undefined;
    }
    const question = reader.tail === "question" ? [reader.line.trim()] : [];
    if (ending !== "answered" && ending !== "closed") await this.#recover(reader);
    else if (ending === "answered") this.#prompt = reader.line;
    const { output, errors, truncated } = reader;
    return { ending, output, errors: [...errors, ...question], truncated };
  }

  interrupt(): boolean {
    const isTyping = this.#waiting !== null;
    this.#interrupt();
    return isTyping;
  }

  close(): void {
    this.#open = false;
    this.#waiting?.settled();
    this.#stream.destroy();
  }

  async #begin({ enableSecret, target }: DeviceDialogOptions, signal: AbortSignal): Promise<void> {
    const { profile } = this;
    const greeting = new ReplyReader(profile, null, "", null);
    await this.#exchange(greeting, "", signal);
    this.#take(greeting);
    const { enable } = profile;
    if (enable !== null && enableSecret !== null && !profile.privilegedPrompt.test(this.#prompt)) {
      await this.#enable(enable, enableSecret, signal);
    }
    const paging = new ReplyReader(profile, profile.pagerOff, this.#prompt, this.#host);
    await this.#exchange(paging, `${profile.pagerOff}\r`, signal);
    // Refused or not: pages are turned anyway.
    this.#take(paging);
    if (!this.#open) throw new TyrianError("disconnected", `${target} ended the connection at its prompt.`);
  }

  async #enable(
    { command, asks }: NonNullable<DeviceProfile["enable"]>,
    secret: string,
    signal: AbortSignal,
  ): Promise<void> {
    const asked = new ReplyReader(this.profile, command, this.#prompt, this.#host);
    await this.#exchange(asked, `${command}\r`, signal);
    let last = asked;
    if (asks.test(asked.line)) {
      last = new ReplyReader(this.profile, null, "", this.#host);
      await this.#exchange(last, `${secret}\r`, signal);
    }
    // What the device says here is not quoted: some echo what was typed.
    if (last.tail !== "prompt" || !this.profile.privilegedPrompt.test(last.line)) {
      throw new TyrianError("auth-failed", `${this.#target} did not enter its privileged mode.`, {
        hint: "Check the secret that the inventory names as `enableSecret`.",
      });
    }
    this.#take(last);
  }

  /** @throws TyrianError when the device is not at a prompt */
  #take(reader: ReplyReader): void {
    if (!this.#open) throw this.#disconnected();
    if (reader.tail !== "prompt") {
      throw new TyrianError(
        "device-prompt-unknown",
        `${this.#target} asks ${JSON.stringify(reader.line.trim().slice(0, 80))} where its prompt was expected.`,
      );
    }
    this.#prompt = reader.line;
    this.#host ??= reader.host;
  }

  /** Sends a text and waits until the device stands at a prompt or a question, or has hung up. */
  #exchange(reader: ReplyReader, text: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(reasonOf(signal));
      const finish = (end: () => void): void => {
        signal.removeEventListener("abort", onAbort);
        clearTimeout(waiting.timer);
        this.#waiting = null;
        end();
      };
      const onAbort = (): void => finish(() => reject(reasonOf(signal)));
      const waiting: Waiting = { reader, settled: () => finish(resolve), timer: undefined, pages: 0 };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting = waiting;
      if (text !== "") this.#stream.write(text);
      for (const piece of this.#early.splice(0)) this.#arrived(piece);
      if (!this.#open) waiting.settled();
    });
  }

  #arrived(piece: Uint8Array): void {
    const waiting = this.#waiting;
    if (waiting === null) {
      // The greeting may come before anybody waits for it. What comes after an answer is nobody's: a message of the log.
      if (this.#prompt === "") this.#early.push(piece);
      return;
    }
    waiting.reader.write(piece);
    clearTimeout(waiting.timer);
    if (waiting.reader.tail !== null) waiting.timer = setTimeout(() => this.#settle(waiting), SETTLE_MS);
  }

  #settle(waiting: Waiting): void {
    if (this.#waiting !== waiting) return;
    if (waiting.reader.tail !== "pager") return waiting.settled();
    waiting.pages += 1;
    // Beyond any real answer: the deadline ends it.
    if (waiting.pages <= MOST_PAGES) this.#stream.write(" ");
  }

  /** Gives up what is under way; the dialog is closed when the device does not come back to its prompt. */
  async #recover(unfinished: ReplyReader): Promise<void> {
    if (!this.#open) return;
    const reader = new ReplyReader(this.profile, null, "", this.#host);
    const limit = limited([], RECOVER_MS, () => new Error("no prompt"));
    try {
      // At the pager and at some questions the first is only an answer.
      await this.#exchange(reader, unfinished.tail === "pager" ? `q${INTERRUPT}` : INTERRUPT, limit.signal);
      this.#take(reader);
    } catch {
      this.close();
    } finally {
      limit.release();
    }
  }

  #tailInWords(): string {
    const line = this.#waiting?.reader.line.trim() ?? "";
    return line === "" ? "" : `; its last line is ${JSON.stringify(line.slice(0, 80))}`;
  }

  #disconnected(): TyrianError {
    return new TyrianError("disconnected", `The prompt of ${this.#target} is closed.`);
  }
}
