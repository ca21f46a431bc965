/**
 * A process that runs one trial on a Windows host, for tests that kill it: the crash that recovery is for. Its argument is a file with an
 * `ActingOrder`.
 */
import { readFileSync } from "node:fs";
import type { EnginePorts } from "../../../src/engine/ports.js";
import { actOnTarget } from "../../../src/engine/trial.js";
import { WithheldTargets } from "../../../src/engine/withheld.js";
import { Journal } from "../../../src/journal/journal.js";
import type { Target } from "../../../src/model/target.js";
import type { Trial } from "../../../src/model/trial.js";
import { SessionPool } from "../../../src/transport/pool.js";
import { transportTo } from "./fronts.js";

export interface ActingOrder {
  readonly target: Target;
  readonly trial: Trial;
  /** The run's folder, and that of the marks of withheld targets. */
  readonly folder: string;
  readonly withheld: string;
  /** The journal's event after which the process kills itself; another word leaves that to the test. */
  readonly killedAt: string;
}

const { target, trial, folder, withheld, killedAt } = JSON.parse(
  readFileSync(process.argv[2] ?? "", "utf8"),
) as ActingOrder;
const journal = await Journal.create(folder, trial.run);
const plan = { run: trial.run, lab: "lab", siem: "embedded", analytics: [], trials: [trial] };
await journal.append(
  { type: "run-started", version: "0", title: "", pid: process.pid, plan },
  { barrier: true },
);
const pool = new SessionPool(transportTo);
const ports: EnginePorts = {
  journal: async (entry, options) => {
    await journal.append(entry, options);
    if (entry.type === killedAt) process.kill(process.pid, "SIGKILL");
  },
  acquire: (wanted, options) => pool.acquire(wanted, options),
  renew: (wanted) => pool.renew(wanted),
  lostRecords: () => Promise.resolve(null),
  withheld: new WithheldTargets(withheld, "lab"),
  runFolder: folder,
};
await actOnTarget(trial, target, ports, new AbortController().signal);
