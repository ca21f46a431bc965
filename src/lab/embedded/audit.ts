import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { findProgram, run } from "./commands.js";
import { commandLineOf, startTicksOf } from "./processes.js";

/** There is one audit daemon a kernel, so who starts, uses or ends one holds the lock of this folder. */
export const SENSOR_LOCK = "/etc/audit";

export interface AuditStatus {
  readonly enabled: number;
  readonly pid: number;
  readonly lost: number;
  readonly backlogLimit: number;
  readonly loginuidImmutable: boolean;
}

/** What the kernel says of its audit, or null when it cannot be asked. */
export async function auditStatus(): Promise<AuditStatus | null> {
  const result = await run("auditctl", ["-s"]);
  return result.ok ? parseStatus(result.stdout) : null;
}

/** What `auditctl -s` printed, or null when a number is missing. */
export function parseStatus(text: string): AuditStatus | null {
  const field = (name: string): number => Number(new RegExp(`^${name} (\\d+)`, "m").exec(text)?.[1] ?? NaN);
  const status = {
    enabled: field("enabled"),
    pid: field("pid"),
    lost: field("lost"),
    backlogLimit: field("backlog_limit"),
    loginuidImmutable: field("loginuid_immutable") === 1,
  };
  const numbers = [status.enabled, status.pid, status.lost, status.backlogLimit];
  return numbers.every((value) => Number.isInteger(value)) ? status : null;
}

/** All rules in the kernel, one a line as `auditctl -l` prints them, or null when it cannot be asked. */
export async function auditRules(): Promise<string[] | null> {
  const result = await run("auditctl", ["-l"]);
  return result.ok ? parseRules(result.stdout) : null;
}

/** The rules that `auditctl -l` printed, one a line. */
export function parseRules(text: string): string[] {
  return text.split("\n").filter((line) => line.startsWith("-"));
}

/** The key of a rule; empty when it has none. */
export function keyOf(rule: string): string {
  return /(?:-F key=|-k )(\S+)/.exec(rule)?.[1] ?? "";
}

/** The login numbers that rules of labs name. */
export async function operatorsOfLabs(): Promise<number[]> {
  const rules = ((await auditRules()) ?? []).filter((rule) => keyOf(rule).startsWith("tyrian-"));
  return rules.flatMap((rule) => /-F auid=(\d+)/.exec(rule)?.[1] ?? []).map(Number);
}

/** Why kernel audit cannot be this lab's sensor, in words; null when it can. */
export async function auditUnusable(): Promise<string | null> {
  if (process.getuid?.() !== 0) return "not root";
  if (findProgram("auditctl") === null || findProgram("auditd") === null) return "auditd is not installed";
  if (!existsSync(SENSOR_LOCK)) return `there is no ${SENSOR_LOCK}`;
  const status = await auditStatus();
  const rules = status === null ? null : await auditRules();
  if (status === null || rules === null) return "the kernel's audit cannot be asked (auditctl -s)";
  if (status.enabled === 2) return "the audit rules are locked until the next boot (enabled 2)";
  if (rules.some((rule) => /^-[aA] (never,task|task,never)/.test(rule))) {
    return "a rule of this machine switches audit off for every process (-a never,task)";
  }
  if (rules.some((rule) => /\bexclude\b/.test(rule) && /msgtype=(SYSCALL|EXECVE)\b/.test(rule))) {
    return "a rule of this machine keeps the records of execs out of the log (exclude)";
  }
  const loginuid = readFileSync("/proc/self/loginuid", "utf8").trim();
  if (status.loginuidImmutable && loginuid !== "4294967295") {
    return "login numbers cannot be changed here (loginuid_immutable), so log-ins to hosts could not be told apart";
  }
  return status.pid === 0 ? null : logNamedBy(status.pid).reason;
}

/** The log of a daemon that runs already, from the configuration that its command line names. */
export function logNamedBy(pid: number): { file: string; reason: string | null } {
  let file = "/var/log/audit/audit.log";
  try {
    const words = commandLineOf(pid);
    const option = words.indexOf("-c");
    const folder = option === -1 ? "/etc/audit" : resolve("/", words[option + 1] ?? "");
    const text = readFileSync(join(folder, "auditd.conf"), "utf8");
    const setting = (name: string): string | undefined =>
      new RegExp(`^\\s*${name}\\s*=\\s*(\\S+)`, "mi").exec(text)?.[1];
    if (setting("write_logs")?.toLowerCase() === "no")
      return { file, reason: "the running audit daemon writes no log" };
    file = setting("log_file") ?? file;
  } catch (error) {
    return {
      file,
      reason: `the running audit daemon (pid ${String(pid)}) hides its configuration: ${String(error)}`,
    };
  }
  return existsSync(file)
    ? { file, reason: null }
    : { file, reason: `the running audit daemon has no log ${file}` };
}

/** The log of the daemon that runs now; null when none runs or it has none. */
export function logOfDaemon(pid: number): string | null {
  if (pid === 0 || startTicksOf(pid) === null) return null;
  const { file, reason } = logNamedBy(pid);
  return reason === null ? file : null;
}
