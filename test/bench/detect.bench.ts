/** Events a second of the streaming matcher with generated rules: `npx tsx test/bench/detect.bench.ts [RULES] [EVENTS]`. */
import { StreamingMatcher } from "../../src/detection/matcher.js";
import type { CompiledRule, RuleEvent } from "../../src/detection/rule.js";
import { compileSigma } from "../../src/detection/sigma/compile.js";

const ruleCount = Number(process.argv[2] ?? 100);
const eventCount = Number(process.argv[3] ?? 50_000);
const programs = ["bash", "sh", "python3", "curl", "wget", "base64", "perl", "node", "ssh", "awk"];
const words = [
  "-c",
  "--decode",
  "| sh",
  "/dev/tcp/",
  "http://",
  "chmod +x",
  "eval",
  "import socket",
  "nohup",
  "/tmp/",
];
const logsource = { product: "linux", category: "process_creation" };

/** A small generator with a fixed start, so that every run measures the same. */
let state = 42;
function pick(list: readonly string[]): string {
  state = (state * 1103515245 + 12345) % 2147483648;
  return list[state % list.length] ?? "";
}

function generatedRule(index: number): CompiledRule {
  const text = JSON.stringify({
    title: `rule ${index}`,
    id: `rule-${index}`,
    logsource,
    detection: {
      selection_image: { "Image|endswith": [`/${pick(programs)}`, `/${pick(programs)}`] },
      selection_command: { "CommandLine|contains|all": [pick(words), `${pick(words)} ${index}`] },
      filter_parent: { "ParentImage|endswith": "/apt" },
      condition: "all of selection_* and not 1 of filter_*",
    },
  });
  const { rule } = compileSigma(text, `rule-${index}.yml`);
  if (rule === null) throw new Error(text);
  return rule;
}

function generatedEvent(index: number): RuleEvent {
  const program = pick(programs);
  const commandLine = `${program} ${pick(words)} ${pick(words)} ${index % ruleCount} ${"argument ".repeat(8)}`;
  const fields = {
    Image: `/usr/bin/${program}`,
    CommandLine: commandLine,
    ParentImage: "/usr/sbin/sshd",
    User: "lab",
    ProcessId: index,
  };
  return { id: String(index), logsource, fields };
}

const rules = Array.from({ length: ruleCount }, (_, index) => generatedRule(index));
const events = Array.from({ length: eventCount }, (_, index) => generatedEvent(index));
const matcher = new StreamingMatcher(rules);
const cpu = process.cpuUsage();
const start = performance.now();
const matches = events.reduce((sum, event) => sum + matcher.match(event).length, 0);
const seconds = (performance.now() - start) / 1000;
const used = process.cpuUsage(cpu);
const cpuSeconds = (used.user + used.system) / 1e6;
const perSecond = (duration: number): string => Math.round(eventCount / duration).toLocaleString("en");
process.stdout.write(
  `${ruleCount} rules, ${eventCount} events, ${matches} matches: ${perSecond(seconds)} events/s, ${perSecond(cpuSeconds)} events/cpu-s\n`,
);
