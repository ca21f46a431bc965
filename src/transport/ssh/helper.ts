import type { ClientChannel } from "ssh2";
import { Latch, anyOpen } from "../abort.js";

/** A process of the connection: what the server has started for one of its channels. */
export interface ChannelProcess {
  /** Also the id of its process group and session. */
  readonly pid: number;
  /** Clock ticks since the target's start, on a Mac the digits of a date; with the pid it names a process for good. */
  readonly startTicks: number;
}

/** Milliseconds until an answer of the helper is given up. */
const ANSWER_TIMEOUT = 3_000;

/*
 * What the helper runs, for /bin/sh; every answer ends with a line ".". `scan` gives `look` of every process $1 pid, $2 state,
 * $3 parent, $4 group, $5 session and $6 its start. On Linux it reads /proc/PID/stat, without starting a process (the name in
 * parentheses, which may hold anything, is cut off). Elsewhere it asks `ps`, as macOS and the BSDs have it: a session is told there
 * by its leader only, which leads a group of the same number, and the start is a date of which the digits are taken, in seconds. It
 * must hold no single quote, no exclamation mark and no line feed, so that every login shell passes it on.
 *   L      lists the session leaders among the children of the process that serves the connection, but for itself
 *   T P S  sends TERM to the group of process P if it still is the one that started at S
 *   K P    sends KILL to group P
 *   A P    lists the live members of group P
 */
const script = [
  `look() { case "$verb" in`,
  `L) [ "$1" = "$$" ] || { [ "$3" = "$PPID" ] && [ "$5" = "$1" ] && echo "$1 $6"; };;`,
  `T) [ "$1" = "$p" ] && [ "$6" = "$s" ] && kill -s TERM -- "-$p" 2>/dev/null;;`,
  `A) [ "$4" = "$p" ] && case "$2" in Z*|X*) ;; *) echo "$1 $6";; esac;;`,
  `esac; };`,
  `scan() { if [ -r /proc/self/stat ]; then`,
  `for e in /proc/[0-9]*; do { IFS= read -r l <"$e/stat"; } 2>/dev/null || continue;`,
  `set -- "\${e#/proc/}" \${l##*) }; look "$1" "$2" "$3" "$4" "$5" "\${21}"; done;`,
  `else LC_ALL=C ps -axo pid=,state=,ppid=,pgid=,lstart= | while read -r i z q g w m d t y; do`,
  `case $m in Jan) m=01;; Feb) m=02;; Mar) m=03;; Apr) m=04;; May) m=05;; Jun) m=06;; Jul) m=07;; Aug) m=08;; Sep) m=09;;`,
  `Oct) m=10;; Nov) m=11;; Dec) m=12;; esac; case $d in ?) d=0$d;; esac; x=\${t#*:};`,
  `look "$i" "$z" "$q" "$g" "$g" "$y$m$d\${t%%:*}\${x%:*}\${t##*:}"; done; fi; };`,
  `while read -r verb p s; do case "$verb" in K) kill -s KILL -- "-$p" 2>/dev/null;; *) scan;; esac; echo .; done`,
].join(" ");

/** The command line of the helper. `exec` keeps it a child of the process that serves the connection. */
export const HELPER_COMMAND = `exec /bin/sh -c '${script}'`;

/** Asks a shell on the target about the processes of this connection, and signals them. One question at a time. */
export class ProcessHelper {
  readonly #channel: ClientChannel;
  readonly #closed = new Latch();
  #text = "";
  #answered = new Latch();

  constructor(channel: ClientChannel) {
    this.#channel = channel;
    channel.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString("latin1");
      if (this.#text.endsWith(".\n")) this.#answered.open();
    });
    channel.stderr.resume();
    channel.once("close", () => this.#closed.open());
  }

  /** The processes of the connection's channels in the order in which they were started; null when it cannot be told. */
  async list(): Promise<readonly ChannelProcess[] | null> {
    const found = await this.#ask("L");
    return found?.toSorted((one, other) => one.startTicks - other.startTicks || one.pid - other.pid) ?? null;
  }

  /** Sends TERM to the process's group, if it still is that process. */
  async terminate({ pid, startTicks }: ChannelProcess): Promise<void> {
    await this.#ask(`T ${pid} ${startTicks}`);
  }

  async kill({ pid }: ChannelProcess): Promise<void> {
    await this.#ask(`K ${pid}`);
  }

  /** Whether the process's group has no live member; null when it cannot be told. */
  async isGone({ pid }: ChannelProcess): Promise<boolean | null> {
    const members = await this.#ask(`A ${pid}`);
    return members === null ? null : members.length === 0;
  }

  close(): void {
    this.#channel.end();
    this.#channel.close();
  }

  async #ask(question: string): Promise<ChannelProcess[] | null> {
    if (this.#closed.isOpen) return null;
    this.#text = "";
    this.#answered = new Latch();
    this.#channel.write(`${question}\n`);
    await anyOpen([this.#answered, this.#closed], ANSWER_TIMEOUT);
    if (!this.#answered.isOpen) {
      // A late answer would be taken for that to the next question.
      this.#closed.open();
      this.#channel.close();
      return null;
    }
    return parse(this.#text);
  }
}

function parse(text: string): ChannelProcess[] | null {
  const lines = text.split("\n").slice(0, -2);
  const found = lines.map((line) => {
    const match = /^([1-9]\d{0,9}) (\d{1,19})$/.exec(line);
    return match === null ? null : { pid: Number(match[1]), startTicks: Number(match[2]) };
  });
  return found.every((process) => process !== null && process.pid > 1)
    ? found.filter((process) => process !== null)
    : null;
}
