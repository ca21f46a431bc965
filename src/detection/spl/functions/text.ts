import { createHash } from "node:crypto";
import { numberOf, textOfScalar, type Value } from "../evaluate/values.js";
import { SplProblem } from "../problem.js";
import { compileCaptures, remembered, replaceMatches } from "./patterns.js";

/** A function over single values, none of which is absent: with an absent argument the result is absent. */
export type ScalarFunction = (values: readonly (string | number)[], at: number) => Value;

function text(values: readonly (string | number)[], index: number): string {
  return textOfScalar(values[index] ?? "");
}

function hash(algorithm: string): ScalarFunction {
  return (values) => createHash(algorithm).update(text(values, 0), "utf8").digest("hex");
}

/** Takes the given characters, or white space, off the ends. */
function trim(start: boolean, end: boolean): ScalarFunction {
  return (values) => {
    const characters = [...text(values, 0)];
    const cut = new Set(values.length > 1 ? [...text(values, 1)] : [" ", "\t", "\n", "\r"]);
    let from = 0;
    let to = characters.length;
    while (start && from < to && cut.has(characters[from] ?? "")) from++;
    while (end && to > from && cut.has(characters[to - 1] ?? "")) to--;
    return characters.slice(from, to).join("");
  };
}

/** Positions count from 1; negative ones from the end. */
function substr(values: readonly (string | number)[]): Value {
  const characters = [...text(values, 0)];
  const start = numberOf(values[1] ?? "");
  const length = values.length > 2 ? numberOf(values[2] ?? "") : characters.length;
  if (start === null || length === null || start === 0) return null;
  const from = start > 0 ? start - 1 : Math.max(0, characters.length + start);
  return characters.slice(from, from + Math.max(0, length)).join("");
}

function groupedByThousands(value: number): string {
  const [whole = "", fraction] = Math.abs(value)
    .toFixed(Number.isInteger(value) ? 0 : 2)
    .split(".");
  const grouped = whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
  return `${value < 0 ? "-" : ""}${grouped}${fraction === undefined ? "" : `.${fraction}`}`;
}

/** A length of time as days, hours, minutes and seconds. */
function durationText(seconds: number): string {
  const pad = (number: number): string => String(number).padStart(2, "0");
  const whole = Math.floor(seconds);
  const days = Math.floor(whole / 86_400);
  const clock = [Math.floor((whole % 86_400) / 3600), Math.floor((whole % 3600) / 60), whole % 60]
    .map(pad)
    .join(":");
  return days === 0 ? clock : `${days}+${clock}`;
}

function toText(values: readonly (string | number)[], at: number): Value {
  const [value = ""] = values;
  if (values.length === 1) return textOfScalar(value);
  const number = numberOf(value);
  if (number === null) return null;
  switch (text(values, 1)) {
    case "hex":
      return Number.isInteger(number) && number >= 0 ? `0x${number.toString(16).toUpperCase()}` : null;
    case "commas":
      return groupedByThousands(number);
    case "duration":
      return number < 0 ? null : durationText(number);
    default:
      throw new SplProblem(
        "function-arguments",
        at,
        `tostring() has no format "${text(values, 1)}"`,
        'the formats are "hex", "commas" and "duration"',
      );
  }
}

function toNumber(values: readonly (string | number)[]): Value {
  if (values.length === 1) return numberOf(values[0] ?? "");
  const base = numberOf(values[1] ?? "") ?? 0;
  const digits = text(values, 0)
    .toLowerCase()
    .replace(/^0x/, base === 16 ? "" : "0x");
  if (base < 2 || base > 36 || !Number.isInteger(base)) return null;
  const allowed = "0123456789abcdefghijklmnopqrstuvwxyz".slice(0, base);
  if (digits === "" || [...digits].some((digit) => !allowed.includes(digit))) return null;
  return Number.parseInt(digits, base);
}

const expressions = remembered((key) => {
  const [at = "0", ...rest] = key.split("\0");
  return compileCaptures(rest.join("\0"), Number(at));
});

function replace(values: readonly (string | number)[], at: number): Value {
  return replaceMatches(expressions(`${at}\0${text(values, 1)}`), text(values, 0), text(values, 2), at);
}

function urlDecode(values: readonly (string | number)[]): Value {
  const bytes: number[] = [];
  const encoded = new TextEncoder().encode(text(values, 0));
  for (let index = 0; index < encoded.length; index++) {
    const pair = String.fromCharCode(encoded[index + 1] ?? 0, encoded[index + 2] ?? 0);
    if (encoded[index] === 0x25 && /^[0-9a-fA-F]{2}$/.test(pair)) {
      bytes.push(Number.parseInt(pair, 16));
      index += 2;
    } else bytes.push(encoded[index] ?? 0);
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

export const textFunctions: Readonly<Record<string, ScalarFunction>> = {
  lower: (values) => text(values, 0).toLowerCase(),
  upper: (values) => text(values, 0).toUpperCase(),
  len: (values) => [...text(values, 0)].length,
  substr,
  trim: trim(true, true),
  ltrim: trim(true, false),
  rtrim: trim(false, true),
  replace,
  urldecode: urlDecode,
  tonumber: toNumber,
  tostring: toText,
  md5: hash("md5"),
  sha1: hash("sha1"),
  sha256: hash("sha256"),
  sha512: hash("sha512"),
};
