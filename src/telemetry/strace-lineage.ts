/** A program that a process runs. */
export interface Program {
  /** Absolute path as given to execve; undefined when it is not known. */
  readonly image: string | undefined;
  /** Undefined when the log has its arguments only in part. */
  readonly commandLine: string | undefined;
}

/**
 * What a process runs between two moments: a program of its own, or whatever its parent ran when it was forked. That may
 * become known later than the fork itself, so it is a link and not a copy.
 */
export interface ProgramCell {
  program: Program | null;
  inherited: ProgramCell | null;
}

/** One process of the traced tree. */
export interface TracedProcess {
  readonly pid: number;
  /** Time of its first line, as written. */
  readonly firstLine: string;
  /** Null for the first process of the log, and for one whose beginning is not (yet) in the log. */
  parent: TracedProcess | null;
  /** Id of the parent; 0 when it has none or none is known. Stays when the parent is forgotten. */
  parentPid: number;
  /** Whether `parent` is final. */
  linked: boolean;
  ended: boolean;
  /** What it began with: what its parent ran at the fork. */
  readonly birth: ProgramCell;
  current: ProgramCell;
  /** What its parent ran when this process began; null while that is not known. */
  parentAtBirth: ProgramCell | null;
  /** Undefined until it is known; null when there is none. */
  session: string | null | undefined;
}

/** How a clone was made: a thread is no process, a sibling (CLONE_PARENT) has its caller's parent. */
export interface CloneKind {
  readonly thread: boolean;
  readonly sibling: boolean;
}

/**
 * The tree of processes of one strace log. A child's first line may come before the line in which its parent's clone
 * returns, even after the child has ended; such a process stays unlinked until then.
 *
 * A session is everything below one child of the first process (for `sshd -D`: one connection). It is called
 * `<pid>@<time of its first line>`, because process ids are reused.
 */
export class StraceLineage {
  readonly #processes = new Map<number, TracedProcess>();
  /** Threads by their own id, with the id of their process. */
  readonly #threads = new Map<number, number>();
  #root: TracedProcess | null = null;

  get size(): number {
    return this.#processes.size;
  }

  /** The process that a line's id stands for; a new, unlinked one when it was not met before. */
  of(id: number, stamp: string): TracedProcess {
    const pid = this.#threads.get(id) ?? id;
    const known = this.#processes.get(pid);
    return known !== undefined && !known.ended ? known : this.#begin(pid, stamp);
  }

  /** A fork, vfork or clone of `caller` returned `id`. */
  forked(caller: TracedProcess, id: number, kind: CloneKind, stamp: string): void {
    const met = this.#processes.get(id);
    const early = met !== undefined && !met.linked ? met : null;
    if (kind.thread) {
      this.#threads.set(id, caller.pid);
      // lines of the thread that came first were taken for a process; it is in its process's place in the tree
      if (early !== null) link(early, caller.parent, this.#root);
      this.#processes.delete(id);
      return;
    }
    this.#threads.delete(id);
    const child = early ?? this.#begin(id, stamp);
    link(child, kind.sibling ? caller.parent : caller, this.#root);
    if (child.ended) this.#processes.delete(id);
  }

  /** The process and its ancestors have got their place in the tree. */
  isSettled(process: TracedProcess): boolean {
    for (let at: TracedProcess | null = process; at !== null; at = at.parent) {
      if (!at.linked) return false;
      if (at.session !== undefined) return true;
    }
    return true;
  }

  /** Gives up waiting for the lines that would tell its place in the tree. */
  settle(process: TracedProcess): void {
    for (let at: TracedProcess | null = process; at !== null; at = at.parent) {
      if (at.linked) continue;
      link(at, null, this.#root);
      if (at.ended) this.#processes.delete(at.pid);
    }
  }

  /** The session of a settled process. */
  sessionOf(process: TracedProcess): string | null {
    if (process.session === undefined) {
      const { parent } = process;
      if (parent === null) process.session = null;
      else if (parent === this.#root) process.session = `${process.pid}@${process.firstLine}`;
      else process.session = this.sessionOf(parent);
    }
    return process.session;
  }

  ended(id: number): void {
    if (this.#threads.delete(id)) return;
    const process = this.#processes.get(id);
    if (process === undefined) return;
    process.ended = true;
    // an unlinked one is still needed: its parent's clone has not returned yet
    if (!process.linked) return;
    this.#processes.delete(id);
    if (this.isSettled(process)) {
      this.sessionOf(process);
      // the chain of dead ancestors is of no more use
      process.parent = null;
    }
  }

  clear(): void {
    this.#processes.clear();
    this.#threads.clear();
    this.#root = null;
  }

  #begin(pid: number, stamp: string): TracedProcess {
    const birth: ProgramCell = { program: null, inherited: null };
    const process: TracedProcess = {
      pid,
      firstLine: stamp,
      parent: null,
      parentPid: 0,
      linked: false,
      ended: false,
      birth,
      current: birth,
      parentAtBirth: null,
      session: undefined,
    };
    if (this.#root === null) {
      this.#root = process;
      process.linked = true;
      process.session = null;
    }
    this.#processes.set(pid, process);
    return process;
  }
}

/** The program of a cell; null when it is not known. */
export function programOf(cell: ProgramCell | null): Program | null {
  if (cell === null) return null;
  if (cell.program === null && cell.inherited !== null) {
    cell.program = programOf(cell.inherited);
    if (cell.program !== null) cell.inherited = null;
  }
  return cell.program;
}

function link(process: TracedProcess, parent: TracedProcess | null, root: TracedProcess | null): void {
  process.linked = true;
  process.parent = parent;
  if (parent === null) return;
  process.parentPid = parent.pid;
  process.parentAtBirth = parent.current;
  process.birth.inherited = parent.current;
  if (parent !== root && parent.session !== undefined) process.session = parent.session;
}
