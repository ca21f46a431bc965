import { PassThrough } from "node:stream";
import { TyrianError } from "../errors.js";
import type { Session } from "../transport/transport.js";
import type { Housekept } from "./host-scripts.js";
import { freshNonce } from "./nonce.js";
import { StatusReader, statusOf } from "./status-lines.js";

/** Milliseconds that one shell serves, so that none is there for ever. */
const SERVES_MS = 30 * 60_000;

/**
 * One shell of a session that runs our own scripts one after another, because a new channel costs as much as a script. Each
 * script has a shell of its own, which reads it as a here-document: whatever is wrong in it ends with it. Acts and
 * what procedures print do not pass here. The shell ends with its session, or when another command needs its place.
 */
class HousekeepingShell {
  readonly #input = new PassThrough();
  readonly #stop = new AbortController();
  readonly #ended: Promise<unknown>;
  #reader: StatusReader | null = null;
  #onReport: () => void = () => undefined;
  /** Whether scripts can still be given to it. */
  open = true;

  constructor(session: Session) {
    this.#ended = session
      .exec("/bin/sh", {
        stdin: this.#input,
        yields: true,
        signal: this.#stop.signal,
        deadlineMs: SERVES_MS,
        onOutput: (stream, chunk) => {
          if (stream !== "stderr") return;
          this.#reader?.push(chunk);
          this.#onReport();
        },
      })
      .catch(() => undefined)
      .finally(() => (this.open = false));
  }

  /** One at a time. */
  async run(script: string, nonce: string, deadlineMs: number): Promise<Housekept> {
    const reader = new StatusReader(nonce);
    this.#reader = reader;
    let timer: NodeJS.Timeout | undefined;
    const finished = new Promise<Housekept["ending"]>((resolve) => {
      this.#onReport = () => {
        if (statusOf(reader.statuses, "script-ended") !== null) resolve("exited");
      };
      void this.#ended.then(() => resolve("disconnected"));
      timer = setTimeout(() => resolve("deadline"), deadlineMs);
    });
    this.#input.write(
      `/bin/sh <<'${nonce}'\n${script}\n${nonce}\nprintf '\\n%s script-ended %s\\n' ${nonce} $? >&2\n`,
    );
    const ending = await finished;
    clearTimeout(timer);
    this.#reader = null;
    if (ending === "deadline") {
      this.open = false;
      this.#stop.abort(new TyrianError("deadline-exceeded", "a housekeeping script took too long"));
      await this.#ended;
    }
    return { statuses: reader.statuses, ending };
  }
}

/** What each session has; it goes with its session. */
const shells = new WeakMap<Session, { shell: HousekeepingShell; last: Promise<unknown> }>();

/**
 * Runs one of our own scripts, which prints nothing but its reports, after those that were given before it.
 * @param scriptOf makes the script, whose reports are led by the nonce
 * @param deadlineMs from its own start
 * @throws TyrianError `disconnected` when the session was lost before.
 */
export async function keepHouse(
  session: Session,
  scriptOf: (nonce: string) => string,
  deadlineMs: number,
): Promise<Housekept> {
  if (!session.remote) return await alone(session, scriptOf, deadlineMs);
  const kept = shells.get(session);
  const shell = kept?.shell.open === true ? kept.shell : new HousekeepingShell(session);
  const run = async (): Promise<Housekept> => {
    const nonce = freshNonce();
    return await shell.run(scriptOf(nonce), nonce, deadlineMs);
  };
  const turn = (kept?.last ?? Promise.resolve()).then(run, run);
  shells.set(session, { shell, last: turn });
  return await turn;
}

/** Where a command costs nothing but itself. */
async function alone(
  session: Session,
  scriptOf: (nonce: string) => string,
  deadlineMs: number,
): Promise<Housekept> {
  const nonce = freshNonce();
  const reader = new StatusReader(nonce);
  const { ending } = await session.exec("/bin/sh", {
    stdin: scriptOf(nonce),
    deadlineMs,
    // As it arrives: what is complained of beside the reports may be more than the result keeps.
    onOutput: (stream, chunk) => {
      if (stream === "stderr") reader.push(chunk);
    },
  });
  return { statuses: reader.statuses, ending };
}
