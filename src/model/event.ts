import { z } from "zod";
import type { ApiLogFormat } from "./inventory.js";

/**
 * One event of a host, normalised to the field names that Sigma rules use (Sysmon names for process_creation), with the
 * sensor's own record kept beside it.
 */
export const hostEventSchema = z.strictObject({
  /** Unique within a run: `<host>/<sensor>/<time>:<sequence>`. */
  id: z.string(),
  host: z.string(),
  sensor: z.enum([
    "auditd",
    "laurel",
    "strace",
    "sysmon",
    "security",
    "powershell",
    "powershell-core",
    "powershell-classic",
    "device-log",
    "api-log",
    "hypervisor-log",
  ]),
  /**
   * What happened. `exec` is a program that started; `exec-refused` one that the kernel refused with EACCES or EPERM; `command` a
   * line that was typed into a network device, and `api` a call of a cloud's API, where there are no processes: `pid` and `ppid` are 0 and `argv` is empty; `message` a
   * line of a hypervisor's log, which tells no process; `activity` what a process of Windows did besides starting programs: it loaded an
   * image, wrote a file, connected, asked for a name, ran a script block.
   */
  kind: z.enum(["exec", "exec-refused", "command", "api", "message", "activity"]),
  logsource: z.strictObject({
    product: z.string(),
    category: z.string().optional(),
    service: z.string().optional(),
  }),
  /** The event's own time, milliseconds since 1970 (with a fraction where the sensor has one). */
  time: z.number(),
  /** When it was in the SIEM and could be searched, by the SIEM's clock (the embedded one's is ours). */
  ingestedAt: z.number(),
  /** Order on its host and sensor: the audit serial, the position in the strace log, Windows' record number. Later is larger. */
  sequence: z.number(),
  /**
   * The login session, as far as the sensor knows one (audit `ses`; for strace the connection's process; on Windows the logon id);
   * else null, which is neither one session nor none: nothing may be credited by it.
   */
  session: z.string().nullable(),
  /** Null where the sensor does not tell it. */
  pid: z.int().nullable(),
  /** Null where the sensor does not tell who started the process: that is nobody's child and nobody's stranger. */
  ppid: z.int().nullable(),
  /**
   * The arguments exactly as given to execve, decoded as UTF-8. Empty for `exec-refused`, and where the sensor tells none: a process of
   * Windows has one command line, which is the field CommandLine.
   */
  argv: z.array(z.string()),
  /** The error of a refused exec, such as EACCES; null otherwise. */
  error: z.string().nullable(),
  /** Sigma fields: Image, CommandLine, ParentImage, ParentCommandLine, User, CurrentDirectory, ... Absent means unknown; a list has several values. */
  fields: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())])),
  /** The sensor's own record. */
  original: z.unknown(),
});
export type HostEvent = z.infer<typeof hostEventSchema>;

/** By which log sources rules of Sigma name the audit logs of clouds (Sigma's taxonomy; `openstack` is our own). */
export const API_LOG_SOURCES: Readonly<Record<ApiLogFormat, { product: string; service: string }>> = {
  keystone: { product: "openstack", service: "keystone" },
  cloudtrail: { product: "aws", service: "cloudtrail" },
  "azure-activity": { product: "azure", service: "activitylogs" },
  "google-audit": { product: "gcp", service: "gcp.audit" },
};

/**
 * A sentinel is `/bin/true tyrian-sentinel begin|end TRIAL`, on Windows `cmd.exe /d /c rem tyrian-sentinel begin|end TRIAL`: a
 * harmless exec before and after a trial's act, seen by the target's own sensor. On a network device it is a `show` command that
 * ends in `tyrian-sentinel.begin|end.TRIAL`; in the audit log of a cloud's API, whose calls the host's own sensor does not see, it is a
 * call whose user agent is that word. It brackets the act, measures skew and lag, and proves that the pipe is open. A
 * connection begins with one of the trial `session`, which marks all of that login session as Tyrian's.
 */
export interface Sentinel {
  readonly edge: "begin" | "end";
  readonly trial: string;
}

export const SENTINEL_WORD = "tyrian-sentinel";

/**
 * The command line of a sentinel of Windows. cmd.exe writes two blanks behind a program's name, and its path where the program was found
 * so.
 */
const WINDOWS_SENTINEL = new RegExp(
  String.raw`^"?(?:[a-z]:\\windows\\system32\\)?cmd(?:\.exe)?"? +/d +/c +rem +${SENTINEL_WORD} +(begin|end) +(\S+) *$`,
  "i",
);

/** The one word in which a sentinel of a network device ends, and which is the user agent of one in an API's log. */
export function sentinelWord({ edge, trial }: Sentinel): string {
  return `${SENTINEL_WORD}.${edge}.${trial}`;
}

/** A sentinel of a network device as its log records it: a `show` command, in configuration mode behind `do` or `run`. */
const DEVICE_SENTINEL = new RegExp(
  String.raw`^(?:(?:do|run) +)?show [a-z -]+(?:\| *(?:include|match|grep) +)?"?${SENTINEL_WORD}\.(begin|end)\.([\w-]+)"?$`,
);

/** A sentinel of an API's log, by its user agent. */
const API_SENTINEL = new RegExp(String.raw`^${SENTINEL_WORD}\.(begin|end)\.([\w-]+)$`);

/** The sentinel that an event is, or null. Only the whole argument vector or command line counts, not a mention of the word. */
export function sentinelOf(
  event: Pick<HostEvent, "argv"> & Partial<Pick<HostEvent, "fields" | "logsource" | "kind">>,
): Sentinel | null {
  // A process that did something with these words among its data is no program that was started with them.
  if (event.kind === "activity") return null;
  const api = event.kind === "api";
  const typed = api ? String(event.fields?.["UserAgent"] ?? "") : commandOnDevice(event);
  if (typed !== null) {
    const [, edge, trial] = (api ? API_SENTINEL : DEVICE_SENTINEL).exec(typed) ?? [];
    return edge === undefined || trial === undefined ? null : { edge: edge as Sentinel["edge"], trial };
  }
  const line = commandLineOnWindows(event);
  if (line !== null) {
    const [, edge, trial] = WINDOWS_SENTINEL.exec(line) ?? [];
    return edge === undefined || trial === undefined
      ? null
      : { edge: edge.toLowerCase() as Sentinel["edge"], trial };
  }
  if (event.argv.length !== 4 || event.argv[1] !== SENTINEL_WORD) return null;
  const [program, , edge, trial] = event.argv;
  if (trial === undefined) return null;
  if (program !== "/bin/true" && program !== "/usr/bin/true") return null;
  return edge === "begin" || edge === "end" ? { edge, trial } : null;
}

/** The one command line that a process of Windows has; null for others. Wine's processes are seen by the sensors of Linux, with it split. */
function commandLineOnWindows({ argv, fields, logsource }: Parameters<typeof sentinelOf>[0]): string | null {
  if (logsource?.product === "windows") return String(fields?.["CommandLine"] ?? "");
  const [program] = argv;
  return program !== undefined && /\/wine(?:64)?(?:-preloader)?$/.test(program)
    ? argv.slice(1).join(" ")
    : null;
}

/** What was given to a network device; null for others. A router on Linux (FRR) runs one command a `vtysh -c`, which Linux sees. */
function commandOnDevice({ argv, fields, kind }: Parameters<typeof sentinelOf>[0]): string | null {
  if (kind === "command") return String(fields?.["CommandLine"] ?? "");
  if (argv.length !== 3 || argv[1] !== "-c") return null;
  const [program, , command] = argv;
  return program !== undefined && /(?:^|\/)vtysh$/.test(program) ? (command ?? null) : null;
}
