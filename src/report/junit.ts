import { XMLBuilder } from "fast-xml-parser";
import { lacksRequirement } from "../journal/exit-status.js";
import type { RunState, TrialRecord } from "../journal/fold.js";
import { toResults } from "../journal/results.js";
import type { Results } from "../model/results.js";
import type { Verdict } from "../model/verdict.js";
import { acceptanceText, explainExecution, explainVerdict, type Remark } from "./explain.js";
import { plain } from "./text.js";

type TrialResult = Results["trials"][number];

/** One element; attributes begin with `@`, `#` is the text. The values are free of what XML 1.0 forbids. */
type Element = Record<string, unknown>;

/**
 * A run as JUnit XML: a test suite for each playbook and target, a test case for each trial and analytic. A miss is a
 * failure of the type of its outcome; what failed to run or is not decided is an error; what lacks a declared
 * requirement is skipped, and so is a miss that is accepted. A miss that the playbook expects passes.
 */
export function renderJunit(state: RunState): string {
  const results = toResults(state);
  const suites = new Map<string, { name: string; cases: Element[]; seconds: number }>();
  results.trials.forEach((trial, index) => {
    const name = `${trial.playbook} on ${trial.target}`;
    const suite = suites.get(name) ?? { name, cases: [], seconds: 0 };
    suite.cases.push(...casesOf(trial, state.trials[index] as TrialRecord));
    suite.seconds += (trial.execution.durationMs ?? 0) / 1000;
    suites.set(name, suite);
  });
  const run = results.run;
  const properties = [
    { "@name": "run", "@value": run.id },
    { "@name": "lab", "@value": run.lab },
    { "@name": "siem", "@value": run.siem },
    { "@name": "version", "@value": run.version },
    { "@name": "ended", "@value": run.ended ?? "not ended" },
  ];
  const testsuite = [...suites.values()].map(({ name, cases, seconds }) => ({
    "@name": name,
    ...totals(cases),
    "@time": seconds.toFixed(3),
    "@timestamp": run.startedAt.replace(/\.\d+Z$/, ""),
    properties: { property: properties },
    testcase: cases,
  }));
  const all = [...suites.values()].flatMap(({ cases }) => cases);
  const document = clean({
    "?xml": { "@version": "1.0", "@encoding": "UTF-8" },
    testsuites: { "@name": `tyrian ${run.id}`, ...totals(all), testsuite },
  });
  return new XMLBuilder({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    textNodeName: "#",
    format: true,
    suppressEmptyNode: true,
    suppressBooleanAttributes: false,
  })
    .build(document)
    .trimEnd();
}

function totals(cases: readonly Element[]): Element {
  const having = (name: string): number => cases.filter((each) => name in each).length;
  return {
    "@tests": cases.length,
    "@failures": having("failure"),
    "@errors": having("error"),
    "@skipped": having("skipped"),
  };
}

function casesOf(trial: TrialResult, record: TrialRecord): Element[] {
  const seconds = ((trial.execution.durationMs ?? 0) / 1000).toFixed(3);
  const titles = new Map(trial.verdicts.map(({ analytic, title }) => [analytic, title]));
  // Without verdicts, the expectations tell which cases there should have been.
  const analytics = [
    ...new Set([...titles.keys(), ...record.trial.expectations.map(({ analytic }) => analytic)]),
  ];
  return analytics.map((analytic) => {
    const verdict = trial.verdicts.find((each) => each.analytic === analytic) ?? null;
    return {
      "@classname": trial.technique,
      "@name": `${caseName(trial)} › ${titles.get(analytic) ?? analytic}`,
      "@time": seconds,
      ...outcomeOf(trial, verdict),
      "system-out": [`trial ${trial.id}`, `$ ${plain(record.trial.act.code)}`, trial.execution.stdout].join(
        "\n",
      ),
    };
  });
}

function caseName({ procedure, twin, variant }: TrialResult): string {
  const values = Object.entries(variant).map(([name, value]) => `${name}=${String(value)}`);
  return `${procedure}${twin ? " (twin)" : ""}${values.length === 0 ? "" : ` [${values.join(" ")}]`}`;
}

/** `failure`, `error`, `skipped` or nothing. */
function outcomeOf(trial: TrialResult, verdict: Verdict | null): Element {
  const { execution, cleanup } = trial;
  if (cleanup.status !== "clean") return complaint("error", cleanup.status, cleanup.detail, []);
  if (lacksRequirement(trial)) return { skipped: { "@message": execution.reason?.message ?? "" } };
  const met = verdict !== null && verdict.met && execution.status !== "indeterminate";
  if (met) return {};
  if (execution.status === "prevented") {
    return complaint("failure", "prevented", execution.reason?.message ?? "", explainExecution(execution));
  }
  if (execution.status !== "ran") {
    return complaint("error", execution.status, execution.reason?.message ?? "", explainExecution(execution));
  }
  if (verdict === null) return complaint("error", "undecided", "the run has no verdict for it", []);
  const message = `expected ${verdict.expected}, found ${verdict.outcome}`;
  if (verdict.accepted !== undefined)
    return { skipped: { "@message": `${message}; ${acceptanceText(verdict.accepted)}` } };
  const kind = verdict.outcome === "undecided" || verdict.outcome === "pending" ? "error" : "failure";
  return complaint(kind, verdict.outcome, message, explainVerdict(verdict));
}

function complaint(
  kind: "failure" | "error",
  type: string,
  message: string,
  remarks: readonly Remark[],
): Element {
  const text = remarks.map(({ label, text: remark }) => `${label}: ${remark}`).join("\n");
  return { [kind]: { "@type": type, "@message": message, ...(text === "" ? {} : { "#": text }) } };
}

/** Characters that XML 1.0 has no way to write, lone surrogates among them. */
const forbidden = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** The same elements with U+FFFD for every character that XML cannot hold; texts only, names are ours. */
function clean(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll(forbidden, "\uFFFD");
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, clean(each)]));
}
