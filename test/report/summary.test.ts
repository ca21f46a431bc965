import { expect, test } from "vitest";
import { hintOf } from "../../src/errors.js";
import { foldRun, type RunState } from "../../src/journal/fold.js";
import { REASON } from "../../src/journal/results.js";
import { columns } from "../../src/report/text.js";
import { renderSummary } from "../../src/report/summary.js";
import type { JournalEntry } from "../../src/model/journal-event.js";
import type { Trial } from "../../src/model/trial.js";
import { type Background, detectionOutcomeSchema, type QualityCheck } from "../../src/model/verdict.js";
import {
  aCause,
  anExecution,
  aTrial,
  aVerdict,
  completed,
  lifeOf,
  numbered,
  started,
} from "../journal/run-fixture.js";

function ran(
  lives: readonly [Trial, ...(Parameters<typeof lifeOf> extends [unknown, ...infer Rest] ? Rest : never)][],
  end: JournalEntry[] = [completed],
): RunState {
  const entries = lives.flatMap(([trial, verdicts, execution]) => lifeOf(trial, verdicts, execution));
  return foldRun(numbered([started(lives.map(([trial]) => trial)), ...entries, ...end]));
}

const plainly = { width: 120, color: false };
const line = (text: string, pattern: RegExp): string =>
  text.split("\n").find((each) => pattern.test(each)) ?? "";

test("a row stands for all trials that say the same, and only what was not met is explained", () => {
  const lives = ["h1", "h2", "h3"].flatMap((target, host): [Trial, ReturnType<typeof aVerdict>[]][] => [
    [aTrial(host * 3 + 1, { target }), [aVerdict("detected")]],
    [aTrial(host * 3 + 2, { target, twin: true }), [aVerdict("quiet", { expected: "quiet" })]],
    [
      aTrial(host * 3 + 3, { target, procedure: "env-split-string" }),
      [aVerdict(target === "h2" ? "logged" : "detected")],
    ],
  ]);
  const text = renderSummary(ran(lives), plainly);
  expect(line(text, /✓ detected .*decode-and-pipe/)).toMatch(/3\/3 .*median 16 ms$/);
  expect(line(text, /✓ quiet/)).toMatch(/3\/3 +twin/);
  expect(line(text, /✗ logged/)).toMatch(/1\/3 +env-split-string .*expected detected$/);
  expect(line(text, /wanted/)).toContain("base64 -d");
  expect(line(text, /found/)).toContain("openssl enc -d -base64");
  expect(line(text, /change/)).toContain("add `openssl enc` to the list");
  expect(line(text, /where/)).toMatch(/h2 with program=bash word=hello$/);
  expect(text.match(/cause/g)).toHaveLength(1);
  expect(text).toContain("Verdicts  9: 5 detected, 1 logged, 3 quiet; 8 met, 1 not met");
  expect(text).toContain("an expectation was not met (exit status 1)");
  expect(text).toContain("npx tyrian show env-split-string");
});

test("every outcome has its word, and a symbol that tells met from not met without colour", () => {
  for (const outcome of detectionOutcomeSchema.options) {
    const missed = renderSummary(
      ran([
        [
          aTrial(1),
          [aVerdict(outcome, { met: false, expected: outcome === "detected" ? "quiet" : "detected" })],
        ],
      ]),
      plainly,
    );
    const wanted = renderSummary(ran([[aTrial(1), [aVerdict(outcome, { expected: outcome })]]]), plainly);
    const pattern = new RegExp(`^  (.) ${outcome} `, "m");
    const undecided = outcome === "undecided" || outcome === "pending";
    expect(pattern.exec(missed)?.[1]).toBe(undecided ? "?" : "✗");
    expect(pattern.exec(wanted)?.[1]).toBe(outcome === "detected" || outcome === "quiet" ? "✓" : "≈");
    expect(missed).not.toContain("\x1b");
  }
});

test("a miss that the playbook expects is shown with its cause and why it is expected", () => {
  const trial = aTrial(1, {
    expectations: [
      {
        analytic: "base64-piped-to-shell",
        outcome: "logged",
        execution: "ran",
        because: "a here-document is on no command line",
      },
    ],
  });
  const text = renderSummary(ran([[trial, [aVerdict("logged", { expected: "logged" })]]]), plainly);
  expect(line(text, /≈ logged/)).toContain("as expected");
  expect(line(text, /because/)).toContain("a here-document is on no command line");
  expect(text).toContain("the rule does not match it");
  expect(text).toContain("(exit status 0)");
});

test("a false alarm says which event of the twin the rule matched, by which values, and how often it is noise", () => {
  const cause = aCause({
    detail: "the analytic fired for the twin's bash -c 'echo x | base64', a benign control: it is too broad",
    nearest: {
      event: "h1/auditd/1:7",
      summary: "bash -c 'echo x | base64'",
      met: 2,
      needed: 2,
      unmet: [],
      matched: [
        {
          clause: "selection: CommandLine|contains",
          field: "CommandLine",
          value: "'base64'",
          found: "bash -c 'echo x | base64'",
        },
        {
          clause: "selection: Image|endswith",
          field: "Image",
          value: "'/bash'",
          found: "/usr/bin/bash",
        },
      ],
    },
    tested: [],
    untested: [{ link: "suppression", reason: "nothing passed the link clause" }],
  });
  const explained = (background: Background | null): string[] => {
    const verdict = aVerdict("false-alarm", { expected: "quiet", cause, background });
    const lines = renderSummary(ran([[aTrial(1, { twin: true }), [verdict]]]), plainly).split("\n");
    const from = lines.findIndex((each) => each.includes("✗ false-alarm"));
    return lines.slice(from + 1, lines.indexOf("", from)).map((each) => each.trim().replace(/ +/, " "));
  };
  expect(explained({ matches: 1, observedHours: 0.5, perDay: 48 })).toEqual([
    "cause the analytic fired for the twin's bash -c 'echo x | base64', a benign control: it is too broad",
    "event bash -c 'echo x | base64'",
    "clause selection: CommandLine|contains",
    "matched 'base64'",
    "clause selection: Image|endswith",
    "matched '/bash'",
    "found /usr/bin/bash",
    "noise without us it fired 1 time in 30 min 0 s of this target's telemetry, 48 a day",
    "where h1 with program=bash word=hello",
  ]);
  expect(explained(null)).toContain("noise how often it fires on this target without us is not known");
});

test("what an analyst misses in an alert is said, also of one that is as expected; what is there is not", () => {
  const quality: QualityCheck[] = [
    { check: "severity", wanted: "high", found: "Low", ok: false },
    { check: "host", wanted: "h1", found: null, ok: false },
    { check: "user", wanted: "op", found: null, ok: null },
    { check: "technique", wanted: "T1059.004", found: null, ok: false },
  ];
  const lines = (checks: QualityCheck[]): string[] => {
    const verdict = aVerdict("detected", { quality: checks });
    return renderSummary(ran([[aTrial(1), [verdict]]]), plainly)
      .split("\n")
      .filter((line) => line.includes(" quality "))
      .map((line) => line.trim());
  };
  expect(lines(quality)).toEqual([
    "quality   the alert's severity is Low, and the rule's level is high",
    "quality   the alert does not name the host h1",
    "quality   the alert has no ATT&CK technique; the trial is of T1059.004",
  ]);
  expect(lines(quality.map((check) => ({ ...check, ok: true })))).toEqual([]);
});

test("links that could not be tested stand together with their reason, and without one where it is the cause", () => {
  const cause = aCause({
    link: "siem",
    detail: "no answer",
    tested: ["execution"],
    untested: [
      { link: "host-log", reason: "no answer" },
      { link: "ingest", reason: "no answer" },
      { link: "clause", reason: "nothing arrived" },
    ],
  });
  const state = ran([[aTrial(1), [aVerdict("undecided", { cause })]]]);
  const line = renderSummary(state, plainly)
    .split("\n")
    .find((each) => each.includes("untested"));
  expect(line?.trim().replace(/ +/, " ")).toBe("untested host-log, ingest; clause (nothing arrived)");
});

test("failed, prevented, indeterminate and skipped trials say why, and no verdict row hides it", () => {
  const because = (
    status: "failed" | "prevented" | "not-run" | "indeterminate",
    code: string,
    message: string,
  ) => anExecution({ status, proof: null, reason: { code, message }, stderr: "bash: not found\n" });
  const undecided = [aVerdict("undecided")];
  const state = ran([
    [aTrial(1, { procedure: "a" }), undecided, because("failed", "proof-not-met", "the proof was not met")],
    [aTrial(2, { procedure: "b" }), undecided, because("prevented", "refused", "EACCES on /tmp")],
    [
      aTrial(3, { procedure: "c" }),
      undecided,
      because("not-run", REASON.requirementAbsent, "python3 is absent"),
    ],
    [aTrial(4, { procedure: "d" }), [], because("indeterminate", "disconnected", "the connection was lost")],
    [
      aTrial(5, { procedure: "e" }),
      [aVerdict("undecided", { met: true })],
      because("prevented", "refused", "EPERM"),
    ],
  ]);
  const text = renderSummary(state, plainly);
  expect(line(text, /! failed/)).toContain(" a");
  expect(line(text, /✗ prevented/)).toMatch(/ b .*expected detected/);
  expect(line(text, /- skipped/)).toContain(" c");
  expect(text).toContain("python3 is absent");
  expect(line(text, /! indeterminate/)).toContain(" d");
  expect(line(text, /≈ prevented/)).toMatch(/ e .*as expected/);
  expect(text).toContain("stderr    bash: not found");
  expect(text).not.toMatch(/^ {2}\? undecided/m);
});

test("what to do next helps against what happened", () => {
  const next = (reason: { code: string; message: string }): string => {
    const execution = anExecution({ status: "not-run", reason });
    const verdict = aVerdict("undecided");
    const text = renderSummary(ran([[aTrial(1), [verdict], execution]]), { ...plainly, width: 400 });
    return line(text, /^Next/).replace(/^Next +/, "");
  };
  expect(next({ code: "lab-token-missing", message: "no token" })).toBe(`h1: ${hintOf("lab-token-missing")}`);
  expect(next({ code: "host-key-mismatch", message: "another key" })).toBe(
    `h1: ${hintOf("host-key-mismatch")}`,
  );
  expect(next({ code: "work-folder-failed", message: "no folder" })).toBe(
    "npx tyrian show decode-and-pipe-to-shell",
  );
  const elsewhere = renderSummary(ran([[aTrial(1), [aVerdict("detected")]]]), {
    ...plainly,
    reference: "/elsewhere/run",
  });
  expect(line(elsewhere, /^Next/)).toContain("npx tyrian report /elsewhere/run --format junit");
});

test("a run that has not ended, and one that has not started, are said to be so", () => {
  const trials = [aTrial(1), aTrial(2, { target: "h2" })];
  const going = foldRun(
    numbered([
      started(trials),
      ...lifeOf(aTrial(1), [aVerdict("detected")]),
      { type: "trial-armed", trial: aTrial(2).id },
    ]),
  );
  const text = renderSummary(going, plainly);
  expect(text).toContain("the run has not ended");
  expect(line(text, /· armed/)).toContain("1/2");
  expect(renderSummary(foldRun([]), plainly)).toContain("not started");
});

test("noise, simulated targets and targets that are not clean are named", () => {
  const dirty = lifeOf(aTrial(1, { fidelity: "simulated" }), [
    aVerdict("detected", { background: { matches: 3, observedHours: 0.5, perDay: 144 } }),
  ]).map((entry): JournalEntry =>
    entry.type === "trial-cleaned"
      ? { ...entry, cleanup: { status: "dirty", detail: "/tmp/w1 is there", attempts: 3 } }
      : entry,
  );
  const text = renderSummary(
    foldRun(numbered([started([aTrial(1, { fidelity: "simulated" })]), ...dirty, completed])),
    plainly,
  );
  expect(text).toContain(
    '"Base64 decoded and piped to a shell" fires without us: h1 3 in 30 min 0 s, 144 a day',
  );
  expect(text).toMatch(/Simulated +h1: proves the plumbing/);
  expect(text).toMatch(/! Dirty +h1 after decode-and-pipe-to-shell .*: \/tmp\/w1 is there/);
  expect(text).toContain("npx tyrian cleanup 20261124-0350-abcd");
});

const evil = "\x1b[2J\x1b]0;owned\x07\r\n\u202Eevil\x9b31m\x00" + "x".repeat(5000);

test("what a host, a rule or a playbook says cannot act on the terminal", () => {
  const trial = aTrial(1, {
    name: evil,
    target: "h1",
    procedure: evil,
    variant: { program: evil },
    technique: evil,
    playbook: evil,
  });
  const nearest = {
    event: evil,
    summary: evil,
    met: 0,
    needed: 1,
    unmet: [{ clause: evil, field: evil, wanted: evil, found: evil, change: evil }],
  };
  const cause = aCause({ detail: evil, nearest, untested: [{ link: "siem", reason: `${evil}!` }] });
  const failed = anExecution({
    status: "failed",
    stderr: evil,
    stdout: evil,
    reason: { code: evil, message: evil },
    signal: evil,
  });
  const state = ran([
    [trial, [aVerdict("logged", { title: evil, cause })]],
    [aTrial(2, { procedure: "b" }), [], failed],
  ]);
  const text = renderSummary({ ...state, title: evil, id: evil }, { width: 100, color: false });
  expect(text).not.toMatch(/[^\P{Cc}\n]|\u202E/u);
  const colored = renderSummary(state, { width: 100, color: true });
  expect(colored.replaceAll(/\x1b\[\d+m/g, "")).not.toMatch(/[^\P{Cc}\n]/u);
});

test.each([60, 80, 100, 133, 200])(
  "no line is wider than %d columns, and colours change nothing but colour",
  (width) => {
    const trials = [
      aTrial(1, { procedure: "a-procedure-with-an-uncommonly-long-name-that-does-not-fit", target: "你好" }),
      aTrial(2, { procedure: "b" }),
    ];
    const state = ran(
      trials.map((trial) => [
        trial,
        [aVerdict("logged", { title: `${"a very long title ".repeat(9)}`, expected: "detected" })],
      ]),
    );
    const text = renderSummary(state, { width, color: false });
    for (const each of text.split("\n")) expect(columns(each)).toBeLessThanOrEqual(width);
    expect(renderSummary(state, { width, color: true }).replaceAll(/\x1b\[\d+m/g, "")).toBe(text);
  },
);

test("180 trials of thirty procedures and their twins on three targets take one line each and a dozen around them", () => {
  const lives = Array.from({ length: 180 }, (_, index): [Trial, ReturnType<typeof aVerdict>[]] => {
    const twin = index % 2 === 1;
    const trial = aTrial(index + 1, {
      procedure: `procedure-${Math.floor(index / 6)}`,
      target: `h${(index % 3) + 1}`,
      twin,
    });
    return [trial, [twin ? aVerdict("quiet", { expected: "quiet" }) : aVerdict("detected")]];
  });
  const lines = renderSummary(ran(lives), plainly).split("\n");
  expect(lines.length).toBeLessThan(75);
  expect(lines.filter((each) => each.includes("✓"))).toHaveLength(60);
});
