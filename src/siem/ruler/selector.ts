import { escapeExpression } from "../../detection/convert/pattern-expression.js";
import { quotedText } from "../../detection/convert/quoted-text.js";

/** A text literal of an expression that is any of these texts, for `=~`. */
export function re2Text(values: readonly string[]): string {
  return quotedText([...new Set(values)].map(escapeExpression).join("|"));
}

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/** Milliseconds of a duration such as `1h30m`; null when it is none. */
export function durationMs(text: string): number | null {
  if (!/^(?:\d+(?:ms|[smhdwy]))+$/.test(text)) return null;
  const parts = [...text.matchAll(/(\d+)(ms|[smhdwy])/g)];
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (units[unit] ?? 0), 0);
}
