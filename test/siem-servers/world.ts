/** What a stand-in holds: records that were shipped to it, its rules and its alerts. */

/** One program start on a host. */
export interface Start {
  readonly host: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly serial: number;
  readonly session: number;
  readonly argv: readonly string[];
  readonly pid?: number;
  readonly ppid?: number;
  readonly exe?: string;
  /** Milliseconds from the event until it is stored. */
  readonly lagMs?: number;
}

export interface WorldDocument extends Start {
  readonly id: string;
  readonly ingestedAt: number;
  /** As laurel writes it. */
  readonly text: string;
}

export interface WorldRule {
  readonly name: string;
  readonly title: string;
  readonly enabled: boolean;
  /** What it looks for, in the SIEM's own language; a query that finds `echo` when absent. */
  readonly query?: string;
  readonly intervalMs: number;
  readonly lookBackMs: number;
  /** When it was evaluated: start and end, milliseconds since 1970. */
  readonly evaluations: readonly { readonly startedAt: number; readonly completedAt: number }[];
}

export interface WorldAlert {
  readonly id: string;
  readonly rule: string;
  readonly createdAt: number;
  readonly documents: readonly WorldDocument[];
}

/** One line of laurel 0.5, which writes `%` as `%25`. */
export function laurelLine({ time, serial, session, argv, pid, ppid, exe }: Start): string {
  const stamp = `${Math.floor(time / 1000)}.${String(time % 1000).padStart(3, "0")}:${serial}`;
  return JSON.stringify({
    ID: stamp,
    SYSCALL: {
      arch: "0xc000003e",
      syscall: 59,
      success: "yes",
      exit: 0,
      items: 2,
      ppid: ppid ?? 1000,
      pid: pid ?? 2000 + serial,
      auid: 1000,
      uid: 1000,
      euid: 1000,
      tty: "(none)",
      ses: session,
      comm: argv[0],
      exe: exe ?? `/usr/bin/${argv[0] ?? ""}`,
      key: "exec",
    },
    EXECVE: { argc: argv.length, ARGV: argv.map((argument) => argument.replaceAll("%", "%25")) },
    CWD: { cwd: "/home/op" },
    PATH: [{ item: 0, name: exe ?? `/usr/bin/${argv[0] ?? ""}` }],
  });
}

export class World {
  readonly documents: WorldDocument[] = [];
  readonly alerts: WorldAlert[] = [];
  readonly rules: WorldRule[] = [];
  /** The SIEM's clock minus ours, milliseconds. */
  clockOffsetMs = 0;
  /** How a document's record was changed on its way; null keeps what is missing. */
  ingestTimes = true;

  ship(...starts: readonly Start[]): WorldDocument[] {
    const shipped = starts.map((start, index) => ({
      ...start,
      id: `doc-${this.documents.length + index}`,
      ingestedAt: start.time + (start.lagMs ?? 500),
      text: laurelLine(start),
    }));
    this.documents.push(...shipped);
    return shipped;
  }

  /** A rule has been evaluated once more. */
  evaluated(rule: string, startedAt: number, completedAt: number): void {
    const known = this.rules.find(({ name }) => name === rule)?.evaluations ?? [];
    this.changeRule(rule, { evaluations: [...known, { startedAt, completedAt }] });
  }

  /** Somebody has edited a rule. */
  changeRule(rule: string, changes: Partial<WorldRule>): void {
    const at = this.rules.findIndex(({ name }) => name === rule);
    const known = this.rules[at];
    if (known !== undefined) this.rules[at] = { ...known, ...changes };
  }

  raise(rule: string, createdAt: number, ...documents: readonly WorldDocument[]): WorldAlert {
    const alert = { id: `alert-${this.alerts.length}`, rule, createdAt, documents };
    this.alerts.push(alert);
    return alert;
  }
}
