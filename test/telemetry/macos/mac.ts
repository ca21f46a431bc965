/** A process of the constructed Mac; the kernel gives it a new version with each fork and exec. */
export interface MacProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly version: number;
  readonly parentVersion: number;
  readonly path: string;
}

/**
 * Writes lines as eslogger does, as Apple's header ESMessage.h (es_message_t) describes its messages and as public samples of macOS 15 have
 * them. Constructed: no Mac wrote them. Numbers grow per kind and over all kinds; `drop` has the kernel lose the next message.
 */
export class ConstructedMac {
  readonly lines: string[] = [];
  readonly #numbers: Record<string, number> = {};
  #all = 0;
  #versions = 100;
  #pids = 500;
  #time = Date.UTC(2026, 10, 24, 12);
  #dropping = false;
  readonly #session: number;

  /** @param session the audit session id of all its processes */
  constructor(session = 100_017) {
    this.#session = session;
  }

  /** A process that was there before eslogger. */
  before(path: string): MacProcess {
    return { pid: ++this.#pids, ppid: 1, version: ++this.#versions, parentVersion: 1, path };
  }

  fork(parent: MacProcess): MacProcess {
    const child: MacProcess = {
      pid: ++this.#pids,
      ppid: parent.pid,
      version: ++this.#versions,
      parentVersion: parent.version,
      path: parent.path,
    };
    this.#write("fork", 11, parent, { child: this.#process(child) });
    return child;
  }

  /** @returns the process as it is afterwards */
  exec(process: MacProcess, path: string, args: readonly string[]): MacProcess {
    const target = { ...process, path, version: ++this.#versions };
    this.#write("exec", 9, process, {
      ...{ script: null, dyld_exec_path: path, image_cputype: 16_777_228, image_cpusubtype: 0, last_fd: 9 },
      cwd: { path: "/private/tmp/tmp.AAAAAAAAAA", path_truncated: false, stat: {} },
      args,
      env: ["SECRET=never read"],
      fds: [],
      target: this.#process(target),
    });
    return target;
  }

  /** Forks and executes, as a shell starts a program. */
  start(parent: MacProcess, path: string, args: readonly string[]): MacProcess {
    return this.exec(this.fork(parent), path, args);
  }

  exit(process: MacProcess): void {
    this.#write("exit", 15, process, { stat: 0 });
  }

  /** The kernel drops the next message for this client. */
  drop(): void {
    this.#dropping = true;
  }

  /** eslogger is started again. */
  restart(): void {
    this.#all = 0;
    for (const kind of Object.keys(this.#numbers)) this.#numbers[kind] = 0;
  }

  #process({ pid, ppid, version, parentVersion, path }: MacProcess): unknown {
    const owner = { euid: 501, ruid: 501, egid: 20, rgid: 20, auid: 501, asid: this.#session };
    return {
      audit_token: { ...owner, pid, pidversion: version },
      parent_audit_token: { ...owner, pid: ppid, pidversion: parentVersion },
      ...{ ppid, original_ppid: ppid, group_id: pid, session_id: pid, tty: null },
      ...{
        is_platform_binary: true,
        is_es_client: false,
        signing_id: "com.apple.constructed",
        team_id: null,
      },
      start_time: "2026-11-24T12:00:00.000000Z",
      executable: { path, path_truncated: false, stat: { st_ino: 1 } },
    };
  }

  #write(kind: string, type: number, process: MacProcess, event: unknown): void {
    this.#time += 3;
    const number = this.#numbers[kind] ?? 0;
    this.#numbers[kind] = number + 1;
    const all = this.#all++;
    if (this.#dropping) {
      this.#dropping = false;
      return;
    }
    const time = new Date(this.#time).toISOString().replace("Z", "250000Z");
    this.lines.push(
      JSON.stringify({
        ...{ schema_version: 1, version: 9, event_type: type, action_type: 1 },
        ...{ time, mach_time: this.#time * 24_000, seq_num: number, global_seq_num: all },
        ...{ thread: { thread_id: 1 }, action: { result: { result_type: 0, result: { auth: 0 } } } },
        process: this.#process(process),
        event: { [kind]: event },
      }),
    );
  }
}
