import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChosenLab, chooseLab } from "../../src/cli/lab-choice.js";
import { executeRun } from "../../src/cli/run-session.js";
import { embeddedSiem } from "../../src/cli/siem-choice.js";
import { toResults } from "../../src/journal/results.js";
import { type HostProfile, labDown, type LabState, labUp } from "../../src/lab/embedded/index.js";
import type { JournalEvent } from "../../src/model/journal-event.js";
import type { Results } from "../../src/model/results.js";
import type { Control, Target } from "../../src/model/target.js";
import { loadAnalytics, rulesOfPlan } from "../../src/plan/analytics.js";
import { newRunId } from "../../src/plan/identity.js";
import { buildPlan } from "../../src/plan/plan.js";
import type { Selection } from "../../src/plan/selection.js";
import { loadPlaybooks } from "../../src/playbook/load.js";
import { replay } from "../../src/verify/replay.js";
import { writePlaybook } from "./playbooks.js";

/** Why the embedded root lab cannot run on this machine; null when it can. */
export function whyNoLab(): string | null {
  if (process.getuid?.() !== 0) return "the root lab needs root";
  for (const program of ["auditctl", "sshd", "ip", "redis-server"]) {
    try {
      execFileSync("sh", ["-c", `PATH=$PATH:/usr/sbin:/sbin command -v ${program}`], { stdio: "ignore" });
    } catch {
      return `${program} is not installed`;
    }
  }
  return null;
}

export interface House {
  readonly lab: ChosenLab;
  readonly folder: string;
  readonly state: LabState;
  /** Runs a playbook file's text with its rules; every verdict is then computed again from the journal alone. */
  run(playbook: string, rules: Record<string, string>, options?: RunOptions): Promise<Outcome>;
  /** The same with the playbooks of folders. */
  runFolders(folders: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** Runs a command inside a host as root, past its sshd: to break things. */
  inside(host: string, command: string): string;
  close(): Promise<void>;
}

export interface RunOptions {
  readonly selection?: Selection;
  readonly signal?: AbortSignal;
  readonly controls?: Control[];
  /** What the inventory says of every host, in place of what the lab does. */
  readonly hosts?: Partial<Target>;
  readonly keepAliveMs?: number;
  onEvent?(event: JournalEvent): void;
}

export interface Outcome {
  readonly results: Results;
  readonly events: readonly JournalEvent[];
  readonly folder: string;
  readonly warnings: readonly string[];
}

export interface HouseOptions {
  readonly profile?: HostProfile;
  /** Kept when the house is closed, for what is made once (the template of Wine); else the house has one of its own. */
  readonly stateHome?: string;
}

/** A lab of its own with a state folder of its own, so that nothing of the user's is touched. */
export async function openHouse(
  hosts: number,
  kind: "root" | "rootless" = "root",
  { profile = "linux", stateHome }: HouseOptions = {},
): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), "tyrian-house-"));
  const home = stateHome ?? join(folder, "state");
  process.env["XDG_STATE_HOME"] = home;
  // What an interrupted test left there is not the lab that is asked for.
  if (stateHome !== undefined) await labDown({});
  await labUp({ targets: hosts, profile, rootless: kind === "rootless" });
  const lab = await chooseLab({ targets: "none", signal: new AbortController().signal });
  const state = JSON.parse(readFileSync(join(home, "tyrian/lab/lab.json"), "utf8")) as LabState;
  let count = 0;
  return {
    lab,
    folder,
    state,
    inside: (host, command) => {
      const pid = state.hosts.find((candidate) => candidate.name === host)?.pid;
      // A rootless host knows one user, who may not be root.
      const as = kind === "rootless" ? ["--preserve-credentials"] : [];
      return execFileSync("nsenter", ["-t", String(pid), "-a", "-r", "-w", ...as, "/bin/sh", "-c", command], {
        encoding: "utf8",
      });
    },
    run: async (playbook, rules, options = {}) => {
      count += 1;
      const source = join(folder, `playbook-${count}`);
      writePlaybook(source, playbook, rules);
      return await runPlaybooks(lab, folder, [source], options);
    },
    runFolders: (sources, options = {}) => runPlaybooks(lab, folder, sources, options),
    close: async () => {
      await lab.release();
      await labDown({});
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function runPlaybooks(
  lab: ChosenLab,
  folder: string,
  sources: readonly string[],
  options: RunOptions,
): Promise<Outcome> {
  const { playbooks, diagnostics } = await loadPlaybooks(sources);
  const analytics = await loadAnalytics(playbooks);
  const problems = [...diagnostics, ...analytics.diagnostics].filter(({ severity }) => severity === "error");
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const inventory = {
    ...lab.inventory,
    targets: lab.inventory.targets.map((target) => ({
      ...target,
      ...options.hosts,
      controls: options.controls ?? target.controls,
    })),
  };
  const run = newRunId(new Date());
  const plan = buildPlan({
    run,
    playbooks,
    analytics,
    inventory,
    selection: options.selection ?? {},
    siem: "embedded",
  });
  const events: JournalEvent[] = [];
  const warnings: string[] = [];
  const runFolder = join(folder, "runs", run);
  const state = await executeRun({
    siem: embeddedSiem,
    plan,
    title: "test",
    lab: { ...lab, inventory },
    rules: analytics.rules,
    folder: runFolder,
    concurrency: 10,
    ...(options.keepAliveMs === undefined ? {} : { keepAliveMs: options.keepAliveMs }),
    signal: options.signal ?? new AbortController().signal,
    onEvent: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
    onWarning: (message) => warnings.push(message),
  });
  const different = replay(events, rulesOfPlan(plan)).filter(({ same }) => !same);
  if (different.length > 0) throw new Error(`a replay differs: ${JSON.stringify(different)}`);
  return { results: toResults(state), events, folder: runFolder, warnings };
}
