/** The parts of a line of laurel 0.5 that are read; it has more. */
export interface LaurelLine {
  /** `sec.msec:serial` */
  readonly ID: string;
  readonly SYSCALL?: LaurelSyscall;
  readonly EXECVE?: { readonly argc: number; readonly ARGV: readonly unknown[] };
  readonly CWD?: { readonly cwd: string };
  readonly PATH?: readonly { readonly item: number; readonly name?: string | null }[];
}

interface LaurelSyscall {
  readonly arch?: string;
  readonly syscall: number | string;
  readonly success?: string;
  readonly exit: number;
  readonly pid: number;
  readonly ppid: number;
  readonly uid?: number;
  readonly euid?: number;
  readonly auid?: number;
  readonly ses?: number;
  readonly tty?: string;
  readonly comm?: string | null;
  readonly exe?: string | null;
  readonly key?: string | null;
}

/*
 * Checked by hand, and not by a schema: a schema copies what it accepts, which took a fifth of all the time that bulk input takes. The
 * schema stands in test/telemetry/laurel-line.test.ts, which shows that both accept and refuse the same.
 */

/** Reads a line; null when it is no line of laurel, or one that is damaged. It may have a prefix for syslog, such as `@cee: `. */
export function readLaurelLine(text: string): LaurelLine | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.slice(Math.max(0, text.indexOf("{"))));
  } catch {
    return null;
  }
  return isLine(parsed) ? parsed : null;
}

/** As long as a time and a serial can be: more digits are no number that is kept exactly. */
const idPattern = /^\d{1,11}\.\d{3}:\d{1,15}$/;

function isLine(value: unknown): value is LaurelLine {
  if (!isObject(value)) return false;
  const { ID, SYSCALL, EXECVE, CWD, PATH } = value;
  return (
    typeof ID === "string" &&
    idPattern.test(ID) &&
    (SYSCALL === undefined || isSyscall(SYSCALL)) &&
    (EXECVE === undefined ||
      (isObject(EXECVE) && isInteger(EXECVE["argc"]) && Array.isArray(EXECVE["ARGV"]))) &&
    (CWD === undefined || (isObject(CWD) && typeof CWD["cwd"] === "string")) &&
    (PATH === undefined || (Array.isArray(PATH) && PATH.every(isPath)))
  );
}

function isSyscall(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { arch, syscall, success, exit, pid, ppid, uid, euid, auid, ses, tty, comm, exe, key } = value;
  return (
    (isInteger(syscall) || typeof syscall === "string") &&
    isInteger(exit) &&
    isId(pid) &&
    isId(ppid) &&
    (uid === undefined || isId(uid)) &&
    (euid === undefined || isId(euid)) &&
    (auid === undefined || isId(auid)) &&
    (ses === undefined || isId(ses)) &&
    isTextOrAbsent(arch) &&
    isTextOrAbsent(success) &&
    isTextOrAbsent(tty) &&
    (comm === null || isTextOrAbsent(comm)) &&
    (exe === null || isTextOrAbsent(exe)) &&
    (key === null || isTextOrAbsent(key))
  );
}

function isPath(value: unknown): boolean {
  if (!isObject(value) || !isInteger(value["item"])) return false;
  const { name } = value;
  return name === null || isTextOrAbsent(name);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isId(value: unknown): boolean {
  return isInteger(value) && value >= 0;
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}
