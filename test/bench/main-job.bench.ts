/**
 * The main job's figures: trials a minute on 1, 5 and 20 targets beside the same remote commands in a plain loop of `ssh`
 * with ControlMaster, the time from a process's start to its verdict, and memory. Ratios come from one run on one lab.
 * Run with `npm run bench`; needs root. Nothing is asserted.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseLab } from "../../src/cli/lab-choice.js";
import { executeRun } from "../../src/cli/run-session.js";
import { embeddedSiem } from "../../src/cli/siem-choice.js";
import { actScript, cleanupScript } from "../../src/engine/script.js";
import type { JournalEvent } from "../../src/model/journal-event.js";
import type { Inventory } from "../../src/model/inventory.js";
import type { Plan } from "../../src/model/trial.js";
import { loadAnalytics } from "../../src/plan/analytics.js";
import { newRunId } from "../../src/plan/identity.js";
import { buildPlan } from "../../src/plan/plan.js";
import { loadPlaybooks } from "../../src/playbook/load.js";
import { playbookOf, ruleOf, writePlaybook } from "../lab/playbooks.js";

/** Targets, and trials on each: enough that starting and ending a run is a small part of it, as it is of the loop. */
const sizes = [
  { targets: 1, trialsPerTarget: 600 },
  { targets: 5, trialsPerTarget: 200 },
  { targets: 20, trialsPerTarget: 60 },
] as const;
const folder = mkdtempSync(join(tmpdir(), "tyrian-bench-"));
process.env["XDG_STATE_HOME"] = join(folder, "state");
const signal = new AbortController().signal;

/** Procedures with a proof of their own and a cleanup with a probe, as in real playbooks. */
function procedures(trials: number): string {
  return playbookOf(
    ...Array.from({ length: trials / 2 }, (_, index) => ({
      id: `procedure-${index}`,
      run: `echo needle-${index} > mark; cat mark; echo done`,
      effects: "[work-folder]",
      cleanup: '{ run: "rm -f mark", probe: "[ ! -e mark ]" }',
      twin: '{ name: Twin, run: "echo quiet > mark; cat mark", proof: { stdout: { contains: quiet } } }',
    })),
  );
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

async function tyrian(
  plan: Plan,
  lab: Awaited<ReturnType<typeof chooseLab>>,
  rules: Parameters<typeof executeRun>[0]["rules"],
): Promise<{ seconds: number; cpuSeconds: number; toVerdict: number[]; overhead: number[]; met: number }> {
  const events: JournalEvent[] = [];
  const start = performance.now();
  const cpu = process.cpuUsage();
  const state = await executeRun({
    siem: embeddedSiem,
    plan,
    title: "bench",
    lab,
    rules,
    folder: join(folder, "runs", plan.run),
    concurrency: 50,
    signal,
    onEvent: (event) => events.push(event),
    onWarning: () => undefined,
  });
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const cpuSeconds = (user + system) / 1e6;
  const toVerdict: number[] = [];
  const overhead: number[] = [];
  for (const event of events) {
    if (event.type !== "trial-verified") continue;
    const observed = events.find((other) => other.type === "trial-observed" && other.trial === event.trial);
    const cleaned = events.find((other) => other.type === "trial-cleaned" && other.trial === event.trial);
    if (observed?.type !== "trial-observed" || cleaned === undefined) continue;
    const begin = observed.observation.events[0];
    if (begin !== undefined) toVerdict.push(Date.parse(event.at) - begin.time);
    overhead.push(Date.parse(event.at) - Date.parse(cleaned.at));
  }
  const met = state.trials.flatMap((record) => record.verdicts).filter((verdict) => verdict.met).length;
  return { seconds, cpuSeconds, toVerdict, overhead, met };
}

/** The very scripts that the engine sends, one ssh a script over a shared master connection, one loop a target. */
async function controlMaster(plan: Plan, inventory: Inventory): Promise<number> {
  const place = join(folder, `master-${plan.run}`);
  mkdirSync(place);
  const loops: string[] = [];
  let namespace = "";
  for (const target of inventory.targets) {
    const transport = target.transport;
    if (transport.type !== "ssh" || transport.authentication.type !== "key") continue;
    namespace = transport.network?.namespace ?? "";
    const trials = plan.trials.filter((trial) => trial.target === target.name);
    if (trials.length === 0) continue;
    const known = join(place, `${target.name}.known`);
    writeFileSync(known, `${transport.host} ${transport.hostKey}\n`);
    const ssh = `ssh -F none -o BatchMode=yes -o UserKnownHostsFile=${known} -o ControlMaster=auto -o ControlPath=${place}/${target.name}.sock -o ControlPersist=60 -i ${transport.authentication.file} ${transport.user}@${transport.host} /bin/sh`;
    const steps = trials.flatMap((trial, index) => {
      // Ids of their own: the loop's sentinels must not be taken for the run's.
      const own = { ...trial, id: `loop-${index}-${target.name}` };
      const files = [actScript(own, "loop"), cleanupScript(own, "loop")].map((script, part) => {
        const file = join(place, `${target.name}-${index}-${part}.sh`);
        writeFileSync(file, script);
        return `${ssh} < ${file} > /dev/null 2>&1`;
      });
      return files;
    });
    loops.push(`( ${steps.join("\n")}\n${ssh.replace(" -i ", " -O exit -i ")} > /dev/null 2>&1 ) &`);
  }
  const script = join(place, "loop.sh");
  writeFileSync(script, `${loops.join("\n")}\nwait\n`);
  const start = performance.now();
  await new Promise<void>((resolve, reject) => {
    const child = spawn("nsenter", [`--net=${namespace}`, "/bin/sh", script], { stdio: "ignore" });
    child.once("error", reject);
    child.once("exit", () => resolve());
  });
  return (performance.now() - start) / 1000;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  for (const { targets, trialsPerTarget } of sizes) {
    const source = join(folder, `playbook-${targets}`);
    writePlaybook(source, procedures(trialsPerTarget), {
      "rule.yml": ruleOf("rule", "{ CommandLine|contains: needle }"),
    });
    const { playbooks } = await loadPlaybooks([source]);
    const analytics = await loadAnalytics(playbooks);
    const started = performance.now();
    const lab = await chooseLab({ targets, signal });
    const up = (performance.now() - started) / 1000;
    try {
      const plan = buildPlan({
        run: newRunId(new Date()),
        playbooks,
        analytics,
        inventory: lab.inventory,
        selection: {},
        siem: "embedded",
      });
      const loop = await controlMaster(plan, lab.inventory);
      const ours = await tyrian(plan, lab, analytics.rules);
      const count = plan.trials.length;
      print(`${targets} targets, ${count} trials (lab up in ${up.toFixed(2)} s)`);
      print(
        `  tyrian                  ${((count / ours.seconds) * 60).toFixed(0)} trials/min, ${ours.seconds.toFixed(2)} s, ${ours.met} of ${count} met`,
      );
      print(
        `  ssh with ControlMaster  ${((count / loop) * 60).toFixed(0)} trials/min, ${loop.toFixed(2)} s, no verdicts`,
      );
      print(`  ratio                   ${(loop / ours.seconds).toFixed(2)}`);
      print(
        `  act's begin to verdict  p50 ${percentile(ours.toVerdict, 0.5).toFixed(0)} ms, p95 ${percentile(ours.toVerdict, 0.95).toFixed(0)} ms`,
      );
      print(
        `  cleaned to verdict      p50 ${percentile(ours.overhead, 0.5).toFixed(0)} ms, p95 ${percentile(ours.overhead, 0.95).toFixed(0)} ms`,
      );
      print(`  processor time of ours  ${((ours.cpuSeconds / count) * 1000).toFixed(0)} ms a trial`);
      print(`  resident memory         ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`);
    } finally {
      await lab.release();
    }
  }
  const startUp = (words: string[]): number => {
    const times = Array.from({ length: 7 }, () => {
      const start = performance.now();
      execFileSync(process.execPath, words, { stdio: "ignore" });
      return performance.now() - start;
    });
    return Math.min(...times);
  };
  const bare = startUp(["-e", "0"]);
  const help = startUp([join(import.meta.dirname, "../../dist/cli/main.js"), "--help"]);
  print(`tyrian --help ${help.toFixed(0)} ms beside node -e 0 ${bare.toFixed(0)} ms (least of 7)`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
