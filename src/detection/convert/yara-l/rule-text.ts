import type { ConvertContext } from "../language.js";

function ruleName(title: string): string {
  const words = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_+|_+$/g, "");
  return `sigma_${words.slice(0, 100)}`;
}

/** The sections of a rule of YARA-L (Google SecOps, "YARA-L 2.0 language syntax"). */
export interface Sections {
  readonly events: readonly string[];
  readonly match?: string;
  readonly outcome?: readonly string[];
  readonly condition: string;
}

/** A rule of YARA-L, named after a title. */
export function ruleText(title: string, { events, match, outcome = [], condition }: Sections): string {
  const lines = [
    `rule ${ruleName(title)} {`,
    "  events:",
    ...events.map((line) => `    ${line}`),
    ...(match === undefined ? [] : ["  match:", `    ${match}`]),
    ...(outcome.length === 0 ? [] : ["  outcome:", ...outcome.map((line) => `    ${line}`)]),
    "  condition:",
    `    ${condition}`,
    "}",
  ];
  return lines.join("\n");
}

const minutes: Readonly<Record<string, number>> = { s: 1 / 60, m: 1, h: 60, d: 24 * 60 };

/** Windows of a match are whole minutes, from one to 48 hours ("Match section syntax", limits). */
export function windowOf(timespan: string, { refuse, assume }: ConvertContext): string {
  const length = Number.parseInt(timespan, 10) * (minutes[timespan.slice(-1)] ?? NaN);
  if (!Number.isInteger(length) || length < 1 || length > 48 * 60)
    return refuse(0, "a window of YARA-L has whole minutes, from 1m to 48h", "write another timespan");
  assume(
    `The events of a group lie in one of the windows of ${timespan} that Google SecOps lets overlap: those that are spread over nearly all of it may lie in none`,
  );
  return `${length}m`;
}
