import { exitStatus } from "../journal/exit-status.js";
import type { RunState } from "../journal/fold.js";
import { toResults } from "../journal/results.js";
import { acceptanceText, explainExecution, explainQuality, explainVerdict, type Remark } from "./explain.js";
import { type Finding, type Mark, type Row, type Section, sectionsOf, totalLatency } from "./findings.js";
import {
  cleanupNotes,
  folderNotes,
  headNotes,
  noiseNotes,
  type Note,
  resultNotes,
  totalNotes,
} from "./summary-notes.js";
import { painter, type Painter, type Tone } from "./style.js";
import { clip, columns, duration, pad, plain, wrap } from "./text.js";

export interface SummaryOptions {
  /** Columns; what is less than 60 is taken as 60. */
  readonly width: number;
  readonly color: boolean;
  /** Explain what was met as well. */
  readonly everything?: boolean;
  /** As for the exit status. */
  readonly strict?: boolean;
  /** The run's folder, to be named. */
  readonly folder?: string;
  /** What a command line calls the run, when its id alone would not be found. */
  readonly reference?: string;
}

const marks: Record<Mark, { symbol: string; tone: Tone }> = {
  met: { symbol: "✓", tone: "good" },
  "as-expected": { symbol: "≈", tone: "good" },
  accepted: { symbol: "~", tone: "unsure" },
  "not-met": { symbol: "✗", tone: "bad" },
  unsure: { symbol: "?", tone: "unsure" },
  problem: { symbol: "!", tone: "bad" },
  skipped: { symbol: "-", tone: "dim" },
  open: { symbol: "·", tone: "dim" },
};

/**
 * A run for the terminal: one row for each procedure (and twin) and analytic with how often it came out so, and
 * underneath whatever was not met, or missed as expected, why. Pure; safe for any text that a host printed.
 */
export function renderSummary(state: RunState, options: SummaryOptions): string {
  const width = Math.max(60, options.width);
  const paint = painter(options.color);
  const results = toResults(state);
  const sections = sectionsOf(state);
  const lines = noteLines(headNotes(state), width, paint);
  const names = namesOf(sections, width);
  for (const section of sections) {
    lines.push("", paint("strong", clip(`${plain(section.technique)}  ${plain(section.playbook)}`, width)));
    for (const row of section.rows)
      lines.push(...rowLines(row, names, width, paint, options.everything === true));
  }
  const exit = exitStatus(results, { strict: options.strict === true });
  const closing = [
    ...noiseNotes(results),
    ...cleanupNotes(results),
    ...totalNotes(results),
    ...folderNotes(options.folder),
    ...resultNotes(state, results, exit, options.reference ?? state.id),
  ];
  return [...lines, "", ...noteLines(closing, width, paint)].join("\n");
}

function noteLines(notes: readonly Note[], width: number, paint: Painter): string[] {
  const labels = Math.max(...notes.map(({ label }) => columns(label))) + 2;
  return notes.flatMap(({ label, text, tone }) =>
    wrap(text, width - labels).map(
      (line, index) => pad(index === 0 ? label : "", labels) + paint(tone, line),
    ),
  );
}

interface Names {
  readonly procedure: number;
  readonly analytic: number;
}

/** Before the names: `  ✓ false-alarm   12/12  `; after them at least a note of 17 columns. */
const BEFORE = 2 + 2 + 14 + 7 + 2;
const NOTE = 17;

/** The two columns of names share what is left; each takes no more than its longest name. */
function namesOf(sections: readonly Section[], width: number): Names {
  const rows = sections.flatMap(({ rows }) => rows);
  const longest = (of: (row: Row) => string): number => Math.max(8, ...rows.map((row) => columns(of(row))));
  const [procedure, analytic] = [
    longest(procedureName),
    longest(({ findings }) => plain(findings[0].analytic)),
  ];
  const room = width - BEFORE - NOTE - 4;
  if (procedure + analytic <= room) return { procedure, analytic };
  const half = Math.floor(room / 2);
  if (procedure <= half) return { procedure, analytic: room - procedure };
  return analytic <= half
    ? { procedure: room - analytic, analytic }
    : { procedure: half, analytic: room - half };
}

function procedureName({ findings }: Row): string {
  const { trial } = findings[0].record;
  return trial.twin ? "  twin" : plain(trial.procedure);
}

function rowLines(row: Row, names: Names, width: number, paint: Painter, everything: boolean): string[] {
  const [first] = row.findings;
  const { symbol, tone } = marks[first.mark];
  const count = row.of === 1 ? "" : `${row.findings.length}/${row.of}`;
  const line = [
    `  ${paint(tone, `${symbol} ${pad(plain(first.word), 13)}`)} ${pad(count, 7, "left")}`,
    pad(procedureName(row), names.procedure),
    pad(plain(first.analytic), names.analytic),
    clip(noteOf(row), Math.max(NOTE, width - BEFORE - names.procedure - names.analytic - 4)),
  ].join("  ");
  const isBrief = !everything && (first.mark === "met" || first.mark === "open");
  const remarks = isBrief ? qualityOf(row) : remarksOf(row);
  return [line.trimEnd(), ...remarks.flatMap((remark) => remarkLines(remark, width, paint))];
}

/** What stands at the end of a row: what was expected, or how long the alert took. */
function noteOf({ findings }: Row): string {
  const [first] = findings;
  if (first.mark === "as-expected") return "as expected";
  if (first.mark === "accepted") return "accepted miss";
  if (first.mark === "not-met" || first.mark === "unsure") {
    if (first.verdict !== null) return `expected ${first.verdict.expected}`;
    return first.expectation === null ? "" : `expected ${first.expectation.outcome}`;
  }
  if (first.word !== "detected") return "";
  const latencies = findings
    .map(({ verdict }) => (verdict === null ? null : totalLatency(verdict)))
    .filter((latency) => latency !== null)
    .sort((one, other) => one - other);
  const median = latencies[Math.floor((latencies.length - 1) / 2)];
  return median === undefined ? "" : `${latencies.length > 1 ? "median " : ""}${duration(median)}`;
}

function qualityOf({ findings: [{ verdict }] }: Row): Remark[] {
  return verdict === null ? [] : explainQuality(verdict);
}

function remarksOf(row: Row): Remark[] {
  const [first, ...others] = row.findings;
  const remarks: Remark[] = [];
  if (first.mark === "skipped") {
    remarks.push({ label: "lacks", text: plain(first.execution.reason?.message ?? "") });
  } else if (first.execution.status !== "ran") {
    remarks.push(...explainExecution(first.execution));
  } else if (first.verdict !== null) {
    remarks.push(...explainVerdict(first.verdict), ...qualityOf(row));
  } else if (first.mark === "unsure") {
    remarks.push({ label: "cause", text: "the run ended before a verdict was reached" });
  }
  const because = first.expectation?.because;
  if (first.mark === "as-expected" && because !== undefined)
    remarks.push({ label: "because", text: plain(because) });
  const accepted = first.verdict?.accepted;
  if (accepted !== undefined) remarks.push({ label: "accepted", text: acceptanceText(accepted) });
  remarks.push({ label: "where", text: whereOf(row) });
  if (others.length > 0)
    remarks.push({
      label: "shown",
      text: `trial ${plain(first.record.trial.id)}; ${others.length} more like it`,
    });
  return remarks;
}

/** Targets and arguments of a row, each once. */
function whereOf({ findings }: Row): string {
  const targets = [...new Set(findings.map(({ record }) => plain(record.trial.target)))];
  const variants = [...new Set(findings.map(variantText))].filter((text) => text !== "");
  const hosts =
    targets.length > 8 ? `${targets.length} targets, ${targets.slice(0, 8).join(" ")} …` : targets.join(" ");
  const shown = variants.slice(0, 4).join("; ");
  if (shown === "") return hosts;
  return `${hosts} with ${shown}${variants.length > 4 ? `; ${variants.length - 4} more` : ""}`;
}

function variantText({ record }: Finding): string {
  return Object.entries(record.trial.variant)
    .map(([name, value]) => `${name}=${clip(plain(String(value)), 40)}`)
    .join(" ");
}

function remarkLines({ label, text }: Remark, width: number, paint: Painter): string[] {
  const indent = 6;
  const tone: Tone = label === "cause" || label === "change" || label === "reason" ? "none" : "dim";
  return wrap(text, width - indent - 10).map((line, index) => {
    const before = index === 0 ? pad(label, 9) : " ".repeat(9);
    return `${" ".repeat(indent)}${paint("dim", before)} ${paint(tone, line)}`;
  });
}
