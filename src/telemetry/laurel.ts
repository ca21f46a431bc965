import type { HostEvent } from "../model/event.js";
import { auditEvent, execCallOf, isNoStart, refusalOf, UNSET_ID } from "./audit-event.js";
import type { UsersByHost } from "./auditd.js";
import { HostKeys } from "./host-keys.js";
import { type LaurelLine, readLaurelLine } from "./laurel-line.js";
import { ProcessTable } from "./process-table.js";
import { type OnOtherRecord, type SensorCounts, type SensorParser, standsAlone } from "./sensor.js";

export interface LaurelOptions {
  /** The host of every line; absent: the record's key names it, as in the embedded lab. */
  readonly host?: string | undefined;
  readonly users?: UsersByHost;
  /** Told of each serial of which it is certain that it is no program start's. */
  readonly onOther?: OnOtherRecord;
}

/**
 * Parses the JSON lines of laurel 0.5 (one line an event), to the same fields as `AuditdParser`. Laurel writes `%` and bytes
 * that are control characters or no UTF-8 as `%xx`; they are put back before an argument is decoded.
 */
export class LaurelParser implements SensorParser {
  readonly #host: string | undefined;
  readonly #users: UsersByHost;
  readonly #keys: HostKeys;
  readonly #onOther: OnOtherRecord | undefined;
  readonly #processes = new ProcessTable();
  readonly #counts = { lines: 0, events: 0, malformed: 0, ignored: 0, foreign: 0, incomplete: 0 };
  readonly #lost = new Map<string, number>();
  #lostAnywhere = 0;

  constructor(options: LaurelOptions = {}) {
    this.#host = options.host;
    this.#users = options.users ?? {};
    this.#keys = new HostKeys(this.#users);
    this.#onOther = options.onOther;
  }

  readonly pending = 0;
  readonly waitingSince = null;

  push(text: string, _position: number, now: number): HostEvent[] {
    this.#counts.lines += 1;
    const line = readLaurelLine(text);
    if (line === null) {
      if (text.trim() !== "") this.#counts.malformed += 1;
      return [];
    }
    const event = this.#event(line, text, now);
    if (event === null) return [];
    this.#counts.events += 1;
    return [event];
  }

  flush(): HostEvent[] {
    return [];
  }

  /** The kernel goes on as before when its log is truncated: nothing is forgotten. */
  reset(): void {
    return;
  }

  counts(): SensorCounts {
    return { ...this.#counts };
  }

  lost(host: string): number {
    return (this.#lost.get(host) ?? 0) + this.#lostAnywhere;
  }

  #other(line: LaurelLine): void {
    const { time, serial } = stampOf(line);
    this.#onOther?.(serial, time);
  }

  #event(line: LaurelLine, text: string, now: number): HostEvent | null {
    const { SYSCALL: syscall, EXECVE: execve } = line;
    if (syscall === undefined) {
      if (execve === undefined) {
        this.#counts.ignored += 1;
        if (isAlone(line)) this.#other(line);
      } else {
        this.#counts.incomplete += 1;
        this.#lostAnywhere += 1;
      }
      return null;
    }
    const arch = syscall.arch?.replace(/^0x/, "");
    const call = execCallOf(arch, syscall.syscall);
    if (call === null || (syscall.exit !== 0 && refusalOf(syscall.exit) === null)) {
      this.#counts.ignored += 1;
      if (isNoStart(arch, syscall.syscall, syscall.exit)) this.#other(line);
      return null;
    }
    const key = textOf(syscall.key);
    const host = this.#host ?? this.#keys.hostOf(key);
    if (host === null) {
      this.#counts.foreign += 1;
      return null;
    }
    const joined = execve === undefined ? null : argumentsOf(execve);
    if (syscall.exit === 0 && joined === null) {
      this.#counts.incomplete += 1;
      this.#lost.set(host, (this.#lost.get(host) ?? 0) + 1);
      return null;
    }
    const { time, serial } = stampOf(line);
    return auditEvent(
      {
        sensor: "laurel",
        host,
        stamp: line.ID,
        time,
        serial,
        syscall: call,
        exit: syscall.exit,
        pid: syscall.pid,
        ppid: syscall.ppid,
        uid: syscall.uid,
        euid: syscall.euid,
        auid: syscall.auid,
        ses: syscall.ses === UNSET_ID ? undefined : syscall.ses,
        tty: syscall.tty === "(none)" ? undefined : syscall.tty,
        comm: textOf(syscall.comm),
        exe: textOf(syscall.exe),
        key,
        argv: syscall.exit === 0 ? (joined?.argv ?? null) : null,
        cwd: textOf(line.CWD?.cwd),
        name: textOf(line.PATH?.find(({ item }) => item === 0)?.name),
        original: {
          record: text,
          ...(joined !== null && joined.invalidUtf8.length > 0 ? { invalidUtf8: joined.invalidUtf8 } : {}),
        },
      },
      this.#users[host],
      this.#processes,
      now,
    );
  }
}

/** Whether the line has nothing but records that stand alone: nothing of a program start is missing of it. */
function isAlone(line: LaurelLine): boolean {
  const types = Object.keys(line).filter((name) => name !== "ID" && name !== "NODE");
  return types.length > 0 && types.every((type) => standsAlone.test(type));
}

function stampOf({ ID }: LaurelLine): { time: number; serial: number } {
  const [seconds, milliseconds, serial] = ID.split(/[.:]/).map(Number) as [number, number, number];
  return { time: seconds * 1000 + milliseconds, serial };
}

/** The exact arguments; null when laurel left some out (its option execve-argv-limit-bytes) or they are of no known form. */
function argumentsOf(execve: {
  argc: number;
  ARGV: readonly unknown[];
}): { argv: string[]; invalidUtf8: number[] } | null {
  if (execve.ARGV.length !== execve.argc) return null;
  const argv: string[] = [];
  const invalidUtf8: number[] = [];
  for (const [index, argument] of execve.ARGV.entries()) {
    if (typeof argument !== "string") return null;
    if (!escapedOrPaired.test(argument)) {
      argv.push(argument);
      continue;
    }
    const bytes = bytesOf(argument);
    const text = bytes.toString("utf8");
    if (!Buffer.from(text, "utf8").equals(bytes)) invalidUtf8.push(index);
    argv.push(text);
  }
  return { argv, invalidUtf8 };
}

/** A text with a byte that was escaped, or with half a character of UTF-16: any other stands for itself. */
const escapedOrPaired = /[%\ud800-\udfff]/;

function bytesOf(text: string): Buffer {
  if (!text.includes("%")) return Buffer.from(text, "utf8");
  const pieces = text.split(/(%[0-9a-fA-F]{2})/);
  return Buffer.concat(
    pieces.map((piece, index) =>
      index % 2 === 1 ? Buffer.from(piece.slice(1), "hex") : Buffer.from(piece, "utf8"),
    ),
  );
}

function textOf(value: string | null | undefined): string | undefined {
  if (value === null || value === undefined || value === "(null)") return undefined;
  return escapedOrPaired.test(value) ? bytesOf(value).toString("utf8") : value;
}
