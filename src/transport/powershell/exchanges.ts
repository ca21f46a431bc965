import { setImmediate as otherTurns } from "node:timers/promises";
import { messageOf } from "../../errors.js";
import { Latch } from "../abort.js";
import { base64 } from "./near-side.js";
import { eventsIn, type CommandEvent } from "./messages.js";

/** Milliseconds that the host waits in one exchange for something to tell. What comes up here meanwhile waits as long. */
const WAIT_MS = 100;

/** What the host is asked to do in one exchange. Ids stand for commands; `line`, `piece` are base64. */
interface Work {
  start: { readonly id: string; readonly line: string }[];
  write: { readonly id: string; readonly piece: string; readonly end: boolean }[];
  stop: { readonly id: string; readonly kill: boolean }[];
  forget: string[];
}

const noWork = (): Work => ({ start: [], write: [], stop: [], forget: [] });

/**
 * All commands of a session in one conversation: node-powershell runs one script at a time and shows nothing of it before its
 * end, so the host is asked again and again, for a short time each, what its commands have to tell.
 */
export class Exchanges {
  /** Nothing is exchanged any more; `why` says why. */
  readonly lost = new Latch();
  why = "";
  readonly #ask: (exchange: string) => Promise<string>;
  readonly #listeners = new Map<string, (event: CommandEvent) => void>();
  #work = noWork();
  #lastId = 0;
  #pumping = false;

  /** @param ask passes JSON to the host's function and returns its answer; when it rejects, the conversation is lost */
  constructor(ask: (exchange: string) => Promise<string>) {
    this.#ask = ask;
  }

  /** Has a command line started; its id. `listener` is told what the host tells of it. */
  start(line: string, listener: (event: CommandEvent) => void): string {
    this.#lastId += 1;
    const id = `c${String(this.#lastId)}`;
    this.#listeners.set(id, listener);
    this.#work.start.push({ id, line: base64(line) });
    this.#wake();
    return id;
  }

  /** One piece of input, at most; the next when this was taken. */
  write(id: string, piece: Uint8Array, end: boolean): void {
    this.#work.write.push({ id, piece: Buffer.from(piece).toString("base64"), end });
    this.#wake();
  }

  /** Has a command told to end with all that it has started, or made to. */
  stop(id: string, kill: boolean): void {
    this.#work.stop.push({ id, kill });
    this.#wake();
  }

  /** Nothing more is told of a command. */
  forget(id: string): void {
    if (!this.#listeners.delete(id)) return;
    this.#work.forget.push(id);
    this.#wake();
  }

  lose(why: string): void {
    if (this.lost.isOpen) return;
    this.why = why;
    this.lost.open();
  }

  #wake(): void {
    if (this.#pumping || this.lost.isOpen) return;
    this.#pumping = true;
    void this.#pump();
  }

  async #pump(): Promise<void> {
    try {
      for (;;) {
        // What is asked for in one go, or because of what was just told, goes in one exchange.
        await otherTurns();
        if (this.lost.isOpen || (this.#listeners.size === 0 && this.#work.forget.length === 0)) return;
        const work = this.#work;
        this.#work = noWork();
        const events = eventsIn(await this.#ask(JSON.stringify({ ...work, wait: WAIT_MS })));
        if (events === null) throw new Error("the host answered what cannot be read");
        for (const event of events) this.#listeners.get(event.id)?.(event);
      }
    } catch (thrown) {
      this.lose(messageOf(thrown));
    } finally {
      this.#pumping = false;
    }
  }
}
