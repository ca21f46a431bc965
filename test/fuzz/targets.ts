import { readdirSync, readFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { compileSigma } from "../../src/detection/sigma/compile.js";
import { compileRegex, RegexProblem } from "../../src/detection/sigma/regex/index.js";
import { TyrianError } from "../../src/errors.js";
import { hostEventSchema } from "../../src/model/event.js";
import { lintPlaybook } from "../../src/playbook/lint.js";
import { parsePlaybook } from "../../src/playbook/load.js";
import { AuditdParser } from "../../src/telemetry/auditd.js";
import { LaurelParser } from "../../src/telemetry/laurel.js";
import type { SensorParser } from "../../src/telemetry/sensor.js";
import { StraceParser } from "../../src/telemetry/strace.js";
import { recorded, recordedUsers } from "../telemetry/fixtures.js";

/** What is fuzzed. `run` throws only for a defect: coded errors and diagnostics are what bad input should give. */
export interface FuzzTarget {
  readonly name: string;
  /** Right inputs to begin with. */
  seeds(): Promise<[string, ...string[]]> | [string, ...string[]];
  run(input: string): Promise<void> | void;
}

const repository = resolve(import.meta.dirname, "../..");

/** The texts of files under a folder whose names end so. */
function textsOf(folder: string, ...endings: string[]): [string, ...string[]] {
  const texts = readdirSync(join(repository, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => endings.includes(extname(name)))
    .map((name) => readFileSync(join(repository, folder, name), "utf8"));
  const [first, ...rest] = texts;
  if (first === undefined) throw new Error(`no ${endings.join(", ")} in ${folder}`);
  return [first, ...rest];
}

/** Parts of a seed of lines, so that a case stays small. */
function pieces(lines: readonly string[]): [string, ...string[]] {
  const texts = Array.from({ length: Math.ceil(lines.length / 12) }, (_, index) =>
    lines.slice(index * 12, index * 12 + 12).join("\n"),
  );
  return [texts[0] ?? "", ...texts.slice(1)];
}

async function coded(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof TyrianError)) throw error;
  }
}

function parseAll(parser: SensorParser, input: string): void {
  let position = 0;
  for (const line of input.split("\n")) {
    for (const event of parser.push(line, position, 1_000)) hostEventSchema.parse(event);
    position += Buffer.byteLength(line) + 1;
  }
  for (const event of parser.flush(100_000)) hostEventSchema.parse(event);
}

const event = {
  id: "fuzz",
  logsource: { product: "linux", category: "process_creation" },
  fields: {
    Image: "/usr/bin/bash",
    CommandLine: "bash -c 'echo aGVsbG8= | base64 -d | sh'",
    ProcessId: 12,
    User: null,
  },
};

export const targets: readonly FuzzTarget[] = [
  {
    name: "playbook",
    seeds: () => textsOf("playbooks", ".yaml"),
    run: (input) =>
      coded(async () => {
        const { playbook } = parsePlaybook(input, "fuzz.yaml");
        if (playbook !== null) await lintPlaybook(playbook);
      }),
  },
  {
    name: "sigma",
    seeds: () => textsOf("playbooks", ".yml"),
    run: (input) => {
      const { rule } = compileSigma(input, "fuzz.yml");
      if (rule === null) return;
      rule.matches(event);
      rule.explain(event);
    },
  },
  {
    name: "condition",
    seeds: () => [
      "selection and not filter",
      "1 of sel* and (not all of filter_* or them)",
      "all of them",
      "(a or b) and not (c and d)",
      "selection | count() by User > 5",
    ],
    run: (input) => {
      const detection = { selection: { Image: "a" }, filter: { Image: "b" }, a: { x: 1 }, condition: input };
      compileSigma(
        JSON.stringify({ title: "fuzz", logsource: { product: "linux" }, detection }),
        "fuzz.yml",
      ).rule?.matches(event);
    },
  },
  {
    name: "regular expression",
    seeds: () => [
      "^(?:a|b)+c{2,5}$",
      "[^\\w\\s]+\\.(exe|dll)",
      "(?i)power.*shell",
      "a{1,3}?b*?\\b",
      "[a-z&&[^b]]",
    ],
    run: (input) => {
      try {
        compileRegex(input, new Set(["i"])).test(
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa! C:\\Windows\\power-shell.exe",
        );
      } catch (error) {
        if (!(error instanceof RegexProblem)) throw error;
      }
    },
  },
  {
    name: "auditd",
    seeds: () => pieces(recorded("audit-session.log")),
    run: (input) => parseAll(new AuditdParser(recordedUsers), input),
  },
  {
    name: "laurel",
    seeds: () => pieces(recorded("laurel-session.jsonl")),
    run: (input) => parseAll(new LaurelParser({ host: "h" }), input),
  },
  {
    name: "strace",
    seeds: () => [
      [
        `1 1795492269.000001 execve("/usr/sbin/sshd", ["sshd"], 0x1 /* 1 var */) = 0`,
        "1 1795492269.000002 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>",
        `5 1795492269.000003 execve("/bin/ls", ["ls", "\\303\\251"], 0x1 /* 1 var */ <unfinished ...>`,
        "1 1795492269.000004 <... clone resumed>, child_tidptr=0x1) = 5",
        "5 1795492269.000005 <... execve resumed>) = 0",
        "5 1795492269.000006 +++ exited with 0 +++",
      ].join("\n"),
    ],
    run: (input) => parseAll(new StraceParser("h1"), input),
  },
];
