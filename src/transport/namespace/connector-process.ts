import { spawn, type ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { TyrianError } from "../../errors.js";
import { anyOpen, Latch, limited, reasonOf } from "../abort.js";
import { refusedBy } from "../tcp.js";
import { connectorProgram } from "./connector.js";

/** Milliseconds that the connector has to end after its channel was closed, before it is killed. */
const ENDING = 1_000;

/** Milliseconds that are waited for the rest of what an ended connector has said. */
const LAST_WORDS = 200;

interface Answer {
  readonly id: number;
  /** An errno name or a message; null when it worked. */
  readonly code: string | null;
}

/** The connector of one namespace. Started by the constructor; once `ended`, it stays so. */
export class ConnectorProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (code: string | null, socket: Socket | null) => void>();
  readonly #ended = new Latch();
  #errorOutput = "";
  #failure: TyrianError | null = null;
  #lastId = 0;
  #unreachable = false;
  /** Whether it has ever answered. */
  hasWorked = false;

  /** @param enter the arguments of nsenter that choose the namespaces */
  constructor(enter: readonly string[]) {
    const child = spawn("nsenter", [...enter, "--", process.execPath, "-e", connectorProgram], {
      // Out of reach of the terminal's interrupt: clean-ups still need connections then.
      detached: true,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      // Nothing of ours is needed there, and nothing secret should be.
      env: process.env["PATH"] === undefined ? {} : { PATH: process.env["PATH"] },
      cwd: "/",
    });
    this.#child = child;
    child.on("message", (message: unknown, handle: unknown) => this.#onAnswer(message, handle));
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#errorOutput = (this.#errorOutput + chunk.toString("utf8")).slice(0, 2_000);
    });
    child.once("error", (error: NodeJS.ErrnoException) => this.#end(this.#startFailure(error)));
    // Not `close`: Node does not emit it after a disconnect that this side began.
    child.once("exit", (code, signal) => {
      const end = (): void => this.#end(this.#endFailure(code, signal));
      if (child.stderr?.readableEnded !== false) return end();
      child.stderr.once("end", end);
      setTimeout(end, LAST_WORDS);
    });
    child.once("disconnect", () => void this.close());
    // An idle connector must not keep this process alive; who waits for a connection has a timer that does.
    child.unref();
    child.channel?.unref();
    if (child.stderr instanceof Socket) child.stderr.unref();
  }

  get ended(): boolean {
    return this.#ended.isOpen || this.#unreachable || !this.#child.connected;
  }

  /**
   * Opens a TCP connection inside the namespace.
   * @throws TyrianError `connect-failed`, `requirement-missing`; an aborted signal rejects with its reason.
   */
  async open(host: string, port: number, timeoutMs: number, outer: AbortSignal): Promise<Socket> {
    this.#lastId += 1;
    const id = this.#lastId;
    const limit = limited([outer], timeoutMs, () => refusedBy(host, port, "ETIMEDOUT"));
    const { signal } = limit;
    try {
      return await new Promise((resolve, reject) => {
        const onAbort = (): void => reject(reasonOf(signal));
        if (signal.aborted) return onAbort();
        signal.addEventListener("abort", onAbort, { once: true });
        this.#waiting.set(id, (code, socket) => {
          // A socket that comes too late has no owner.
          if (signal.aborted) socket?.destroy();
          if (this.#failure !== null) return reject(this.#failure);
          if (code !== null) return reject(refusedBy(host, port, code));
          if (socket === null) return reject(refusedBy(host, port, "the connector lost the socket"));
          resolve(socket);
        });
        if (this.ended) return this.#settle(id, "the connector has ended", null);
        this.#child.send({ id, host, port, timeoutMs }, (error) => {
          if (error === null) return;
          this.#unreachable = true;
          this.#settle(id, `the connector cannot be reached: ${error.message}`, null);
        });
      });
    } finally {
      limit.release();
    }
  }

  async close(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    if (this.#ended.isOpen) return;
    this.#child.ref();
    if (!(await anyOpen([this.#ended], ENDING))) {
      this.#child.kill("SIGKILL");
      await anyOpen([this.#ended], ENDING);
    }
  }

  #onAnswer(message: unknown, handle: unknown): void {
    const socket = handle instanceof Socket ? handle : null;
    socket?.on("error", () => {});
    this.hasWorked = true;
    if (!isAnswer(message) || !this.#waiting.has(message.id)) {
      socket?.destroy();
      return;
    }
    this.#settle(message.id, message.code, socket);
  }

  #settle(id: number, code: string | null, socket: Socket | null): void {
    const settle = this.#waiting.get(id);
    this.#waiting.delete(id);
    settle?.(code, socket);
  }

  #end(failure: TyrianError): void {
    if (this.#ended.isOpen) return;
    this.#failure = failure;
    this.#ended.open();
    for (const id of this.#waiting.keys()) this.#settle(id, failure.message, null);
  }

  #startFailure(error: NodeJS.ErrnoException): TyrianError {
    if (error.code !== "ENOENT") {
      return new TyrianError("connect-failed", `The connector could not be started: ${error.message}.`, {
        cause: error,
      });
    }
    return new TyrianError(
      "requirement-missing",
      "nsenter is not installed; it opens connections in network namespaces.",
      {
        cause: error,
        hint: "apt-get install util-linux",
      },
    );
  }

  #endFailure(code: number | null, signal: string | null): TyrianError {
    const said = this.#errorOutput.trim().split("\n")[0] ?? "";
    const how = said !== "" ? said : signal !== null ? `ended by ${signal}` : `ended with status ${code}`;
    return new TyrianError("connect-failed", `The connector in the network namespace failed: ${how}.`, {
      hint: "Is the lab up, and does this user own its namespaces? `tyrian lab status` tells.",
    });
  }
}

function isAnswer(message: unknown): message is Answer {
  if (typeof message !== "object" || message === null || !("id" in message) || !("code" in message))
    return false;
  return typeof message.id === "number" && (message.code === null || typeof message.code === "string");
}
