import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JournalEvent } from "../../../src/model/journal-event.js";
import type { Trial } from "../../../src/model/trial.js";
import { actArguments } from "../../../src/playbook/act-arguments.js";
import { sentinelStart } from "../../contract/siem.contract.js";
import type { World, WorldDocument } from "../../siem-servers/world.js";
import { ANALYTIC } from "./benches.js";

/** A lab of one host, this machine, with a playbook, a pipeline (`names.yml`) and a configuration that names a SIEM. */
export interface OwnLab {
  readonly folder: string;
  /** What `tyrian` is started with. */
  readonly environment: Record<string, string>;
  /** Trials whose act has ended, with what is in the journals by now. */
  executed(): { readonly trial: Trial; readonly startedAt: number; readonly endedAt: number }[];
  /** Adds to tyrian.config.yaml. */
  configure(more: Readonly<Record<string, unknown>>): void;
  remove(): void;
}

const analytic = `title: A word is printed by a shell
id: ${ANALYTIC}
status: experimental
level: high
logsource: { product: linux, category: process_creation }
detection:
  selection:
    CommandLine|contains: echo marked
  condition: selection
`;

const procedure = (id: string, guid: string, code: string, outcome: string): string => `
  - id: ${id}
    guid: ${guid}
    name: A shell prints a word, ${id}
    platforms: [linux]
    interpreter: { program: sh, via: argument }
    run: ${code}
    effects: []
    proof: { stdout: { contains: "word" } }
    cleanup: none
    expect:
      - analytic: analytics/echo.yml
        outcome: ${outcome}
`;

const playbook = `id: test.connectors
technique: T1059.004
name: A shell prints
procedures:${procedure("seen", "11111111-1111-4111-8111-111111111111", "echo marked word", "detected")}${procedure("unseen", "22222222-2222-4222-8222-222222222222", "echo other word", "logged")}`;

/** @param siems the part `siems` of tyrian.config.yaml */
export function ownLab(siems: unknown, secret: Record<string, string>): OwnLab {
  const folder = mkdtempSync(join(tmpdir(), "tyrian-connect-"));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, "playbook", "analytics"), { recursive: true });
  write("playbook/playbook.yaml", playbook);
  write("playbook/analytics/echo.yml", analytic);
  write(
    "names.yml",
    "name: names\ntransformations:\n  - { type: field_name_mapping, mapping: { CommandLine: process.command_line } }\n",
  );
  write("lab-token", "0123456789abcdef0123456789abcdef\n");
  write("tyrian.config.yaml", JSON.stringify({ siems }));
  write(
    "inventory.yaml",
    JSON.stringify({
      name: "own",
      token: { path: join(folder, "lab-token"), value: `file:${join(folder, "lab-token")}` },
      targets: [
        {
          name: "here",
          platform: "linux",
          transport: { type: "local" },
          sensor: { type: "laurel", host: "web-1" },
        },
      ],
    }),
  );
  return {
    folder,
    environment: { XDG_STATE_HOME: join(folder, "state"), XDG_CONFIG_HOME: folder, ...secret },
    configure: (more) => write("tyrian.config.yaml", JSON.stringify({ siems, ...more })),
    executed: () => executedIn(join(folder, "runs")),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function executedIn(runs: string): ReturnType<OwnLab["executed"]> {
  if (!existsSync(runs)) return [];
  return readdirSync(runs).flatMap((run) => {
    const lines = readFileSync(join(runs, run, "journal.ndjson"), "utf8").split("\n");
    // The last line may be half written.
    const events = lines.slice(0, -1).map((line) => JSON.parse(line) as JournalEvent);
    const trials = events.flatMap((event) => (event.type === "run-started" ? event.plan.trials : []));
    return events.flatMap((event) => {
      if (event.type !== "trial-executed") return [];
      const trial = trials.find(({ id }) => id === event.trial);
      const { startedAt, endedAt } = event.execution;
      if (trial === undefined || startedAt === null || endedAt === null) return [];
      return [{ trial, startedAt: Date.parse(startedAt), endedAt: Date.parse(endedAt) }];
    });
  });
}

/** Ships what a sensor on the host would have recorded of trials that were executed, once for each. */
export class Sensor {
  #serial = 100;
  readonly #shipped = new Set<string>();

  constructor(
    private readonly lab: OwnLab,
    private readonly world: World,
    private readonly onAct: (act: WorldDocument, trial: Trial) => void = () => undefined,
  ) {}

  ship(): void {
    for (const { trial, startedAt, endedAt } of this.lab.executed()) {
      if (this.#shipped.has(trial.id)) continue;
      this.#shipped.add(trial.id);
      const wrapper = 500 + this.#serial;
      const record = (time: number) => {
        this.#serial += 1;
        return { host: "web-1", time, serial: this.#serial, session: 7, ppid: wrapper };
      };
      const middle = Math.floor((startedAt + endedAt) / 2);
      const argv = actArguments(trial.act, trial.work);
      const [, act] = this.world.ship(
        sentinelStart("begin", record(startedAt), trial.id),
        { ...record(middle), argv, exe: "/usr/bin/dash" },
        sentinelStart("end", record(endedAt), trial.id),
      );
      if (act !== undefined) this.onAct(act, trial);
    }
  }
}
