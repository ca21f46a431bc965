import { TyrianError } from "../errors.js";
import type { Target } from "../model/target.js";
import { limited, orAborted } from "./abort.js";
import type { ConnectOptions, Session, Transport } from "./transport.js";

export interface SessionPoolOptions {
  /**
   * Run once for each new connection, before anybody gets it; the engine checks the lab token here. When it rejects, the
   * session is closed and all who wait for it get that error.
   */
  readonly onConnect?: (
    session: Session,
    target: Target,
    options: { readonly signal: AbortSignal },
  ) => Promise<void>;
}

/** A connection that is being made, for all who wait for it. */
interface Connecting {
  readonly session: Promise<Session>;
  readonly controller: AbortController;
  /** When it is given up, by `performance.now()`. */
  readonly until: number;
  waiting: number;
}

/**
 * One connection a target, shared by all who ask for it, made when it is first wanted and again after it was lost. Sessions
 * belong to the pool: nobody else closes them.
 */
export class SessionPool {
  readonly #transportOf: (target: Target) => Transport;
  readonly #options: SessionPoolOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #connecting = new Map<string, Connecting>();
  #closed = false;

  /** @param transport one for all targets, or the function that chooses by target */
  constructor(transport: Transport | ((target: Target) => Transport), options: SessionPoolOptions = {}) {
    this.#transportOf = typeof transport === "function" ? transport : () => transport;
    this.#options = options;
  }

  /**
   * An open session to the target. Who gives up (signal, deadline) does not end the connecting for others; when nobody waits
   * any more, it is ended.
   * @throws TyrianError what connecting or `onConnect` throws, `connect-failed` after the deadline or when the pool was
   *   closed; an aborted signal rejects with its reason.
   */
  async acquire(target: Target, { signal, deadlineMs }: ConnectOptions): Promise<Session> {
    const until = performance.now() + deadlineMs;
    // A little longer, so that the transport's own error, which says how far it came, is the one that is seen.
    const limit = limited([signal], deadlineMs + 100, () => {
      return new TyrianError("connect-failed", `No session to ${target.name} within ${deadlineMs} ms.`);
    });
    try {
      for (;;) {
        if (this.#closed) throw closedError(target);
        limit.signal.throwIfAborted();
        const key = keyOf(target);
        const present = this.#sessions.get(key);
        if (present?.open === true) return present;
        const joined = this.#connecting.get(key);
        const connecting = joined ?? this.#connect(key, target, until);
        connecting.waiting += 1;
        try {
          return await orAborted(connecting.session, limit.signal);
        } catch (thrown) {
          // Whoever began had less time than we have: that attempt's end is not ours.
          const again =
            joined !== undefined && joined.until < until && !limit.signal.aborted && !this.#closed;
          if (!again) throw thrown;
        } finally {
          connecting.waiting -= 1;
          if (connecting.waiting === 0) this.#abandon(key, connecting);
        }
      }
    } finally {
      limit.release();
    }
  }

  /** Closes the session to the target, if there is one: the next to ask gets a new connection, with a login session of its own. */
  async renew(target: Target): Promise<void> {
    const key = keyOf(target);
    const present = this.#sessions.get(key);
    this.#sessions.delete(key);
    await present?.close();
  }

  /** Closes all sessions and ends what is being connected. Later calls of `acquire` are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    const connecting = [...this.#connecting.values()];
    for (const { controller } of connecting)
      controller.abort(new TyrianError("connect-failed", "The pool was closed."));
    await Promise.allSettled(connecting.map(({ session }) => session));
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.allSettled(sessions.map((session) => session.close()));
  }

  #connect(key: string, target: Target, until: number): Connecting {
    const controller = new AbortController();
    const stale = this.#sessions.get(key);
    this.#sessions.delete(key);
    const session = this.#make(target, controller.signal, until, stale).then(
      async (made) => {
        if (this.#connecting.get(key) !== connecting || this.#closed) {
          await made.close();
          throw closedError(target);
        }
        this.#connecting.delete(key);
        this.#sessions.set(key, made);
        return made;
      },
      (thrown: unknown) => {
        if (this.#connecting.get(key) === connecting) this.#connecting.delete(key);
        throw thrown;
      },
    );
    // Those who wait see the error; without any left it must not end the process.
    session.catch(() => {});
    const connecting: Connecting = { session, controller, until, waiting: 0 };
    this.#connecting.set(key, connecting);
    return connecting;
  }

  /** Ends an attempt that nobody waits for; whoever comes later begins anew. */
  #abandon(key: string, connecting: Connecting): void {
    if (this.#connecting.get(key) !== connecting) return;
    this.#connecting.delete(key);
    connecting.controller.abort(new TyrianError("connect-failed", "Nobody waits for the session any more."));
  }

  async #make(
    target: Target,
    outer: AbortSignal,
    until: number,
    stale: Session | undefined,
  ): Promise<Session> {
    await stale?.close();
    const deadlineMs = Math.max(0, Math.round(until - performance.now()));
    const limit = limited([outer], deadlineMs, () => {
      return new TyrianError("connect-failed", `${target.name} was not checked within ${deadlineMs} ms.`);
    });
    try {
      const session = await this.#transportOf(target).connect(target, { signal: outer, deadlineMs });
      try {
        if (this.#options.onConnect !== undefined) {
          await orAborted(this.#options.onConnect(session, target, { signal: limit.signal }), limit.signal);
        }
        if (!session.open) {
          throw new TyrianError(
            "disconnected",
            `The connection to ${target.name} was lost while it was being checked.`,
          );
        }
        return session;
      } catch (thrown) {
        await session.close();
        throw thrown;
      }
    } finally {
      limit.release();
    }
  }
}

function closedError(target: Target): TyrianError {
  return new TyrianError("connect-failed", `No session to ${target.name}: the pool was closed.`);
}

/** Targets are the same when name and settings are: a changed inventory must not get the old host's session. */
function keyOf(target: Target): string {
  return JSON.stringify([target.name, target.transport]);
}
