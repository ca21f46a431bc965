import type { HostEvent } from "../model/event.js";
import { absolute, defined } from "./audit-event.js";
import type { SensorCounts, SensorParser } from "./sensor.js";
import { parseStraceExec, parseStraceLine } from "./strace-line.js";
import type { StraceExec, StraceLine, StraceResult, StraceString } from "./strace-line.js";
import { programOf, StraceLineage } from "./strace-lineage.js";
import type { ProgramCell, TracedProcess } from "./strace-lineage.js";

/** A program start that was called, in the order of the log. */
interface Item {
  readonly process: TracedProcess;
  readonly position: number;
  readonly time: number;
  readonly stamp: string;
  readonly seen: number;
  readonly name: string;
  readonly exec: StraceExec;
  readonly lines: string[];
  /** What the parent ran at the call; undefined while the process has no place in the tree. */
  readonly parent: ProgramCell | null | undefined;
  /** What the caller ran before. */
  readonly before: ProgramCell;
  outcome: "waiting" | "started" | "refused" | "nothing";
  error: string | null;
}

const forks = new Set(["clone", "clone3", "fork", "vfork"]);

/** Milliseconds that a call may take to return, and a parent's clone after its child's exec, before that is given up. */
const WAIT_MS = 3000;
const MAXIMUM_ITEMS = 4096;

/**
 * Parses `strace -f -ttt -s N -e trace=execve,execveat,clone,clone3,fork,vfork -o FILE`, from the first line of the log:
 * the lineage of every process begins there. Read strace's own view with these limits in mind:
 *
 * - Image is the path given to execve when that is absolute, links not followed, and for a script the script and not its
 *   interpreter. A relative path is left out: the log has no current directory.
 * - ParentImage is known for parents that only forked too: they run what they were forked with. When the parent had ended
 *   before the exec, the process belongs to a reaper that the log does not tell: then it is absent.
 * - `ppid` is the process that made it, 0 when the log does not tell.
 * - CommandLine is absent when strace cut an argument; `original.truncated` then names the arguments that are cut.
 * - Process ids are those of strace's pid namespace; children of a pid namespace made below it cannot be placed in the tree.
 */
export class StraceParser implements SensorParser {
  readonly #host: string;
  readonly #lineage = new StraceLineage();
  readonly #items: Item[] = [];
  /** Calls that have not returned, by the id of the line. */
  readonly #execs = new Map<number, Item>();
  readonly #clones = new Map<number, string>();
  readonly #counts = { lines: 0, events: 0, malformed: 0, ignored: 0, foreign: 0, incomplete: 0 };

  constructor(host: string) {
    this.#host = host;
  }

  get pending(): number {
    return this.#items.length;
  }

  get waitingSince(): number | null {
    return this.#items[0]?.seen ?? null;
  }

  push(line: string, position: number, now: number): HostEvent[] {
    this.#counts.lines += 1;
    const parsed = parseStraceLine(line);
    if (parsed === null) {
      if (line.trim() !== "") this.#counts.malformed += 1;
      return [];
    }
    this.#take(parsed, line, position, now);
    return this.#release(now, -Infinity);
  }

  flush(now: number): HostEvent[] {
    return this.#release(now, now - WAIT_MS);
  }

  reset(): void {
    this.#counts.incomplete += this.#items.filter(({ outcome }) => outcome !== "nothing").length;
    this.#lineage.clear();
    this.#items.length = 0;
    this.#execs.clear();
    this.#clones.clear();
  }

  counts(): SensorCounts {
    return { ...this.#counts };
  }

  lost(_host: string): number {
    return this.#counts.incomplete;
  }

  #take(line: StraceLine, text: string, position: number, now: number): void {
    const id = line.pid;
    if (line.kind === "ended") {
      this.#abandon(id);
      this.#lineage.ended(id);
    } else if (line.kind === "superseded") {
      // only an exec that succeeds does that; its result is then written as `?`
      const item = this.#execs.get(line.by);
      if (item !== undefined) decide(item, { value: 0, error: null });
      this.#execs.delete(line.by);
      this.#lineage.ended(line.by);
    } else if (line.kind === "call" && forks.has(line.name)) {
      const caller = this.#lineage.of(id, line.stamp);
      if (line.result === null) this.#clones.set(id, line.text);
      else this.#forked(caller, line.text, line.result, line.stamp);
    } else if (line.kind === "call" && line.name.startsWith("execve")) {
      this.#called(line, text, position, now);
    } else if (line.kind === "resumed" && line.result !== null) {
      this.#resumed(id, line.name, line.text, line.result, text, line.stamp);
    } else this.#counts.ignored += 1;
  }

  #called(line: StraceLine & { kind: "call" }, text: string, position: number, now: number): void {
    const process = this.#lineage.of(line.pid, line.stamp);
    const exec = parseStraceExec(line.name, line.text);
    if (exec === null) {
      this.#counts.malformed += 1;
      this.#counts.incomplete += 1;
      return;
    }
    const { parent } = process;
    const item: Item = {
      process,
      position,
      time: line.time,
      stamp: line.stamp,
      seen: now,
      name: line.name,
      exec,
      lines: [text],
      parent: !process.linked ? undefined : parent === null || parent.ended ? null : parent.current,
      before: process.current,
      outcome: "waiting",
      error: null,
    };
    this.#items.push(item);
    if (line.result === null) this.#execs.set(line.pid, item);
    else decide(item, line.result);
  }

  #resumed(id: number, name: string, rest: string, result: StraceResult, text: string, stamp: string): void {
    if (forks.has(name)) {
      const begun = this.#clones.get(id);
      this.#clones.delete(id);
      if (begun !== undefined) this.#forked(this.#lineage.of(id, stamp), begun + rest, result, stamp);
      return;
    }
    const item = this.#execs.get(id);
    this.#execs.delete(id);
    if (item === undefined) return;
    item.lines.push(text);
    decide(item, result);
  }

  #forked(caller: TracedProcess, text: string, result: StraceResult, stamp: string): void {
    if (result.value === null || result.value <= 0) return;
    const kind = { thread: /\bCLONE_THREAD\b/.test(text), sibling: /\bCLONE_PARENT\b/.test(text) };
    this.#lineage.forked(caller, result.value, kind, stamp);
  }

  /** A process ended in the middle of a call. */
  #abandon(id: number): void {
    this.#clones.delete(id);
    const item = this.#execs.get(id);
    if (item !== undefined) item.outcome = "nothing";
    this.#execs.delete(id);
  }

  /** @param overdueSince calls that were seen by this moment are given up */
  #release(now: number, overdueSince: number): HostEvent[] {
    const events: HostEvent[] = [];
    for (let item = this.#items[0]; item !== undefined; item = this.#items[0]) {
      const overdue = item.seen <= overdueSince || this.#items.length > MAXIMUM_ITEMS;
      const certain =
        item.outcome === "nothing" || (item.outcome !== "waiting" && this.#lineage.isSettled(item.process));
      if (!certain && !overdue) break;
      this.#items.shift();
      if (item.outcome === "waiting") this.#counts.incomplete += 1;
      if (item.outcome !== "started" && item.outcome !== "refused") continue;
      this.#lineage.settle(item.process);
      events.push(this.#event(item, now));
    }
    this.#counts.events += events.length;
    return events;
  }

  #event(item: Item, now: number): HostEvent {
    const { process, exec } = item;
    const parent = programOf(item.parent === undefined ? process.parentAtBirth : item.parent);
    const parentKnown = item.parent !== null && process.parentPid !== 0;
    const name = exec.path === null || exec.path.truncated ? undefined : exec.path.bytes.toString("utf8");
    const common = defined({
      ProcessId: process.pid,
      ParentProcessId: parentKnown ? process.parentPid : undefined,
      ParentImage: parent?.image,
      ParentCommandLine: parent?.commandLine,
      syscall: item.name,
      name,
    });
    const base = {
      id: `${this.#host}/strace/${item.stamp}:${item.position}`,
      host: this.#host,
      sensor: "strace" as const,
      time: item.time,
      ingestedAt: now,
      sequence: item.position,
      session: this.#lineage.sessionOf(process),
      pid: process.pid,
      ppid: process.parentPid,
      error: item.error,
    };
    if (item.outcome === "refused") {
      const fields = defined({
        ...common,
        exe: programOf(item.before)?.image,
        TargetFilename: absolute(name, undefined),
      });
      return {
        ...base,
        kind: "exec-refused",
        logsource: { product: "linux" },
        argv: [],
        fields,
        original: { lines: item.lines },
      };
    }
    return {
      ...base,
      kind: "exec",
      logsource: { product: "linux", category: "process_creation" },
      argv: exec.argv?.map(textOf) ?? [],
      fields: defined({ ...common, Image: imageOf(exec), CommandLine: commandLineOf(exec) }),
      original: { lines: item.lines, ...notes(exec) },
    };
  }
}

/** Sets what became of a call, and what its process runs from now on. */
function decide(item: Item, result: StraceResult): void {
  if (result.value === 0) {
    item.outcome = "started";
    const program = { image: imageOf(item.exec), commandLine: commandLineOf(item.exec) };
    item.process.current = { program, inherited: null };
  } else if (result.error === "EACCES" || result.error === "EPERM") {
    item.outcome = "refused";
    item.error = result.error;
  } else item.outcome = "nothing";
}

function textOf(string: StraceString): string {
  return string.bytes.toString("utf8");
}

function imageOf({ path }: StraceExec): string | undefined {
  return path === null || path.truncated || path.bytes[0] !== 0x2f ? undefined : textOf(path);
}

function commandLineOf({ argv, vectorTruncated }: StraceExec): string | undefined {
  if (argv === null || vectorTruncated || argv.some(({ truncated }) => truncated)) return undefined;
  return argv.map(textOf).join(" ");
}

/** What the arguments hide: cut ones, a cut vector, arguments that could not be read, and those that are not UTF-8. */
function notes({ argv, vectorTruncated }: StraceExec): Record<string, unknown> {
  if (argv === null) return { unreadable: true };
  const indexes = (holds: (string: StraceString) => boolean): number[] =>
    argv.flatMap((string, index) => (holds(string) ? [index] : []));
  const truncated = indexes((string) => string.truncated);
  const invalidUtf8 = indexes(({ bytes }) => !Buffer.from(bytes.toString("utf8"), "utf8").equals(bytes));
  return {
    ...(truncated.length > 0 || vectorTruncated ? { truncated, vectorTruncated } : {}),
    ...(invalidUtf8.length > 0 ? { invalidUtf8 } : {}),
  };
}
