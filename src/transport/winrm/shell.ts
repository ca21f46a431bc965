import { TyrianError } from "../../errors.js";
import { limited, orAborted, pause } from "../abort.js";
import { bodyOf, commandIdIn, idleTimeoutIn, receivedIn, shellIdIn, type Received } from "./answer.js";
import type { Envelopes, Message } from "./envelope.js";
import { errorOfFault, WsmanFault } from "./fault.js";
import type { Lane } from "./lane.js";
import type { Lanes } from "./lanes.js";
import { SIGNAL } from "./names.js";
import { UnknownOutcome } from "./unknown-outcome.js";
import type { XmlElement } from "../windows/xml.js";

export interface ShellSettings {
  readonly target: string;
  readonly envelopes: Envelopes;
  readonly lanes: Lanes;
  readonly operationTimeoutMs: number;
  readonly maxEnvelopeBytes: number;
  readonly codePage: number;
}

/** Milliseconds that an answer may take beyond the OperationTimeout. */
const SLACK = 5_000;
/** Milliseconds that the host has to answer one request to delete a shell, and all of them together. */
const DELETION = 5_000;
const ALL_DELETIONS = 8_000;
/** Milliseconds before each attempt to delete a shell. Of a connection that was idle nobody knows whether it is open still. */
const DELETION_PAUSES = [0, 0, 250, 1_000, 2_500] as const;
/** How often the host is asked while it has no room. */
const MOST_ATTEMPTS = 5;
/** Milliseconds without use that a shell may last: one that is left behind goes then. Longer than an answer can be held back. */
const IDLE = 15 * 60_000;
const IDLE_PER_OPERATION = 2;
/** Where the host does not say it: the default of the oldest hosts (MS-WSMV 2.2.4.42). */
const SHORTEST_IDLE = 180_000;
/** Bytes of a Send beside its data: 1,800 with the longest name and ids that there are. */
const SEND_OVERHEAD = 2_500;

/** A shell on the host, and what can be asked of it: one message, one answer. */
export class Shell {
  readonly id: string;
  /** Milliseconds without a message after which the host deletes it. */
  readonly idleMs: number;
  readonly #settings: ShellSettings;

  private constructor(id: string, idleMs: number, settings: ShellSettings) {
    this.id = id;
    this.idleMs = idleMs;
    this.#settings = settings;
  }

  /**
   * Opens a shell; while the host has no room for one, it is asked again. When it is given up and the host has made one all
   * the same, that is deleted. The lanes are closed unless a shell comes of it.
   * @throws TyrianError `quota-exceeded`, `access-denied`, and whatever connecting throws; an aborted signal rejects with its reason.
   */
  static async open(settings: ShellSettings, signal: AbortSignal): Promise<Shell> {
    const { target, lanes } = settings;
    let creating: Promise<Shell> | undefined;
    try {
      return await patiently(() => orAborted((creating = Shell.#create(settings, signal)), signal), signal);
    } catch (thrown) {
      const ended = creating?.then(
        (late) => late.delete(),
        () => false,
      );
      void Promise.resolve(ended).then(() => lanes.end());
      if (thrown instanceof WsmanFault) throw errorOfFault(target, "open a shell", thrown);
      throw thrown instanceof UnknownOutcome ? thrown.error : thrown;
    }
  }

  static async #create(settings: ShellSettings, connecting: AbortSignal): Promise<Shell> {
    const idleMs = Math.max(IDLE, IDLE_PER_OPERATION * settings.operationTimeoutMs);
    try {
      return await Shell.#createFor(idleMs, settings, connecting);
    } catch (thrown) {
      // ERROR_WINRS_IDLETIMEOUT_OUTOFBOUNDS, or other words for it: what is refused is not done, so the host may choose the time itself.
      if (!(thrown instanceof WsmanFault) || thrown.kind !== "other") throw thrown;
      return await Shell.#createFor(null, settings, connecting);
    }
  }

  static async #createFor(
    idleMs: number | null,
    settings: ShellSettings,
    connecting: AbortSignal,
  ): Promise<Shell> {
    const { envelopes, codePage, operationTimeoutMs, lanes, target } = settings;
    const message = envelopes.create(codePage, idleMs, operationTimeoutMs);
    const body = await lanes.use((lane) =>
      exchange(lane, message, settings, operationTimeoutMs, { connecting }),
    );
    const granted = idleTimeoutIn(body) ?? idleMs ?? SHORTEST_IDLE;
    return new Shell(shellIdIn(body, message, target), granted, settings);
  }

  /** Bytes of standard input that one Send can carry. */
  get mostInput(): number {
    return Math.floor((this.#settings.maxEnvelopeBytes - SEND_OVERHEAD) / 4) * 3;
  }

  /**
   * Starts a command and returns its id. It is never sent twice.
   * @throws WsmanFault, TyrianError: the host has not taken it. UnknownOutcome: nobody can tell.
   */
  async start(commandLine: string): Promise<string> {
    const { envelopes, operationTimeoutMs, target } = this.#settings;
    const message = envelopes.command(this.id, commandLine, operationTimeoutMs);
    const body = await this.#askOnce(message, "start a command", { once: true });
    return commandIdIn(body, message, target);
  }

  /**
   * Receives a command's output until it has ended.
   * @param take called with each answer
   * @throws WsmanFault (the command is gone), UnknownOutcome or TyrianError: there may have been more output.
   */
  async receive(commandId: string, take: (received: Received) => void, signal: AbortSignal): Promise<void> {
    const { envelopes, operationTimeoutMs, lanes, target } = this.#settings;
    const ask = async (lane: Lane): Promise<Received> => {
      const message = envelopes.receive(this.id, commandId, operationTimeoutMs);
      const body = await exchange(lane, message, this.#settings, operationTimeoutMs, { signal });
      return receivedIn(body, commandId, message, target);
    };
    await lanes.use(async (lane) => {
      for (;;) {
        const asked = performance.now();
        try {
          const received = await patiently(() => ask(lane), signal);
          take(received);
          if (received.done) return;
          if (received.pieces.some(({ bytes }) => bytes.length > 0)) continue;
        } catch (thrown) {
          if (!(thrown instanceof WsmanFault) || thrown.kind !== "timed-out") throw thrown;
        }
        // A host that does not hold its answers back is not asked without pause.
        await pause(Math.max(0, 100 - (performance.now() - asked)), signal);
      }
    });
  }

  /**
   * Writes to a command's standard input.
   * @throws WsmanFault for input that the host has refused; UnknownOutcome or TyrianError otherwise.
   */
  async send(commandId: string, piece: Uint8Array, end: boolean, signal: AbortSignal): Promise<void> {
    const { envelopes, operationTimeoutMs } = this.#settings;
    await patiently(async () => {
      const message = envelopes.send(this.id, commandId, piece, end, operationTimeoutMs);
      await this.#askOnce(message, "pass input on to a command", { signal });
    }, signal);
  }

  /** Tells a command to end, as ctrl+c does. */
  async interrupt(commandId: string): Promise<void> {
    await this.#signal(commandId, SIGNAL.ctrlC);
  }

  /**
   * Ends a command and whatever it has started, and frees what the host keeps of it. Every command's last message
   * (MS-WSMV 3.1.4.14). One that is gone already is as good as ended.
   */
  async terminate(commandId: string): Promise<void> {
    await this.#signal(commandId, SIGNAL.terminate);
  }

  /** Deletes the shell and ends what runs in it; whether the host has confirmed it. Never rejects. To delete twice does no harm. */
  async delete(): Promise<boolean> {
    const limit = limited([], ALL_DELETIONS, () => new Error("no answer"));
    try {
      for (const milliseconds of DELETION_PAUSES) {
        await pause(milliseconds, limit.signal);
        if (limit.signal.aborted) break;
        if (await this.#tryDelete(limit.signal)) return true;
      }
      return false;
    } finally {
      limit.release();
    }
  }

  async #tryDelete(outer: AbortSignal): Promise<boolean> {
    const { signal, release } = limited([outer], DELETION, () => new Error("no answer"));
    try {
      await this.#askUnlessGone(this.#settings.envelopes.delete(this.id, DELETION), DELETION, { signal });
      return true;
    } catch {
      return false;
    } finally {
      release();
    }
  }

  async #ask(message: Message, timeoutMs: number, options: AskOptions): Promise<XmlElement> {
    return await this.#settings.lanes.use((lane) =>
      exchange(lane, message, this.#settings, timeoutMs, options),
    );
  }

  /** Asks for what must not be done twice: a host that has not done it in time may do it yet. */
  async #askOnce(message: Message, what: string, options: AskOptions): Promise<XmlElement> {
    const { operationTimeoutMs, target } = this.#settings;
    try {
      return await this.#ask(message, operationTimeoutMs, options);
    } catch (thrown) {
      if (!(thrown instanceof WsmanFault) || thrown.kind !== "timed-out") throw thrown;
      throw new UnknownOutcome(errorOfFault(target, what, thrown));
    }
  }

  async #signal(commandId: string, code: Parameters<Envelopes["signal"]>[2]): Promise<void> {
    const { envelopes, operationTimeoutMs } = this.#settings;
    await patiently(async () => {
      const message = envelopes.signal(this.id, commandId, code, operationTimeoutMs);
      await this.#askUnlessGone(message, operationTimeoutMs, {});
    });
  }

  async #askUnlessGone(message: Message, timeoutMs: number, options: AskOptions): Promise<void> {
    try {
      await this.#ask(message, timeoutMs, options);
    } catch (thrown) {
      if (!(thrown instanceof WsmanFault) || thrown.kind !== "gone") throw thrown;
    }
  }
}

interface AskOptions {
  /** Ends the exchange. */
  readonly signal?: AbortSignal;
  /** Ends the connecting; once the message is on its way, its answer is waited for. */
  readonly connecting?: AbortSignal;
  readonly once?: boolean;
}

/** Asks again, with a fresh message, while the host has no room for what is asked: then it has not done it. Never for a command. */
async function patiently<T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (thrown) {
      const full = thrown instanceof WsmanFault && thrown.kind === "quota";
      if (!full || attempt === MOST_ATTEMPTS || signal?.aborted === true) throw thrown;
    }
    await pause(100 * 2 ** attempt, signal);
    signal?.throwIfAborted();
  }
}

async function exchange(
  lane: Lane,
  message: Message,
  { target, maxEnvelopeBytes }: ShellSettings,
  timeoutMs: number,
  { signal, connecting, once = false }: AskOptions,
): Promise<XmlElement> {
  const bytes = Buffer.byteLength(message.xml, "utf8");
  if (bytes > maxEnvelopeBytes) {
    throw new TyrianError(
      "command-too-long",
      `The message for ${target} has ${String(bytes)} bytes, more than the ${String(maxEnvelopeBytes)} of \`maxEnvelopeBytes\`. It was not sent.`,
    );
  }
  const limit = limited([signal], timeoutMs + SLACK, () => {
    return new Error(`no answer within ${String(timeoutMs + SLACK)} ms`);
  });
  try {
    const xml = await lane.exchange(message.xml, {
      signal: limit.signal,
      once,
      ...(connecting === undefined ? {} : { connecting }),
    });
    return bodyOf(xml, message, target);
  } finally {
    limit.release();
  }
}
