import { Duplex } from "node:stream";
import { profileOf } from "../../../src/transport/cli/profiles.js";
import type { DeviceDialogOptions } from "../../../src/transport/cli/dialog.js";
import { type Exchange, type Transcript, transcriptOf } from "./transcripts.js";

/** What the stand-in does beyond its transcript. */
export interface Behaviour {
  /** The secret that `enable` wants. */
  readonly secret?: string;
  /** By the line that is typed: what is sent instead of an answer, and no prompt behind it. */
  readonly instead?: Readonly<Record<string, string>>;
  /** Whether Ctrl-C brings the prompt back. Default yes. */
  readonly heedsInterrupt?: boolean;
  /** Cuts what is sent into pieces. Default: one piece. */
  readonly pieces?: (text: string) => readonly string[];
}

/**
 * The far end of a terminal, for a device that is not here: it echoes, answers by its transcript, and keeps what was typed. A line
 * that the transcript lacks is answered with its prompt alone.
 */
export class StandInDevice extends Duplex {
  readonly typed: string[] = [];
  readonly #transcript: Transcript;
  readonly #behaviour: Behaviour;
  #prompt: string;
  #line = "";
  #waitsFor: { readonly wants: string; readonly next: () => void } | null = null;

  constructor(transcript: Transcript, behaviour: Behaviour = {}) {
    super();
    this.#transcript = transcript;
    this.#behaviour = behaviour;
    this.#prompt = transcript.prompt;
    setImmediate(() => this.#send(transcript.greeting));
  }

  override _read(): void {
    // What there is to read is pushed.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    for (const character of chunk.toString()) this.#key(character);
    done();
  }

  #key(key: string): void {
    if (key === "\u0003") {
      this.#waitsFor = null;
      this.#line = "";
      if (this.#behaviour.heedsInterrupt !== false) this.#send(`^C\r\n${this.#prompt}`);
      return;
    }
    if (this.#waitsFor !== null) {
      this.#line += key;
      const { wants, next } = this.#waitsFor;
      if (this.#line !== wants) return;
      this.#line = "";
      this.#waitsFor = null;
      next();
      return;
    }
    if (key !== "\r") {
      this.#line += key;
      return;
    }
    const line = this.#line;
    this.#line = "";
    this.#enter(line);
  }

  #enter(line: string): void {
    this.typed.push(line);
    const { secret, instead } = this.#behaviour;
    const { enabled, exchanges } = this.#transcript;
    const other = instead?.[line];
    if (other !== undefined) return this.#send(`${line}\r\n${other}`);
    if (line === "enable" && enabled !== undefined) {
      const enter = (): void => {
        this.#prompt = enabled;
        this.#send(`\r\n${enabled}`);
      };
      if (secret === undefined) return enter();
      this.#send(`${line}\r\nPassword: `);
      this.#waitsFor = { wants: `${secret}\r`, next: enter };
      return;
    }
    const exchange = exchanges.find((one) => one.typed === line);
    this.#send(`${line}\r\n`);
    if (exchange === undefined) this.#send(this.#prompt);
    else this.#answer(exchange, 0);
  }

  /** The answer, each pause before one of its lines. */
  #answer(exchange: Exchange, page: number): void {
    const lines = exchange.answer.split(/(?<=\n)/);
    const pauses = exchange.pauses ?? [];
    const pause = pauses[page];
    if (pause === undefined) {
      this.#prompt = exchange.prompt ?? this.#prompt;
      this.#send(lines.slice(page).join("") + this.#prompt);
      return;
    }
    this.#send((lines[page] ?? "") + pause.shows);
    this.#waitsFor = {
      wants: pause.wants,
      next: () => {
        this.#send(pause.erases);
        this.#answer(exchange, page + 1);
      },
    };
  }

  #send(text: string): void {
    for (const piece of this.#behaviour.pieces?.(text) ?? [text]) this.push(Buffer.from(piece));
  }
}

/** A stand-in for a device of one kind, and how a dialog with it is opened. */
export function standIn(
  profile: Transcript["profile"],
  behaviour: Behaviour = {},
  enableSecret: string | null = behaviour.secret ?? null,
): { readonly device: StandInDevice; readonly options: DeviceDialogOptions } {
  const device = new StandInDevice(transcriptOf(profile), behaviour);
  return {
    device,
    options: { target: "device-1", profile: profileOf(profile), enableSecret, deadlineMs: 5_000 },
  };
}
