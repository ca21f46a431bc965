/** A program start, as far as a child's event needs it. */
export interface KnownProcess {
  /** Order of the start on its host; later is larger. */
  readonly sequence: number;
  readonly session: string | null;
  readonly image: string | undefined;
  readonly commandLine: string | undefined;
}

/** Starts that are kept for one process id: a shell that replaces itself a few times keeps its history. */
const STARTS_PER_PROCESS = 4;

/**
 * Which program a process id stood for, and when. Process ids are reused, so a parent is the latest start of its id
 * before the child's, and only within the child's login session (or outside all of them, as sshd is). A process that
 * only forked is not in the table: its children have no known parent.
 */
export class ProcessTable {
  readonly #starts = new Map<string, KnownProcess[]>();
  readonly #maximum: number;
  readonly #maximumCharacters: number;
  #characters = 0;

  /** @param maximum processes kept; @param maximumCharacters of their command lines; the oldest are forgotten */
  constructor(maximum = 20_000, maximumCharacters = 32_000_000) {
    this.#maximum = maximum;
    this.#maximumCharacters = maximumCharacters;
  }

  get size(): number {
    return this.#starts.size;
  }

  add(host: string, pid: number, process: KnownProcess): void {
    const key = keyOf(host, pid);
    const starts = this.#starts.get(key) ?? [];
    // deleted and set again, so that the map's order is that of the latest start
    this.#starts.delete(key);
    this.#starts.set(key, starts);
    let at = starts.length;
    while (at > 0 && (starts[at - 1] as KnownProcess).sequence > process.sequence) at -= 1;
    starts.splice(at, 0, process);
    this.#characters += sizeOf(process);
    if (starts.length > STARTS_PER_PROCESS) this.#characters -= sizeOf(starts.shift() as KnownProcess);
    this.#evict();
  }

  /** The program of process `pid` at the moment `sequence`, or null when it is not known. */
  at(host: string, pid: number, sequence: number, session: string | null): KnownProcess | null {
    const latest = this.#starts.get(keyOf(host, pid))?.findLast((start) => start.sequence < sequence);
    if (latest === undefined) return null;
    return latest.session === null || latest.session === session ? latest : null;
  }

  clear(): void {
    this.#starts.clear();
    this.#characters = 0;
  }

  /** A tenth more than has to go: a map is slow to find its oldest entry, so that it is not asked for one at a time. */
  #evict(): void {
    if (this.#isWithin(1)) return;
    for (const [key, starts] of this.#starts) {
      if (this.#isWithin(0.9)) return;
      for (const start of starts) this.#characters -= sizeOf(start);
      this.#starts.delete(key);
    }
  }

  #isWithin(share: number): boolean {
    return this.#starts.size <= this.#maximum * share && this.#characters <= this.#maximumCharacters * share;
  }
}

function keyOf(host: string, pid: number): string {
  return `${pid} ${host}`;
}

function sizeOf(process: KnownProcess): number {
  return (process.image?.length ?? 0) + (process.commandLine?.length ?? 0);
}
