/**
 * Figures of `tyrian detect`: `npm run bench:detect -- [--rules FOLDER] [--events FILE]`. Without them rules and events are
 * made up (the folder detect). Needs the built program (`npm run build`) for start-up, memory and threads.
 */
import { spawn } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ScannedRules } from "../../src/cli/detect/counting.js";
import { EventScan } from "../../src/cli/detect/event-scan.js";
import { loadRules, matcherOf } from "../../src/cli/detect/loaded-rules.js";
import { StreamingMatcher } from "../../src/detection/matcher.js";
import type { CompiledRule } from "../../src/detection/rule.js";
import { Chance } from "./detect/chance.js";
import { generatedEvent } from "./detect/generated-events.js";
import { generatedRule } from "./detect/generated-rules.js";

const { values: options } = parseArgs({ options: { rules: { type: "string" }, events: { type: "string" } } });
const built = resolve(import.meta.dirname, "../../dist/cli/main.js");
const folder = mkdtempSync(join(tmpdir(), "tyrian-bench-"));
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const figure = (value: number): string => Math.round(value).toLocaleString("en").padStart(9);

function rulesFolder(): string {
  if (options.rules !== undefined) return options.rules;
  const rules = join(folder, "rules");
  const chance = new Chance(42);
  for (let index = 0; index < 2750; index++) {
    const inner = join(rules, String(index % 20));
    mkdirSync(inner, { recursive: true });
    writeFileSync(join(inner, `${index}.yml`), generatedRule(chance, index));
  }
  return rules;
}

function generatedEvents(size: "large" | "small", count: number): Buffer {
  const chance = new Chance(7);
  return Buffer.from(Array.from({ length: count }, () => `${generatedEvent(chance, size)}\n`).join(""));
}

interface Speed {
  readonly events: number;
  readonly matches: number;
  readonly wall: number;
  readonly cpu: number;
}

/** Scans bytes in pieces, as the program does. The first time is for the compiler and the prefilter to learn. */
function speedOf(rules: readonly CompiledRule[], matcher: StreamingMatcher, bytes: Buffer): Speed {
  const piece = 1024 * 1024;
  const once = (): { events: number; matches: number } => {
    const scan = new EventScan(new ScannedRules(rules, []), matcher, null, "file");
    let events = 0;
    let matches = 0;
    for (let from = 0; from < bytes.length; from += piece) {
      scan.push(bytes.subarray(from, from + piece), from + piece >= bytes.length);
      const result = scan.take();
      events += result.events;
      matches += result.matches.length / 2;
    }
    return { events, matches };
  };
  once();
  const cpu = process.cpuUsage();
  const start = performance.now();
  const counts = once();
  const wall = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { ...counts, wall, cpu: (user + system) / 1e6 };
}

function spread(rules: readonly CompiledRule[], count: number): CompiledRule[] {
  const step = rules.length / Math.min(count, rules.length);
  return Array.from(
    { length: Math.min(count, rules.length) },
    (_, index) => rules[Math.floor(index * step)] as CompiledRule,
  );
}

/** The first bytes, up to a line's end. */
function beginning(bytes: Buffer, length: number): Buffer {
  const end = bytes.indexOf(0x0a, length);
  return end === -1 ? bytes : bytes.subarray(0, end + 1);
}

function matching(rules: readonly CompiledRule[], name: string, bytes: Buffer): void {
  print(`\n${name}`);
  print("  rules   prefilter   events/s wall   events/s per cpu-s   matches/event");
  for (const count of [100, 1000, rules.length]) {
    const chosen = spread(rules, count);
    const speeds = (["on", "off"] as const).map((prefilter) => {
      const matcher =
        prefilter === "on" ? matcherOf(chosen, null) : new StreamingMatcher(chosen, { prefilter: false });
      const speed = speedOf(chosen, matcher, prefilter === "on" ? bytes : beginning(bytes, 2_000_000));
      const { events, matches, wall, cpu } = speed;
      print(
        `  ${String(count).padStart(5)}   ${prefilter.padEnd(9)}   ${figure(events / wall)}       ${figure(events / cpu)}            ${(matches / events).toFixed(3)}`,
      );
      return events / cpu;
    });
    print(`          on is ${((speeds[0] ?? 0) / (speeds[1] ?? 1)).toFixed(1)} times off`);
  }
}

interface Ended {
  readonly seconds: number;
  readonly cpu: number;
  /** Processor time of the thread that had most. */
  readonly busiest: number;
  /** Resident memory in MB after a tenth of the events, at the end and at most. */
  readonly early: number;
  readonly late: number;
  readonly most: number;
  readonly printed: string;
}

interface Sample {
  readonly cpu: number;
  readonly busiest: number;
  readonly resident: number;
  readonly most: number;
}

/** Processor time of a process or a thread, in seconds. */
function processorTime(folder: string): number {
  const fields = readFileSync(`${folder}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** What Linux says of a process; null when it is gone. */
function sample(pid: number): Sample | null {
  try {
    const text = readFileSync(`/proc/${pid}/status`, "utf8");
    const megabytes = (name: string): number =>
      Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) / 1000;
    const tasks = `/proc/${pid}/task`;
    const busiest = Math.max(...readdirSync(tasks).map((thread) => processorTime(join(tasks, thread))));
    const resident = megabytes("VmRSS");
    const cpu = processorTime(`/proc/${pid}`);
    return resident === 0 ? null : { cpu, busiest, resident, most: megabytes("VmHWM") };
  } catch {
    return null;
  }
}

/** Runs the built program in a process of its own, with events on its standard input, so many times over. */
function run(words: readonly string[], bytes: Buffer, times: number): Promise<Ended> {
  const child = spawn(process.execPath, [built, "detect", ...words], {
    env: { ...process.env, XDG_STATE_HOME: join(folder, "state") },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const start = performance.now();
  let sent = 0;
  let early = 0;
  let last: Sample = { cpu: 0, busiest: 0, resident: 0, most: 0 };
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const timer = setInterval(() => {
    last = sample(child.pid ?? 0) ?? last;
    if (early === 0 && sent >= times / 10) early = last.resident;
  }, 20);
  return new Promise((done, failed) => {
    child.on("error", failed);
    child.stdin.on("error", failed);
    child.on("close", () => {
      clearInterval(timer);
      const { resident, ...rest } = last;
      done({ seconds: (performance.now() - start) / 1000, ...rest, early, late: resident, printed });
    });
    const send = (): void => {
      if (sent === times) child.stdin.end();
      else
        child.stdin.write(bytes, () => {
          sent++;
          send();
        });
    };
    send();
  });
}

const rules = rulesFolder();
const loaded = loadRules([rules], { cache: false, pipelines: [] });
print(
  `${loaded.rules.length} rules, ${loaded.unsupported.length} refused; ${options.rules === undefined ? "made up" : rules}`,
);
const given = options.events === undefined ? null : readFileSync(options.events);
const large = given ?? generatedEvents("large", 20_000);
const bytesPerEvent = (bytes: Buffer): number =>
  Math.round(bytes.length / speedOf([], matcherOf([], null), bytes).events);
matching(loaded.rules, `events of ${bytesPerEvent(large)} bytes, reading JSON included`, large);
if (given === null) {
  const small = generatedEvents("small", 60_000);
  matching(loaded.rules, `events of ${bytesPerEvent(small)} bytes, reading JSON included`, small);
}

print("\nstart-up until an empty file is read");
const empty = Buffer.from("\n");
const first = await run(["--rules", rules, "--events", "-"], empty, 1);
const second = await run(["--rules", rules, "--events", "-"], empty, 1);
for (const [name, { seconds, cpu, most }] of [
  ["first time", first],
  ["rules kept", second],
] as const) {
  print(`  ${name} ${seconds.toFixed(2)} s wall, ${cpu.toFixed(2)} cpu-s, ${Math.round(most)} MB at most`);
}

print("\nthe whole program over a long stream on standard input, all rules, summary only");
const times = Math.max(10, Math.round(500_000_000 / large.length));
const streamed = await run(["--rules", rules, "--events", "-", "--summary"], large, times);
print(
  `  resident ${Math.round(streamed.early)} MB early, ${Math.round(streamed.late)} MB at the end, ${Math.round(streamed.most)} MB at most`,
);

print(
  "\nthe whole program over files, all rules, summary only; the shorter for the start, the longer for the speed",
);
const file = join(folder, "events.ndjson");
for (let time = 0; time < times; time++) appendFileSync(file, large);

/** What the events of files beyond the first take, with the start left out. */
async function threadsFor(workers: number): Promise<{ wall: number; cpu: number; busiest: number }> {
  const over = (count: number): Promise<Ended> => {
    const files = Array.from({ length: count }, () => file);
    return run(["--rules", rules, "--events", ...files, "--summary", "--workers", String(workers)], empty, 0);
  };
  const short = await over(1);
  const long = await over(4);
  const eventsOf = ({ printed }: Ended): number => (JSON.parse(printed) as { events: number }).events;
  const events = eventsOf(long) - eventsOf(short);
  const wall = (long.seconds - short.seconds) / events;
  const cpu = (long.cpu - short.cpu) / events;
  const busiest = (long.busiest - short.busiest) / events;
  print(
    `  ${workers} thread${workers === 1 ? " " : "s"} ${figure(1 / wall)} events/s wall; an event takes ${(cpu * 1e6).toFixed(1)} us of processors, ${(busiest * 1e6).toFixed(1)} us of the busiest thread; ${Math.round(long.most)} MB at most`,
  );
  return { wall, cpu, busiest };
}

const rounds: { one: Awaited<ReturnType<typeof threadsFor>>; two: Awaited<ReturnType<typeof threadsFor>> }[] =
  [];
for (let round = 0; round < 3; round++) rounds.push({ one: await threadsFor(1), two: await threadsFor(2) });
const least = (of: (round: (typeof rounds)[number]) => number): number => Math.min(...rounds.map(of));
const wall = least(({ one }) => one.wall) / least(({ two }) => two.wall);
// Two processors of one's own give both threads all the time that they ask for, and no more than two of it.
const asked = least(({ two }) => Math.max(two.busiest, two.cpu / 2));
const free = least(({ one }) => one.busiest) / asked;
print(`  2 threads are ${wall.toFixed(2)} times 1 by the clock, ${free.toFixed(2)} times by processor time`);
print(
  `  load of the machine, by others too: ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} processors`,
);
rmSync(folder, { recursive: true });
