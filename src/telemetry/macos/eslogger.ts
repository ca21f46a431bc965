import type { HostEvent } from "../../model/event.js";
import { defined } from "../audit-event.js";
import type { SensorCounts, SensorParser } from "../sensor.js";
import {
  type EsloggerLine,
  type LoggedProcess,
  type ProcessToken,
  readEsloggerLine,
  wholePath,
} from "./eslogger-line.js";

/** What a process is, from its exec, or from the fork that made it. */
interface KnownProcess {
  readonly image: string | undefined;
  readonly commandLine: string | undefined;
  /** The number of the nearest process, itself or above it, that executed a program. */
  readonly starter: number;
}

/** Processes that are kept; the oldest are forgotten. */
const MOST_PROCESSES = 50_000;

/**
 * Parses what eslogger writes on one Mac. Lines may come late, as a shipper may bring them. An `exec` becomes an event of a program that started; its number is that of
 * the execs, so a missing number is an exec that the kernel or the log lost. `fork` tells what the child of a process is that executed
 * nothing since: the event's `ppid` is the nearest process above that executed a program, and `ParentProcessId` the parent itself.
 * Parents are found by number and version, never by number alone. When eslogger was started again its numbers begin anew, at a later time; what
 * happened meanwhile is not known, so that a number is left out there, and a line from before that comes afterwards counts as lost.
 */
export class EsloggerParser implements SensorParser {
  readonly pending = 0;
  readonly waitingSince = null;
  readonly #processes = new Map<string, KnownProcess>();
  readonly #counts = { lines: 0, events: 0, malformed: 0, ignored: 0, foreign: 0, incomplete: 0 };
  /** Added to the numbers of this run of eslogger, so that those of all its runs are in order. */
  #base = 0;
  #latestExec = -1;
  #latestOfAll = -1;
  /** Milliseconds since 1970: of the first message of this run, and the latest of all. */
  #runBegan = -Infinity;
  #latestTime = -Infinity;

  constructor(private readonly host: string) {}

  push(text: string, _position: number, now: number): HostEvent[] {
    this.#counts.lines += 1;
    if (text.trim() === "") return [];
    const line = readEsloggerLine(text);
    if (line === null) {
      this.#counts.malformed += 1;
      return [];
    }
    const { exec, fork, exit } = line.event;
    const time = timeOf(line.time);
    if (time < this.#runBegan) {
      this.#counts.incomplete += 1;
      return [];
    }
    const isBehind =
      line.global_seq_num <= this.#latestOfAll || (exec !== undefined && line.seq_num <= this.#latestExec);
    if (this.#latestTime === -Infinity) this.#runBegan = time;
    else if (isBehind && time >= this.#latestTime) this.#beginAnew(time);
    this.#latestTime = Math.max(this.#latestTime, time);
    this.#latestOfAll = Math.max(this.#latestOfAll, line.global_seq_num);
    if (exec !== undefined) {
      this.#latestExec = Math.max(this.#latestExec, line.seq_num);
      this.#counts.events += 1;
      return [this.#started(line, exec, now)];
    }
    this.#counts.ignored += 1;
    if (fork !== undefined) this.#forked(line.process, fork.child);
    if (exit !== undefined) this.#processes.delete(keyOf(line.process.audit_token) ?? "");
    return [];
  }

  flush(): HostEvent[] {
    return [];
  }

  reset(): void {
    // A new file is no new run; that is seen by the numbers.
  }

  counts(): SensorCounts {
    return { ...this.#counts };
  }

  lost(): number {
    return this.#counts.malformed + this.#counts.incomplete;
  }

  #beginAnew(time: number): void {
    this.#base += this.#latestExec + 2;
    this.#latestExec = -1;
    this.#latestOfAll = -1;
    this.#runBegan = time;
    // After a restart of the machine the same versions are given again.
    this.#processes.clear();
  }

  #forked(parent: LoggedProcess, child: LoggedProcess): void {
    const known = this.#known(parent.audit_token);
    this.#keep(child.audit_token, {
      image: known?.image ?? wholePath(child.executable),
      commandLine: known?.commandLine,
      starter: known?.starter ?? parent.audit_token.pid,
    });
  }

  #started(
    line: EsloggerLine,
    { target, args, cwd }: NonNullable<EsloggerLine["event"]["exec"]>,
    now: number,
  ): HostEvent {
    const { pid, euid, ruid, auid, asid } = target.audit_token;
    const parent = this.#known(target.parent_audit_token);
    const image = wholePath(target.executable);
    const commandLine = args.join(" ");
    this.#keep(target.audit_token, { image, commandLine, starter: pid });
    const time = timeOf(line.time);
    const sequence = this.#base + line.seq_num;
    return {
      id: `${this.host}/eslogger/${String(time)}:${String(sequence)}`,
      host: this.host,
      sensor: "eslogger",
      kind: "exec",
      logsource: { product: "macos", category: "process_creation" },
      time,
      ingestedAt: now,
      sequence,
      session: asid === undefined ? null : String(asid),
      pid,
      ppid: parent?.starter ?? target.ppid,
      argv: args,
      error: null,
      fields: defined({
        Image: image,
        CommandLine: commandLine,
        CurrentDirectory: wholePath(cwd),
        ProcessId: pid,
        ParentProcessId: target.ppid,
        ParentImage: parent?.image,
        ParentCommandLine: parent?.commandLine,
        LogonId: asid,
        UserId: euid,
        ruid,
        auid,
      }),
      original: line,
    };
  }

  #known(token: ProcessToken | undefined): KnownProcess | undefined {
    return this.#processes.get((token === undefined ? null : keyOf(token)) ?? "");
  }

  #keep(token: ProcessToken, process: KnownProcess): void {
    const key = keyOf(token);
    if (key === null) return;
    this.#processes.set(key, process);
    if (this.#processes.size > MOST_PROCESSES)
      this.#processes.delete(this.#processes.keys().next().value as string);
  }
}

function keyOf({ pid, pidversion }: ProcessToken): string | null {
  return pidversion === undefined ? null : `${pid}:${pidversion}`;
}

/** Milliseconds since 1970; Date keeps no more than three digits behind the point, eslogger writes nine. */
function timeOf(text: string): number {
  const [, fraction = ""] = /\.\d{3}(\d+)/.exec(text) ?? [];
  return Date.parse(text) + (fraction === "" ? 0 : Number(`0.${fraction}`));
}
