import { readdirSync, readFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { compileWithPipelines, parsePipeline } from "../../src/detection/pipelines/index.js";
import { compileCollection } from "../../src/detection/sigma/collection.js";
import { parseSigmaFile } from "../../src/detection/sigma/collection-file.js";
import { compileSigma } from "../../src/detection/sigma/compile.js";
import { compileRegex, RegexProblem } from "../../src/detection/regex/index.js";
import { evaluateSpl } from "../../src/detection/spl/evaluate.js";
import { TyrianError } from "../../src/errors.js";
import { hostEventSchema } from "../../src/model/event.js";
import { lintPlaybook } from "../../src/playbook/lint.js";
import { parsePlaybook } from "../../src/playbook/load.js";
import { EventReader } from "../../src/telemetry/files/event-reader.js";
import { readFound } from "../../src/telemetry/files/read-found.js";
import { AuditdParser } from "../../src/telemetry/auditd.js";
import { LaurelParser } from "../../src/telemetry/laurel.js";
import type { SensorParser } from "../../src/telemetry/sensor.js";
import { EventDefect } from "../../src/telemetry/windows/event-defect.js";
import { ScriptBlocks } from "../../src/telemetry/windows/script-blocks.js";
import { windowsEvent } from "../../src/telemetry/windows/windows-event.js";
import type { WindowsFields } from "../../src/telemetry/windows/windows-fields.js";
import { StraceParser } from "../../src/telemetry/strace.js";
import { recorded, recordedUsers } from "../telemetry/fixtures.js";
import * as shipped from "../telemetry/windows/shipped.js";

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

const sigmaRule = `title: One
name: one
logsource: { product: linux, category: process_creation }
detection: { s: { Image|endswith: /bash }, condition: s }
`;

const logged: shipped.Logged = {
  provider: "Microsoft-Windows-Security-Auditing",
  guid: "{54849625-5478-4994-A5BA-3E3B0328C30D}",
  ...{ eventId: 4688, channel: "Security", computer: "h", record: 1, processId: 4 },
  systemTime: "2026-11-24T10:11:12.1234567Z",
  data: ["SubjectUserName", "NewProcessId", "NewProcessName", "ProcessId", "CommandLine"].map((name) => [
    name,
    "\tHostName=0x1\\a & <b>",
  ]),
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
    name: "sigma collection",
    seeds: () => [
      ...textsOf("playbooks", ".yml"),
      `${sigmaRule}---\ntitle: Often\ncorrelation: { type: event_count, rules: [one], group-by: [User], timespan: 5m, condition: { gte: 2 } }\n`,
      `${sigmaRule}---\ntitle: In order\ncorrelation: { type: temporal_ordered, rules: [one, one], timespan: 1h, aliases: { who: { one: User } }, group-by: [who] }\n`,
      `${sigmaRule}---\ntitle: Without root\nlogsource: { product: linux }\nfilter: { rules: any, s: { User: root }, condition: not s }\n`,
    ],
    run: (input) => {
      const { rules, correlations } = compileCollection([parseSigmaFile(input, "fuzz.yml")]);
      for (const { rule } of rules) rule.matches(event);
      const events = [0, 1, 2].map((minute) => ({ ...event, id: `${minute}`, time: minute * 60_000 }));
      for (const { rule } of correlations) rule.explainWindow(events);
    },
  },
  {
    name: "spl",
    seeds: () => [
      'index=x Image="*\\\\bash" (CommandLine="*-c*" OR NOT User IN (root, "op*")) | stats count min(_time) as first by host, User | where count > 2',
      "| tstats count from datamodel=Endpoint.Processes where Processes.process_name=powershell.exe by Processes.dest | `drop_dm_object_name(Processes)`",
      'search EventCode=4104 | rex field=ScriptBlockText "(?<word>[a-z]+)" | eval x=if(match(word, "^a"), upper(word), coalesce(y, "z")) | dedup x | sort - x | head 5',
      'sourcetype=linux:audit [search CommandLine=*id* | fields User] | eval hour=strftime(_time, "%H") | where hour<8 OR hour>18 | table _time CommandLine',
    ],
    run: (input) => {
      for (const mode of ["strict", "lenient"] as const) {
        evaluateSpl(input, "fuzz.spl", [{ ...event, time: 1_795_521_579_786 }], {
          mode,
          now: 1_795_521_600_000,
        });
      }
    },
  },
  {
    name: "pipeline",
    seeds: () => textsOf("pipelines", ".yml"),
    run: (input) => {
      const { pipeline } = parsePipeline(input, "fuzz.yml");
      if (pipeline !== null) compileWithPipelines(sigmaRule, "rule.yml", [pipeline]);
    },
  },
  {
    name: "events",
    seeds: () => [
      [{ Image: "/bin/sh", "@timestamp": "2026-11-24T12:00:00Z" }, { a: [1, { b: null }] }]
        .map((one) => JSON.stringify(one))
        .join("\n"),
      JSON.stringify(
        [
          {
            Event: {
              System: { Channel: "Security", EventID: 4688 },
              EventData: { NewProcessName: "C:\\x.exe" },
            },
          },
        ],
        null,
        2,
      ),
      ...[logged, { ...logged, provider: "PowerShell", guid: null, channel: "Windows PowerShell" }].flatMap(
        (one) => [
          ...[
            shipped.evtxDump,
            shipped.chainsawDump,
            shipped.xmltodict,
            shipped.openWec,
            shipped.winlogbeat,
          ].map((form) => JSON.stringify(form(one))),
          ...[shipped.splunkExport, shipped.wazuh, shipped.nxlog, shipped.fluentBit].map((form) =>
            JSON.stringify(form(one)),
          ),
          ...[shipped.forwardedXml(one), shipped.sectionedXml(one)],
        ],
      ),
      "11/24/2026 03:00:00 PM\nLogName=Windows PowerShell\nEventCode=400\nComputerName=h\nMessage=Details:\n\tHostName=a\n\tHostApplication=b\n",
      "11/24/2026 03:00:00 PM\nLogName=Microsoft-Windows-PowerShell/Operational\nEventCode=4104\nComputerName=h\nMessage=Creating Scriptblock text (1 of 1):\na\n\nScriptBlock ID: 8a3a3b9c-1111-2222-3333-444455556666\nPath: ",
      '<Events><Event xmlns="x"><System><Provider Name="Microsoft-Windows-Sysmon"/><EventID>1</EventID><Channel>Microsoft-Windows-Sysmon/Operational</Channel></System><EventData><Data Name="Image">C:\\a.exe</Data></EventData></Event></Events>',
    ],
    run: (input) => {
      const bytes = Buffer.from(input);
      const blocks = new ScriptBlocks();
      const reader = new EventReader({
        event: (found) => {
          const read = readFound(found, () => undefined);
          if (read === null || read.logsources[0]?.product !== "windows") return;
          try {
            blocks.push(windowsEvent(read as WindowsFields));
          } catch (thrown) {
            if (!(thrown instanceof EventDefect)) throw thrown;
          }
        },
        problem: () => undefined,
      });
      const half = Math.floor(bytes.length / 2);
      reader.push(bytes.subarray(0, half), false);
      reader.push(bytes.subarray(half), true);
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
