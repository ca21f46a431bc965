import { posix } from "node:path";
import type { HostEvent } from "../model/event.js";
import type { KnownProcess, ProcessTable } from "./process-table.js";

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

/** The machines of which all exec calls are in the table, by their number in the log. */
const knownMachines = new Set([...execCalls.keys()].map((call) => call.split("/")[0]));

/** Calls from here on are those of x32, which are counted apart and reported as those of the machine. */
const FIRST_OF_X32 = 0x40000000;

/**
 * Whether a record is certainly not of a program start: of a call that is known to be another, or of an exec that failed without being
 * refused. Of machines that are not in the table nothing is certain.
 */
export function isNoStart(
  arch: string | undefined,
  syscall: string | number | undefined,
  exit: number,
): boolean {
  const number = Number(syscall);
  const isOther = knownMachines.has(arch ?? "") && number >= 0 && number < FIRST_OF_X32;
  return execCallOf(arch, syscall) === null ? isOther : exit !== 0 && refusalOf(exit) === null;
}

/** The name of an exec call, or null when the call is another one. `arch` in hexadecimal without 0x. */
export function execCallOf(arch: string | undefined, syscall: string | number | undefined): string | null {
  if (syscall === "execve" || syscall === "execveat") return syscall;
  return execCalls.get(`${arch ?? ""}/${syscall ?? ""}`) ?? null;
}

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
  const isStart = error === null;
  const argv = isStart ? [...(exec.argv ?? [])] : [];
  const commandLine = isStart ? exec.argv?.join(" ") : undefined;
  if (isStart)
    processes.add(exec.host, exec.pid, { sequence: exec.serial, session, image: exec.exe, commandLine });
  const fields = commonFields(exec, users, parent);
  // One literal, not spread from parts: that took a quarter of all the time that bulk input takes.
  return {
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
    kind: isStart ? "exec" : "exec-refused",
    logsource: isStart
      ? { product: "linux", category: "process_creation", service: "auditd" }
      : { product: "linux", service: "auditd" },
    argv,
    error,
    fields: isStart ? withStart(fields, exec.exe, commandLine, argv) : withRefusal(fields, exec),
  };
}

type Fields = Record<string, string | number>;

/*
 * Each field is set by its own name, not in a loop: an object that gets its keys by computed names is several times as slow for
 * everything that reads it, and this is done for every event.
 */

function commonFields(
  exec: AuditExec,
  users: Readonly<Record<string, string>> | undefined,
  parent: KnownProcess | null,
): Fields {
  const { pid, ppid, uid, cwd, exe, comm, key, auid, euid, ses, tty, syscall, exit, name } = exec;
  const fields: Fields = { ProcessId: pid, ParentProcessId: ppid, syscall, exit };
  const user = uid === undefined ? undefined : users?.[String(uid)];
  if (cwd !== undefined) fields["CurrentDirectory"] = cwd;
  if (user !== undefined) fields["User"] = user;
  if (uid !== undefined) fields["UserId"] = uid;
  if (ses !== undefined) fields["LogonId"] = ses;
  if (parent?.image !== undefined) fields["ParentImage"] = parent.image;
  if (parent?.commandLine !== undefined) fields["ParentCommandLine"] = parent.commandLine;
  if (exe !== undefined) fields["exe"] = exe;
  if (comm !== undefined) fields["comm"] = comm;
  if (key !== undefined) fields["key"] = key;
  if (auid !== undefined) fields["auid"] = auid;
  if (uid !== undefined) fields["uid"] = uid;
  if (euid !== undefined) fields["euid"] = euid;
  if (ses !== undefined) fields["ses"] = ses;
  if (tty !== undefined) fields["tty"] = tty;
  if (name !== undefined) fields["name"] = name;
  return fields;
}

function withRefusal(fields: Fields, { name, cwd }: AuditExec): Fields {
  fields["type"] = "SYSCALL";
  fields["success"] = "no";
  const file = absolute(name, cwd);
  if (file !== undefined) fields["TargetFilename"] = file;
  return fields;
}

/** The arguments that rules for `service: auditd` can read one by one are the first ten (a0, a1, ...). */
function withStart(
  fields: Fields,
  image: string | undefined,
  commandLine: string | undefined,
  argv: readonly string[],
): Fields {
  if (image !== undefined) fields["Image"] = image;
  if (commandLine !== undefined) fields["CommandLine"] = commandLine;
  fields["type"] = "EXECVE";
  fields["success"] = "yes";
  fields["argc"] = argv.length;
  const [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9] = argv;
  if (a0 !== undefined) fields["a0"] = a0;
  if (a1 !== undefined) fields["a1"] = a1;
  if (a2 !== undefined) fields["a2"] = a2;
  if (a3 !== undefined) fields["a3"] = a3;
  if (a4 !== undefined) fields["a4"] = a4;
  if (a5 !== undefined) fields["a5"] = a5;
  if (a6 !== undefined) fields["a6"] = a6;
  if (a7 !== undefined) fields["a7"] = a7;
  if (a8 !== undefined) fields["a8"] = a8;
  if (a9 !== undefined) fields["a9"] = a9;
  return fields;
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
