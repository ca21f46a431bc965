import type { DeviceProfile } from "./profile.js";
import { Screen } from "./screen.js";

/** What the device's last, unfinished line is. */
export type Tail = "prompt" | "pager" | "question" | null;

/** Characters of an answer that are kept; the rest is counted as cut. */
const KEPT = 1024 * 1024;

/** Lines on which a device waits for something else than a command. */
const questions = [
  /\[confirm\]\s*$/i,
  /[([](?:y|yes)\/(?:n|no)(?:\/\w+)?[\])](?:\s*[[(]\w+[\])])?\s*[:?]*\s*$/i,
  /(?:\?\s*\[[^\]]*\]\s*:?|\[[^\]]*\]\s*[:?])\s*$/,
  /(?:password|passphrase|passcode|username|login)[^:]{0,40}:\s*$/i,
  /press (?:return|enter|any key)/i,
];

/** Reads a device's answer to one line that was typed. Pure: where the pieces end does not matter. */
export class ReplyReader {
  readonly #profile: DeviceProfile;
  readonly #prompt: string;
  readonly #host: string | null;
  readonly #screen = new Screen((line) => this.#take(line));
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #lines: string[] = [];
  readonly #errors: string[] = [];
  #characters = 0;
  /** Whether the line that was typed has come back. What comes before is of nobody: a message of the log, a prompt drawn anew. */
  #isEchoed: boolean;
  #truncated = false;

  /**
   * @param typed the line; null for what the device says by itself
   * @param before the prompt behind which it was typed, as it stands on the screen
   * @param host the name in that prompt: a line that looks like another device's prompt is output. Null: not known yet
   */
  constructor(profile: DeviceProfile, typed: string | null, before: string, host: string | null) {
    this.#profile = profile;
    this.#isEchoed = typed === null;
    this.#prompt = before.trimEnd();
    this.#host = host;
    this.#screen.write(before);
  }

  write(piece: Uint8Array): void {
    this.#screen.write(this.#decoder.decode(piece, { stream: true }));
  }

  get tail(): Tail {
    const { line } = this.#screen;
    if (!this.#isEchoed) return null;
    if (this.#profile.pager.test(line)) return "pager";
    const host = this.#profile.prompt.exec(line)?.groups?.["host"];
    if (host !== undefined && (this.#host === null || host === this.#host)) return "prompt";
    return questions.some((question) => question.test(line)) ? "question" : null;
  }

  /** The unfinished line: the prompt, the question. */
  get line(): string {
    return this.#screen.line;
  }

  /** The device's name in the prompt; null when the tail is none. */
  get host(): string | null {
    return this.#profile.prompt.exec(this.line)?.groups?.["host"] ?? null;
  }

  /** The answer without the echo, the prompt and the pager; each line ends in a line feed. */
  get output(): string {
    return this.#lines.map((line) => `${line}\n`).join("");
  }

  /** The lines of the answer by which the device says that it did not take the command. */
  get errors(): readonly string[] {
    return this.#errors;
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  #take(raw: string): void {
    const line = raw.trimEnd();
    if (!this.#isEchoed) {
      this.#isEchoed = line.startsWith(this.#prompt) && line.length > this.#prompt.length;
      return;
    }
    if (this.#profile.decoration.some((decoration) => decoration.test(line))) return;
    if (this.#profile.errors.some((error) => error.test(line))) this.#errors.push(line);
    this.#characters += line.length + 1;
    if (this.#characters > KEPT) this.#truncated = true;
    else this.#lines.push(line);
  }
}
