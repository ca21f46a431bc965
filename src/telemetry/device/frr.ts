import { SENTINEL_WORD } from "../../model/event.js";
import type { DeviceLine } from "./logged-command.js";

/**
 * A line of `log commands` (lib/vty.c, vty_command): the daemon's name, a message id since FRR 8, `vty[N]@` with the client's address
 * where it came over TCP, the prompt, the command. N is the daemon's file descriptor: it is one connection's as long as that is open.
 */
const COMMAND =
  /^(?:\S+ )?([A-Z0-9_]+): (?:\[[0-9A-Z]{5}-[0-9A-Z]{5}\] )?(?:\[EC \d+\] )?vty\[(\d+)\]@([^>#(\s]*)(?:\(([\w-]+)\))?([>#]) (.*)$/;
/** The same through syslog: the tag is the daemon's in small letters. */
const BY_SYSLOG =
  /^\S+ ([a-z0-9]+)(?:\[\d+\])?: (?:\[[0-9A-Z]{5}-[0-9A-Z]{5}\] )?(?:\[EC \d+\] )?vty\[(\d+)\]@([^>#(\s]*)(?:\(([\w-]+)\))?([>#]) (.*)$/;
const ANY_MESSAGE = /^(?:\S+ )?[A-Za-z0-9_]+(?:\[\d+\])?: /;

/** A sentinel's word behind the command that every daemon is sent with its argument. */
const SENTINEL = new RegExp(String.raw`^(?:do )?show (?:thread|event) cpu (${SENTINEL_WORD}\.\S+)$`);

/** Sentinels that are remembered; every daemon has logged one within a second. */
const SENTINELS_KEPT = 1_000;

/**
 * The command logs of FRRouting's daemons, in one file or through syslog. vtysh has a connection of its own to each daemon, and
 * sends a command to those that it concerns. Which connections belong to one vtysh the log does not say; a sentinel goes to all of
 * them with its argument, so from then on it is known. What was typed before, or by another vtysh, keeps the session of its own
 * daemon.
 *
 * A new connection begins with `enable` at the prompt `>`: then the number that may have been another's before is a new session.
 */
export class FrrLogReader {
  /** Connections by daemon and number: how often that number was given, and the session that it belongs to. */
  readonly #connections = new Map<string, { readonly count: number; readonly session: string }>();
  /** The session of each sentinel, by its word. */
  readonly #sentinels = new Map<string, string>();

  read(rest: string, time: number): DeviceLine {
    const match = COMMAND.exec(rest) ?? BY_SYSLOG.exec(rest);
    if (match === null) return ANY_MESSAGE.test(rest) ? "other" : null;
    const [, name = "", number = "", address = "", mode, end, typed = ""] = match;
    const daemon = name.toLowerCase();
    const command = typed.trim();
    if (command === "") return "other";
    const connection = `${daemon}/vty${number}`;
    if (end === ">" && command === "enable") this.#opened(connection);
    const word = SENTINEL.exec(command)?.[1];
    if (word !== undefined && this.#isRepeated(connection, word)) return "copy";
    return {
      time,
      command,
      terminal: `vty${number}`,
      ...(address === "" ? {} : { address }),
      ...(mode === undefined ? {} : { mode }),
      daemon,
      session: this.#sessionOf(connection),
    };
  }

  #opened(connection: string): void {
    const count = (this.#connections.get(connection)?.count ?? 0) + 1;
    this.#connections.set(connection, { count, session: `${connection}#${String(count)}` });
  }

  #sessionOf(connection: string): string {
    const known = this.#connections.get(connection);
    if (known !== undefined) return known.session;
    const session = `${connection}#0`;
    this.#connections.set(connection, { count: 0, session });
    return session;
  }

  /** Whether another daemon has logged this very sentinel: then its connection and this one are the same vtysh's. */
  #isRepeated(connection: string, word: string): boolean {
    const session = this.#sentinels.get(word);
    const own = this.#sessionOf(connection);
    if (session === undefined) {
      this.#sentinels.set(word, own);
      if (this.#sentinels.size > SENTINELS_KEPT) {
        this.#sentinels.delete(this.#sentinels.keys().next().value as string);
      }
      return false;
    }
    const [first = ""] = session.split("/");
    const [daemon = ""] = connection.split("/");
    // The same daemon again, or a connection that is known to be another's: somebody else says the same words.
    if (first === daemon || (own !== session && !own.startsWith(`${daemon}/`))) return false;
    this.#connections.set(connection, { count: this.#connections.get(connection)?.count ?? 0, session });
    return true;
  }
}
