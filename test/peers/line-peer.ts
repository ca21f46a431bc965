import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { afterEach } from "vitest";

/** Milliseconds that a peer lives at most; it is killed then, and the next answer is an error. */
const LIFE = 60_000;

/** A program that answers one line with one line. */
export class LinePeer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #errors = "";

  constructor(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(program, args, { env: { ...process.env, ...environment }, timeout: LIFE });
    this.#child.stderr.on("data", (chunk: Buffer) => (this.#errors += chunk.toString()));
    this.#child.stdin.on("error", () => {});
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ask(line: string): Promise<string> {
    this.#child.stdin.write(`${line}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the peer ended: ${this.#errors}`);
    return value;
  }

  /** Ends it, and returns when it has ended. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.stdin.end();
    this.#child.kill();
    await ended;
  }
}

export type StartPeer = (...parameters: ConstructorParameters<typeof LinePeer>) => LinePeer;

/** Starts peers that are ended after the test that started them. */
export function peersOfTest(): StartPeer {
  let peers: LinePeer[] = [];
  afterEach(async () => {
    await Promise.all(peers.map((peer) => peer.end()));
    peers = [];
  });
  return (...parameters) => {
    const peer = new LinePeer(...parameters);
    peers.push(peer);
    return peer;
  };
}
