import { type Settings, longestAlertLagOf, longestLagOf } from "./settings.js";
import { type Share, type Tally, quantile } from "./tally.js";

const outcomes = [
  "detected",
  "suppressed",
  "other-alert",
  "logged",
  "blind",
  "quiet",
  "false-alarm",
  "pending",
  "undecided",
] as const;

/** Reasons of `undecided` that are printed. */
const REASONS = 12;

/** What was measured at one setting, in lines. */
export function reportOf(settings: Settings, tally: Tally): string[] {
  const { trials, decidable, all, wrong, wrongCauses, causes } = tally;
  return [
    `== ${settings.name}: ${trials} trials`,
    ...settingLines(settings),
    ...matrixLines(tally),
    `wrong verdicts: ${wrong.length}${wrong.length === 0 ? ` (95 %: below ${percent(3 / trials)})` : ""}`,
    ...wrong.slice(0, 20).map((line) => `  WRONG ${line}`),
    `causes of misses: ${causes - wrongCauses.length} right of ${causes}`,
    ...wrongCauses.slice(0, 20).map((line) => `  WRONG ${line}`),
    `undecided of the decidable: ${shareLine(decidable)}`,
    ...loose(tally.byLoss).map(([loss, times]) => `  ${String(times).padStart(5)} lost: ${loss}`),
    ...loose(tally.reasons)
      .slice(0, REASONS)
      .map(([reason, times]) => `  ${String(times).padStart(5)} ${reason}`),
    "  by scenario:",
    ...shareLines(tally.byScenario),
    `undecided of all: ${shareLine(all)}; those that no evidence decides:`,
    ...shareLines(tally.byWhy),
    `pending: ${all.pending}; later: ${[...tally.later].map(([outcome, times]) => `${outcome} ${times}`).join(", ")}`,
    `refused by a declared control, with the record there: ${tally.refusals.prevented} prevented, ${tally.refusals.failed} left failed`,
    `logged, with an alert of another analytic that names no host and so cannot be asked for: ${tally.hiddenOthers}`,
    ...timeLines(tally),
    ...questionLines(settings, tally),
    ...methodLines(tally),
    "",
  ];
}

function loose(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([, one], [, other]) => other - one);
}

function shareLine({ undecided, of }: Share): string {
  return `${undecided} of ${of} (${percent(undecided / of)})`;
}

function shareLines(shares: ReadonlyMap<string, Share>): string[] {
  return [...shares]
    .sort(([, one], [, other]) => other.undecided - one.undecided)
    .map(([name, share]) => `    ${name.padEnd(44)} ${shareLine(share)}`);
}

function timeLines({ toVerdict, ofAlert }: Tally): string[] {
  const times = ofAlert.length === 0 ? "-" : quantile(ofAlert, 0.5).toFixed(2);
  return [
    `time to verdict: p50 ${seconds(quantile(toVerdict, 0.5))}, p95 ${seconds(quantile(toVerdict, 0.95))}`,
    `  of a detected trial: ${times} times the time to its alert (median; p95 ${quantile(ofAlert, 0.95).toFixed(2)})`,
  ];
}

function questionLines({ questionsPerMinute }: Settings, tally: Tally): string[] {
  const { questions, trials, minutes, mostInMinute, kinds } = tally;
  const allowed = questionsPerMinute ?? "any number";
  return [
    `questions: ${(questions / trials).toFixed(1)} a trial, ${(questions / minutes).toFixed(0)} a minute`,
    `  at most ${mostInMinute} in one minute (allowed ${allowed})`,
    `  of each kind a trial: ${[...kinds].map(([kind, times]) => `${kind} ${(times / trials).toFixed(1)}`).join(", ")}`,
  ];
}

function settingLines(settings: Settings): string[] {
  const {
    delay,
    loss,
    duplicates,
    hostSkew,
    wrongZone,
    drift,
    siemSkew,
    spans,
    shipperOutage,
    cut,
    kernelLoss,
  } = settings;
  const lossRate =
    loss.least === loss.most ? percent(loss.most) : `${percent(loss.least)} to ${percent(loss.most)}`;
  return [
    `  delay p50 ${seconds(delay.median)}, p99 ${seconds(delay.p99)}, at most ${seconds(delay.most)}; twice ${percent(duplicates)}`,
    `  loss ${lossRate}, ${loss.inRow === 1 ? "each by itself" : `${loss.inRow} in a row on average`}; by the kernel ${percent(kernelLoss)}`,
    `  hosts without a sensor ${percent(settings.dark)}, cut off for minutes ${percent(cut)}; shippers hold back ${seconds(shipperOutage)}`,
    `  host clocks off by ${seconds(hostSkew)} and ${drift} ppm at most, ${percent(wrongZone)} by whole hours; the SIEM's by ${seconds(siemSkew)}`,
    `  an hour has ${spans.unreachable} outages, ${spans.busy} busy times, ${spans.stale} failovers and ${spans.forgetting} forgetful times of ${seconds(spans.lasting)} at most (${seconds(spans.behind)} behind)`,
    `  declared: lag ${seconds(longestLagOf(settings))}, alert lag ${seconds(longestAlertLagOf(settings))}`,
  ];
}

function matrixLines({ matrix }: Tally): string[] {
  const columns = outcomes.filter((outcome) => [...matrix.values()].some((row) => row.has(outcome)));
  const head = ["truth".padEnd(28), ...columns.map((column) => column.padStart(11))].join(" ");
  const rows = [...matrix]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([kind, row]) =>
      [kind.padEnd(28), ...columns.map((column) => String(row.get(column) ?? "·").padStart(11))].join(" "),
    );
  return [head, ...rows];
}

/** What each method said of whether the analytic fired, against what is so. */
export function methodLines({ methods }: Tally): string[] {
  const head = ["method".padEnd(30), "right", "false yes", "false no", "not said", "wrong"].map(
    (word, index) => (index === 0 ? word : word.padStart(11)),
  );
  const rows = [...methods].map(([name, { right, falseYes, falseNo, unsaid }]) => {
    const all = right + falseYes + falseNo + unsaid;
    const cells = [right, falseYes, falseNo, unsaid, percent((falseYes + falseNo) / all)];
    return [name.padEnd(30), ...cells.map((cell) => String(cell).padStart(11))].join(" ");
  });
  return [head.join(" "), ...rows];
}

function percent(part: number): string {
  return `${(part * 100).toPrecision(2)} %`;
}

function seconds(ms: number): string {
  return ms >= 120_000 ? `${(ms / 60_000).toFixed(1)} min` : `${(ms / 1000).toFixed(1)} s`;
}
