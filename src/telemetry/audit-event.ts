import { posix } from "node:path";
import type { HostEvent } from "../model/event.js";
import type { ProcessTable } from "./process-table.js";

/** What the kernel's audit says of one execve or execveat, whichever program wrote it down (auditd or laurel). */
export interface AuditExec {
  readonly sensor: "auditd" | "laurel";
  readonly host: string;
  /** `sec.msec:serial` */
  readonly stamp: string;
  readonly time: number;
  readonly serial: number;
  readonly syscall: string;
  /** As in the record: 0, or minus the error number. */
  readonly exit: number;
  readonly pid: number;
  readonly ppid: number;
  readonly uid: number | undefined;
  readonly euid: number | undefined;
  readonly auid: number | undefined;
  /** Undefined when the process belongs to no login session. */
  readonly ses: number | undefined;
  readonly tty: string | undefined;
  readonly comm: string | undefined;
  readonly exe: string | undefined;
  readonly key: string | undefined;
  /** Null for a refused exec: the kernel writes no arguments then. */
  readonly argv: readonly string[] | null;
  readonly cwd: string | undefined;
  /** The path of the program as the caller gave it (PATH record, item 0). */
  readonly name: string | undefined;
  readonly original: Readonly<Record<string, unknown>>;
}

/** The value of `ses` and `auid` that means "none". */
export const UNSET_ID = 4294967295;

/** Errors that a control, and not a typing mistake, gives a program start. */
const refusals = new Map([
  [-1, "EPERM"],
  [-13, "EACCES"],
]);

/** The error's name when an exit value is a refusal, else null (ENOENT and the like are no refusals). */
export function refusalOf(exit: number): string | null {
  return refusals.get(exit) ?? null;
}

/** The exec calls by number, for the machines whose numbers the log may carry. */
const execCalls = new Map([
  ["c000003e/59", "execve"],
  ["c000003e/322", "execveat"],
  ["c00000b7/221", "execve"],
  ["c00000b7/281", "execveat"],
  ["40000003/11", "execve"],
  ["40000003/358", "execveat"],
]);

/** The name of an exec call, or null when the call is another one. `arch` in hexadecimal without 0x. */
export function execCallOf(arch: string | undefined, syscall: string | number | undefined): string | null {
  if (syscall === "execve" || syscall === "execveat") return syscall;
  return execCalls.get(`${arch ?? ""}/${syscall ?? ""}`) ?? null;
}

/** Arguments that rules for `service: auditd` can read one by one (a0, a1, ...). */
const SINGLE_ARGUMENTS = 10;

/**
 * Normalises to the field names of Sysmon for Linux (event 1), which Sigma's process_creation rules read, and keeps the
 * names of auditd beside them for rules with `service: auditd`.
 *
 * - Image is the file that the kernel really runs (`exe`): for a script with `#!` that is its interpreter; the script's
 *   own path is in `name`, and the kernel has already put the interpreter in front of the arguments.
 * - CommandLine is the arguments joined with single blanks and no quotes, as Sysmon for Linux does; `argv` keeps the
 *   borders of the arguments.
 * - User is a name only when the source names the users of that host: the log has numbers, and a name looked up elsewhere
 *   (ENRICHED) is not the host's own.
 * - ParentImage and ParentCommandLine are absent when the parent only forked.
 */
export function auditEvent(
  exec: AuditExec,
  users: Readonly<Record<string, string>> | undefined,
  processes: ProcessTable,
  now: number,
): HostEvent {
  const session = exec.ses === undefined ? null : String(exec.ses);
  const error = refusalOf(exec.exit);
  const parent = processes.at(exec.host, exec.ppid, exec.serial, session);
  const commandLine = exec.argv?.join(" ");
  const common = {
    ProcessId: exec.pid,
    ParentProcessId: exec.ppid,
    CurrentDirectory: exec.cwd,
    User: exec.uid === undefined ? undefined : users?.[String(exec.uid)],
    UserId: exec.uid,
    LogonId: exec.ses,
    ParentImage: parent?.image,
    ParentCommandLine: parent?.commandLine,
    exe: exec.exe,
    comm: exec.comm,
    key: exec.key,
    auid: exec.auid,
    uid: exec.uid,
    euid: exec.euid,
    ses: exec.ses,
    tty: exec.tty,
    syscall: exec.syscall,
    exit: exec.exit,
    name: exec.name,
  };
  const base = {
    id: `${exec.host}/${exec.sensor}/${exec.stamp}`,
    host: exec.host,
    sensor: exec.sensor,
    time: exec.time,
    ingestedAt: now,
    sequence: exec.serial,
    session,
    pid: exec.pid,
    ppid: exec.ppid,
    original: exec.original,
  };
  if (error !== null) {
    return {
      ...base,
      kind: "exec-refused",
      logsource: { product: "linux", service: "auditd" },
      argv: [],
      error,
      fields: defined(common, {
        type: "SYSCALL",
        success: "no",
        TargetFilename: absolute(exec.name, exec.cwd),
      }),
    };
  }
  const argv = exec.argv ?? [];
  processes.add(exec.host, exec.pid, { sequence: exec.serial, session, image: exec.exe, commandLine });
  const single: Record<string, string> = {};
  for (let index = 0; index < argv.length && index < SINGLE_ARGUMENTS; index += 1)
    single[`a${index}`] = argv[index] as string;
  return {
    ...base,
    kind: "exec",
    logsource: { product: "linux", category: "process_creation", service: "auditd" },
    argv: [...argv],
    error: null,
    fields: defined(
      common,
      { Image: exec.exe, CommandLine: commandLine, type: "EXECVE", success: "yes", argc: argv.length },
      single,
    ),
  };
}

/** A path made absolute against the caller's directory; undefined when that is not possible. */
export function absolute(path: string | undefined, directory: string | undefined): string | undefined {
  if (path === undefined || path === "") return undefined;
  if (path.startsWith("/")) return posix.normalize(path);
  return directory?.startsWith("/") === true ? posix.join(directory, path) : undefined;
}

/** Only the fields that are known: absent means unknown. */
export function defined(
  ...parts: readonly Readonly<Record<string, string | number | undefined>>[]
): Record<string, string | number> {
  const kept: Record<string, string | number> = {};
  // A loop of its own: this runs for every event.
  for (const fields of parts) {
    for (const name in fields) {
      const value = fields[name];
      if (value !== undefined) kept[name] = value;
    }
  }
  return kept;
}
