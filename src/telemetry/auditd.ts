import type { HostEvent } from "../model/event.js";
import { joinAuditArguments } from "./auditd-arguments.js";
import type { AuditArguments } from "./auditd-arguments.js";
import { auditNumber, auditText, auditValue, parseAuditRecord } from "./auditd-record.js";
import type { AuditRecord } from "./auditd-record.js";
import { auditEvent, execCallOf, isNoStart, refusalOf, UNSET_ID } from "./audit-event.js";
import { HostKeys } from "./host-keys.js";
import { ProcessTable } from "./process-table.js";
import { type OnOtherRecord, type SensorCounts, type SensorParser, standsAlone } from "./sensor.js";

/** Names of users by uid, for each host by its telemetry name. */
export type UsersByHost = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The records of one event so far. */
interface Half {
  readonly stamp: string;
  readonly serial: number;
  readonly time: number;
  readonly firstSeen: number;
  readonly lines: string[];
  readonly execve: string[];
  readonly paths: string[];
  syscall: string | null;
  cwd: string | null;
  characters: number;
  /** A record that the kernel writes last has been seen. */
  ended: boolean;
}

/** Records that take part in an event about a program start. */
const parts = new Set(["SYSCALL", "EXECVE", "CWD", "PATH", "PROCTITLE", "EOE", "BPRM_FCAPS"]);

/**
 * Milliseconds that half an event waits for its missing records, and that whole ones wait behind it. The kernel hands the
 * records of an event over together, but on a busy machine auditd can stand still between writing two of them.
 */
const WAIT_MS = 2000;
const MAXIMUM_HALVES = 1024;
const MAXIMUM_CHARACTERS = 64_000_000;

/**
 * Parses audit.log, RAW or ENRICHED. Records of events may be interleaved and in any order; an event is whole when
 * everything that its SYSCALL record announces is there and its last record (PROCTITLE or EOE) has been seen, or when it
 * has waited for two seconds. Events leave in the order of their serials as long as none has to wait longer than that.
 */
export class AuditdParser implements SensorParser {
  readonly #users: UsersByHost;
  readonly #keys: HostKeys;
  readonly #processes = new ProcessTable();
  /** In order of serial. */
  readonly #halves: Half[] = [];
  readonly #byStamp = new Map<string, Half>();
  #characters = 0;
  /** The event of the first record; the log may begin in the middle of it. */
  #firstStamp: string | null = null;
  readonly #counts = { lines: 0, events: 0, malformed: 0, ignored: 0, foreign: 0, incomplete: 0 };
  readonly #lost = new Map<string, number>();
  #lostAnywhere = 0;

  /**
   * @param host of every record; absent: the record's key names it, as in the embedded lab
   * @param onOther told of each serial of which it is certain that it is no program start's
   */
  constructor(
    users: UsersByHost = {},
    private readonly host?: string,
    private readonly onOther?: OnOtherRecord,
  ) {
    this.#users = users;
    this.#keys = new HostKeys(users);
  }

  get pending(): number {
    return this.#halves.length;
  }

  get waitingSince(): number | null {
    // in order of serial, which is not quite that of arrival; there are few
    return this.#halves.reduce<number | null>(
      (oldest, { firstSeen }) => (oldest === null || firstSeen < oldest ? firstSeen : oldest),
      null,
    );
  }

  push(line: string, _position: number, now: number): HostEvent[] {
    this.#counts.lines += 1;
    const record = parseAuditRecord(line);
    if (record === null) {
      if (line.trim() !== "") this.#counts.malformed += 1;
      return [];
    }
    if (!parts.has(record.type)) {
      this.#counts.ignored += 1;
      if (standsAlone.test(record.type)) this.onOther?.(record.serial, record.time);
      return [];
    }
    this.#firstStamp ??= record.stamp;
    const half = this.#byStamp.get(record.stamp) ?? this.#begin(record, now);
    this.#add(half, record, line);
    return half.ended || this.#full() ? this.#release(now, -Infinity) : [];
  }

  flush(now: number): HostEvent[] {
    return this.#release(now, now - WAIT_MS);
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

  #full(): boolean {
    return this.#halves.length > MAXIMUM_HALVES || this.#characters > MAXIMUM_CHARACTERS;
  }

  #begin(record: AuditRecord, now: number): Half {
    const half: Half = {
      stamp: record.stamp,
      serial: record.serial,
      time: record.time,
      firstSeen: now,
      lines: [],
      execve: [],
      paths: [],
      syscall: null,
      cwd: null,
      characters: 0,
      ended: false,
    };
    let at = this.#halves.length;
    while (at > 0 && (this.#halves[at - 1] as Half).serial > half.serial) at -= 1;
    this.#halves.splice(at, 0, half);
    this.#byStamp.set(half.stamp, half);
    return half;
  }

  #add(half: Half, record: AuditRecord, line: string): void {
    half.lines.push(line);
    half.characters += line.length;
    this.#characters += line.length;
    if (record.type === "SYSCALL") half.syscall = record.body;
    else if (record.type === "EXECVE") half.execve.push(record.body);
    else if (record.type === "CWD") half.cwd = record.body;
    else if (record.type === "PATH") half.paths.push(record.body);
    else if (record.type === "PROCTITLE" || record.type === "EOE") half.ended = true;
  }

  /** @param overdueSince half events that began to arrive by this moment are given up */
  #release(now: number, overdueSince: number): HostEvent[] {
    const events: HostEvent[] = [];
    for (;;) {
      const half = this.#halves[0];
      if (half === undefined) break;
      const overdue = half.firstSeen <= overdueSince || this.#full();
      if (!overdue && !half.ended) break;
      if (half.syscall === null && half.stamp === this.#firstStamp) {
        this.#remove(half);
        this.#counts.ignored += half.lines.length;
        continue;
      }
      const joined = half.execve.length === 0 ? null : joinAuditArguments(half.execve);
      if (!overdue && !isWhole(half, joined)) break;
      this.#remove(half);
      const event = this.#finish(half, joined, now);
      if (event !== null) events.push(event);
    }
    this.#counts.events += events.length;
    return events;
  }

  /** Takes the first half event out. */
  #remove(half: Half): void {
    this.#halves.shift();
    this.#byStamp.delete(half.stamp);
    this.#characters -= half.characters;
  }

  #finish(half: Half, joined: AuditArguments | null, now: number): HostEvent | null {
    const { syscall } = half;
    if (syscall === null) {
      // without its SYSCALL record nobody can say whose program start this was
      if (half.execve.length > 0) {
        this.#counts.incomplete += 1;
        this.#lostAnywhere += 1;
      } else this.#counts.ignored += half.lines.length;
      return null;
    }
    const [arch, number] = [auditValue(syscall, "arch"), auditValue(syscall, "syscall")];
    const call = execCallOf(arch, number);
    const exit = auditNumber(auditValue(syscall, "exit"));
    if (call === null || exit === undefined || (exit !== 0 && refusalOf(exit) === null)) {
      if (exit !== undefined && isNoStart(arch, number, exit)) this.onOther?.(half.serial, half.time);
      this.#counts.ignored += half.lines.length;
      return null;
    }
    const key = auditText(auditValue(syscall, "key"));
    const host = this.host ?? this.#keys.hostOf(key);
    if (host === null) {
      this.#counts.foreign += half.lines.length;
      return null;
    }
    const pid = auditNumber(auditValue(syscall, "pid"));
    const ppid = auditNumber(auditValue(syscall, "ppid"));
    if (pid === undefined || ppid === undefined || (exit === 0 && joined === null)) {
      this.#counts.incomplete += 1;
      this.#lost.set(host, (this.#lost.get(host) ?? 0) + 1);
      return null;
    }
    const ses = auditNumber(auditValue(syscall, "ses"));
    const tty = auditValue(syscall, "tty");
    const program = half.paths.find((path) => auditValue(path, "item") === "0");
    return auditEvent(
      {
        sensor: "auditd",
        host,
        stamp: half.stamp,
        time: half.time,
        serial: half.serial,
        syscall: call,
        exit,
        pid,
        ppid,
        uid: auditNumber(auditValue(syscall, "uid")),
        euid: auditNumber(auditValue(syscall, "euid")),
        auid: auditNumber(auditValue(syscall, "auid")),
        ses: ses === UNSET_ID ? undefined : ses,
        tty: tty === "(none)" ? undefined : tty,
        comm: auditText(auditValue(syscall, "comm")),
        exe: auditText(auditValue(syscall, "exe")),
        key,
        argv: exit === 0 ? (joined as AuditArguments).argv : null,
        cwd: half.cwd === null ? undefined : auditText(auditValue(half.cwd, "cwd")),
        name: program === undefined ? undefined : auditText(auditValue(program, "name")),
        original: {
          records: half.lines,
          ...(joined !== null && joined.invalidUtf8.length > 0 ? { invalidUtf8: joined.invalidUtf8 } : {}),
        },
      },
      this.#users[host],
      this.#processes,
      now,
    );
  }
}

/** Whether everything that the SYSCALL record announces has arrived. */
function isWhole(half: Half, joined: AuditArguments | null): boolean {
  const { syscall } = half;
  if (syscall === null) return false;
  if (half.paths.length < (auditNumber(auditValue(syscall, "items")) ?? 0)) return false;
  if (execCallOf(auditValue(syscall, "arch"), auditValue(syscall, "syscall")) === null) return true;
  return auditValue(syscall, "success") !== "yes" || (joined !== null && half.cwd !== null);
}
