import { numberOf } from "../evaluate/values.js";
import type { ScalarFunction } from "./text.js";

/** A function over numbers: absent for texts that are none, and for results that are none. */
function numeric(calculate: (...numbers: number[]) => number): ScalarFunction {
  return (values) => {
    const numbers = values.map(numberOf);
    const known = numbers.filter((number) => number !== null);
    if (known.length !== numbers.length) return null;
    const result = calculate(...known);
    return Number.isFinite(result) ? result : null;
  };
}

/** Halves go away from zero. */
function round(value: number, digits = 0): number {
  const scale = 10 ** Math.min(15, Math.max(0, Math.floor(digits)));
  const scaled = Math.abs(value) * scale;
  // 1.005 * 100 is a little less than 100.5: fifteen digits are what a number has.
  return (Math.sign(value) * Math.round(Number(scaled.toPrecision(15)))) / scale;
}

export const numberFunctions: Readonly<Record<string, ScalarFunction>> = {
  abs: numeric((value) => Math.abs(value)),
  ceil: numeric((value) => Math.ceil(value)),
  ceiling: numeric((value) => Math.ceil(value)),
  floor: numeric((value) => Math.floor(value)),
  round: numeric(round),
  exact: numeric((value) => value),
  sqrt: numeric((value) => Math.sqrt(value)),
  pow: numeric((base, exponent) => base ** exponent),
  ln: numeric((value) => Math.log(value)),
  exp: numeric((value) => Math.exp(value)),
  log: numeric((value, base = 10) => Math.log(value) / Math.log(base)),
  pi: () => Math.PI,
};
