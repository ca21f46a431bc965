/**
 * Throws nearly right input at every parser: `npm run fuzz -- [--minutes N] [--target NAME] [--seed N]`. A crash is anything
 * thrown that is not a coded error; a hang, a case that takes over ten seconds; memory is bounded for each target. What
 * is found is written to `fuzz-findings/` and makes the exit status 1.
 */
import { fork } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { mutated, Randomness } from "./mutate.js";
import { type FuzzTarget, targets } from "./targets.js";

const HANG_MS = 10_000;
const START_MS = 60_000;
const MOST_MEGABYTES = 768;
const MOST_FINDINGS = 5;
const folder = "fuzz-findings";

interface Finding {
  readonly kind: "crash" | "hang" | "end";
  readonly number: number;
  readonly detail: string;
}

interface Message {
  readonly number: number;
  readonly crash?: string;
}

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "3" },
    target: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 1_000_000_000) },
  },
});
const chosen = targets.filter(({ name }) => values.target === undefined || name === values.target);
if (chosen.length === 0) {
  process.stderr.write(
    `no target ${values.target ?? ""}; there are ${targets.map(({ name }) => name).join(", ")}\n`,
  );
  process.exit(2);
}
const eachMs = (Number(values.minutes) * 60_000) / chosen.length;

/** Runs cases from a seed on, until the time is up or the process is not fit to go on; `next` is the case to go on with. */
function runProcess(
  target: string,
  seed: number,
  until: number,
): Promise<{ next: number; cases: number; findings: Finding[] }> {
  const child = fork(join(import.meta.dirname, "fuzz-process.ts"), [target, String(seed)], {
    execArgv: ["--import", "tsx", `--max-old-space-size=${MOST_MEGABYTES}`],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const findings: Finding[] = [];
  let at = seed - 1;
  let since = Date.now() + START_MS - HANG_MS;
  let stderr = "";
  let ours = false;
  child.stderr?.on("data", (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-2_000)));
  return new Promise((resolve) => {
    const stop = (): void => {
      ours = true;
      child.kill("SIGKILL");
    };
    const timer = setInterval(() => {
      if (Date.now() - since > HANG_MS) {
        findings.push({ kind: "hang", number: at, detail: `over ${HANG_MS / 1000} s` });
        stop();
      } else if (Date.now() > until) stop();
    }, 200);
    child.on("message", ({ number, crash }: Message) => {
      at = number;
      since = Date.now();
      if (crash === undefined) return;
      findings.push({ kind: "crash", number, detail: crash });
      if (findings.length >= MOST_FINDINGS) stop();
    });
    child.on("exit", (code, signal) => {
      clearInterval(timer);
      if (!ours) findings.push({ kind: "end", number: at, detail: `${signal ?? code}: ${stderr}` });
      resolve({ next: at + 1, cases: at + 1 - seed, findings });
    });
  });
}

async function fuzz({ name }: FuzzTarget): Promise<{ cases: number; findings: Finding[] }> {
  const all: Finding[] = [];
  const until = Date.now() + eachMs;
  let seed = Number(values.seed);
  let count = 0;
  while (Date.now() < until && all.length < MOST_FINDINGS) {
    const { next, cases, findings } = await runProcess(name, seed, until);
    seed = next;
    count += cases;
    all.push(...findings);
  }
  return { cases: count, findings: all };
}

let found = 0;
for (const target of chosen) {
  const { cases, findings } = await fuzz(target);
  const seeds = await target.seeds();
  process.stdout.write(
    `${target.name.padEnd(20)} ${String(cases).padStart(8)} cases, ${findings.length} findings\n`,
  );
  for (const { kind, number, detail } of findings) {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${target.name.replaceAll(" ", "-")}-${number}.txt`);
    writeFileSync(file, mutated(seeds, new Randomness(number)));
    const said = detail.split("\n").slice(0, 4).join("\n    ");
    process.stdout.write(`  ${kind} at case ${number}, input in ${file}\n    ${said}\n`);
  }
  found += findings.length;
}
process.stdout.write(`seed ${values.seed}: ${found} findings\n`);
process.exit(found === 0 ? 0 : 1);
