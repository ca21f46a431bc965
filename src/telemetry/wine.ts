import type { HostEvent } from "../model/event.js";
import type { SensorCounts, SensorParser } from "./sensor.js";
import { joinedArguments } from "./wine-command-line.js";

/** Wine's loader, as it is executed for each process of Windows; where there is a preloader, that is executed with it in front. */
const LOADER = "/usr/lib/wine/wine64";
const PRELOADER = "/usr/lib/wine/wine64-preloader";

/** Programs that Wine finds in its system folder when they are named without one, as Windows does. */
const systemPrograms = new Set(
  ["cmd", "cscript", "wscript", "powershell", "mshta", "reg", "rundll32", "regsvr32", "net", "whoami"].concat(
    ["hostname", "ipconfig", "ping", "xcopy", "attrib", "taskkill", "tasklist", "where", "findstr", "find"],
    ["explorer", "wmic", "notepad", "regedit", "timeout", "more", "sort", "ftp", "curl", "bitsadmin"],
    ["schtasks", "certutil", "systeminfo", "fc", "msiexec", "sc", "start", "conhost"],
  ),
);

/** Those that Windows, and Wine, has in a folder of its own below the system folder. */
const elsewhere = new Map([
  ["powershell", "C:\\windows\\system32\\WindowsPowerShell\\v1.0\\powershell.exe"],
  ["wmic", "C:\\windows\\system32\\wbem\\wmic.exe"],
  ["explorer", "C:\\windows\\explorer.exe"],
  ["regedit", "C:\\windows\\regedit.exe"],
]);

/** Milliseconds in which the loader executes itself once more. */
const AGAIN_MS = 2000;
/** Processes that are remembered for that. */
const MOST_REMEMBERED = 1000;

/**
 * Makes of a program start that is a launch in Wine one of Windows, with the names of Sysmon's event 1; any other event is
 * returned as it is. What rules then read is what Windows would have told, and nothing of the machine below:
 *
 * - Image is a path of Windows where the program was given as one, or is known to be in the system folder; else absent.
 * - CommandLine is rebuilt: Wine's launch has the arguments apart, without the quotes and blanks that stood between them. They are
 *   joined by the rule that CommandLineToArgvW takes apart again ("Parsing C++ command-line arguments", Microsoft Learn).
 *   `original.commandLine` says `rebuilt`.
 * - There is no parent: Wine forks twice, so the kernel names the host's first process. `ppid` is null. The login session of the
 *   record stays: it survives that.
 * - `argv` are the arguments of Windows, the program first; the numbers and paths of Linux are in `original.linux`.
 */
export function windowsEventOf(event: HostEvent): HostEvent {
  const launched = launchedBy(event);
  if (launched === null) return event;
  const [given = ""] = launched;
  return {
    ...event,
    logsource: { product: "windows", category: "process_creation" },
    ppid: null,
    argv: launched,
    fields: {
      ...imageOf(given),
      CommandLine: joinedArguments(launched),
      ...(event.fields["User"] === undefined ? {} : { User: event.fields["User"] }),
    },
    original: {
      commandLine: "rebuilt",
      linux: { ppid: event.ppid, argv: event.argv, fields: event.fields },
      record: event.original,
    },
  };
}

/** What Wine starts for itself, and Windows does not: no process of Windows. */
const ofWine = new Set(["C:\\windows\\system32\\explorer.exe /desktop"]);

/** The arguments of Windows, the program first; null when the event is no launch, or one that Wine needs for itself. */
function launchedBy({ kind, argv }: HostEvent): string[] | null {
  if (kind !== "exec") return null;
  const loader = argv[0] === PRELOADER ? 1 : 0;
  if (argv[loader] !== LOADER || argv.length <= loader + 1) return null;
  const launched = argv.slice(loader + 1);
  return ofWine.has(launched.join(" ")) ? null : launched;
}

/** The field Image; absent where the launch does not tell which of several places the program was found in. */
function imageOf(given: string): { Image?: string } {
  if (/^[a-z]:\\/i.test(given)) return { Image: /\.\w+$/.test(given) ? given : `${given}.exe` };
  const name = given.toLowerCase().replace(/\.exe$/, "");
  if (!systemPrograms.has(name)) return {};
  return { Image: elsewhere.get(name) ?? `C:\\windows\\system32\\${name}.exe` };
}

/**
 * A parser whose hosts are, in part, Windows hosts that Wine plays. The loader executes itself once more when it was started by
 * a program of Linux: the same process with the same arguments, which is no second process of Windows and stays an event
 * of Linux.
 */
export class WineParser implements SensorParser {
  readonly #inner: SensorParser;
  readonly #hosts: ReadonlySet<string>;
  readonly #launched = new Map<string, number>();

  /** @param hosts the telemetry names of the hosts that Wine plays */
  constructor(inner: SensorParser, hosts: Iterable<string>) {
    this.#inner = inner;
    this.#hosts = new Set(hosts);
  }

  get pending(): number {
    return this.#inner.pending;
  }

  get waitingSince(): number | null {
    return this.#inner.waitingSince;
  }

  push(line: string, position: number, now: number): HostEvent[] {
    return this.#inner.push(line, position, now).map((event) => this.#turned(event));
  }

  flush(now: number): HostEvent[] {
    return this.#inner.flush(now).map((event) => this.#turned(event));
  }

  reset(): void {
    this.#inner.reset();
    this.#launched.clear();
  }

  counts(): SensorCounts {
    return this.#inner.counts();
  }

  lost(host: string): number {
    return this.#inner.lost(host);
  }

  #turned(event: HostEvent): HostEvent {
    const launched = this.#hosts.has(event.host) ? launchedBy(event) : null;
    if (launched === null) return event;
    const process = JSON.stringify([event.host, event.pid, event.ppid, event.session, launched]);
    const before = this.#launched.get(process);
    if (before !== undefined && Math.abs(event.time - before) <= AGAIN_MS) return event;
    this.#launched.set(process, event.time);
    const oldest = this.#launched.keys().next();
    if (this.#launched.size > MOST_REMEMBERED && oldest.done !== true) this.#launched.delete(oldest.value);
    return windowsEventOf(event);
  }
}
