/** How good the way from the hosts to the SIEM is, and how good the SIEM. Milliseconds unless said otherwise. */
export interface Settings {
  readonly name: SettingName;
  /** From an event to its arrival: a heavy tail, cut off at `most`. */
  readonly delay: { readonly median: number; readonly p99: number; readonly most: number };
  /** A share of the events, lost so many in a row on average. Drawn for each world up to `most`. */
  readonly loss: { readonly least: number; readonly most: number; readonly inRow: number };
  /** Chance that the kernel drops an event before it is numbered. */
  readonly kernelLoss: number;
  /** Share of the events that arrive twice. */
  readonly duplicates: number;
  readonly hostSkew: number;
  /** Chance of a clock that is wrong by whole hours. */
  readonly wrongZone: number;
  /** Parts in a million by which a host's clock runs fast or slow, at most. */
  readonly drift: number;
  readonly siemSkew: number;
  readonly alertDelay: { readonly median: number; readonly p99: number; readonly most: number };
  /** Chance that the sensor of a host does not run. */
  readonly dark: number;
  /** Chance that the way of a host is cut for minutes, and what it would have carried is gone. */
  readonly cut: number;
  /** A shipper that holds everything back for so long and then sends it; 0 for none. */
  readonly shipperOutage: number;
  /** Spans of bad answers in an hour, how long they last, and how far behind a stale replica is. */
  readonly spans: {
    readonly unreachable: number;
    readonly busy: number;
    readonly stale: number;
    readonly forgetting: number;
    readonly lasting: number;
    readonly behind: number;
  };
  /** Share of the answers within a busy span that are partial, and that are refused. */
  readonly partial: number;
  readonly refused: number;
  /** Chance of an answer that is empty and says that it is whole; never twice within 150 s. */
  readonly hollow: number;
  readonly questionsPerMinute: number | null;
  readonly intervals: readonly number[];
  /** The parts of the trials that are of scenarios that cannot be decided, and of those that lose chosen records. */
  readonly undecidable: number;
  readonly forced: number;
}

export const settingNames = [
  "ordinary",
  "rows",
  "lossless",
  "harsh",
  "outage",
  "busy",
  "skewed",
  "forgetful",
] as const;
export type SettingName = (typeof settingNames)[number];

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const ordinary: Settings = {
  name: "ordinary",
  delay: { median: 4 * SECOND, p99: MINUTE, most: 3 * MINUTE },
  loss: { least: 0.01, most: 0.01, inRow: 1 },
  kernelLoss: 0.00003,
  duplicates: 0.01,
  hostSkew: 2 * SECOND,
  wrongZone: 0,
  drift: 20,
  siemSkew: 2 * SECOND,
  alertDelay: { median: 2 * SECOND, p99: 20 * SECOND, most: 30 * SECOND },
  dark: 0.01,
  cut: 0,
  shipperOutage: 0,
  spans: { unreachable: 0, busy: 0, stale: 0, forgetting: 0, lasting: 0, behind: 0 },
  partial: 0,
  refused: 0,
  hollow: 0,
  questionsPerMinute: 600,
  intervals: [MINUTE, 2 * MINUTE, 5 * MINUTE],
  undecidable: 0.1,
  forced: 0,
};

/** What all but the ordinary settings play of the rest. */
const mixed = { undecidable: 0.25, forced: 0.15 } as const;

export const settings: Readonly<Record<SettingName, Settings>> = {
  ordinary,
  rows: { ...ordinary, name: "rows", loss: { least: 0.01, most: 0.01, inRow: 40 } },
  lossless: {
    ...ordinary,
    name: "lossless",
    loss: { least: 0, most: 0, inRow: 1 },
    kernelLoss: 0,
    dark: 0,
  },
  harsh: {
    ...ordinary,
    name: "harsh",
    dark: 0.03,
    cut: 0.1,
    delay: { median: 15 * SECOND, p99: 8 * MINUTE, most: 10 * MINUTE },
    loss: { least: 0, most: 0.3, inRow: 2 },
    kernelLoss: 0.002,
    duplicates: 0.2,
    hostSkew: 30 * SECOND,
    wrongZone: 0.25,
    drift: 200,
    siemSkew: 30 * SECOND,
    alertDelay: { median: 5 * SECOND, p99: 2 * MINUTE, most: 3 * MINUTE },
    spans: { unreachable: 1, busy: 2, stale: 2, forgetting: 0, lasting: 2 * MINUTE, behind: 4 * MINUTE },
    partial: 0.3,
    refused: 0.3,
    hollow: 0.5,
    questionsPerMinute: 300,
    intervals: [MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE],
    ...mixed,
  },
  outage: {
    ...ordinary,
    name: "outage",
    hollow: 0.5,
    dark: 0.03,
    cut: 0.2,
    shipperOutage: 10 * MINUTE,
    spans: { unreachable: 3, busy: 0, stale: 4, forgetting: 0, lasting: 4 * MINUTE, behind: 3 * MINUTE },
    ...mixed,
  },
  busy: {
    ...ordinary,
    name: "busy",
    dark: 0.03,
    spans: { unreachable: 0, busy: 12, stale: 0, forgetting: 0, lasting: 5 * MINUTE, behind: 0 },
    partial: 0.35,
    refused: 0.35,
    hollow: 0.5,
    questionsPerMinute: 120,
    ...mixed,
  },
  skewed: {
    ...ordinary,
    name: "skewed",
    dark: 0.03,
    hostSkew: 3 * HOUR,
    wrongZone: 0.5,
    drift: 500,
    siemSkew: 10 * MINUTE,
    duplicates: 0.1,
    ...mixed,
  },
  // Whole minutes in which what was shown before is not shown, alerts included, and every answer says that it is whole.
  forgetful: {
    ...ordinary,
    name: "forgetful",
    hollow: 1,
    spans: { unreachable: 0, busy: 0, stale: 0, forgetting: 10, lasting: 6 * MINUTE, behind: 0 },
    questionsPerMinute: 120,
    ...mixed,
  },
};

/** What the SIEM declares: the longest time from a host to it. A replica that is behind without saying so is part of it. */
export function longestLagOf({ delay, shipperOutage, spans }: Settings): number {
  return delay.most + shipperOutage + spans.behind;
}

/** The longest time from the end of an evaluation until its alert can be found. */
export function longestAlertLagOf({ alertDelay, spans }: Settings): number {
  return alertDelay.most + spans.behind;
}
