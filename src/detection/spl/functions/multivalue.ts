import { checkCount, joinTexts } from "../evaluate/bounds.js";
import { single } from "../evaluate/single.js";
import {
  compareScalars,
  compareTexts,
  fieldValueOf,
  numberOf,
  scalarsOf,
  textOfScalar,
  textsOf,
  type Value,
} from "../evaluate/values.js";
import type { Builder } from "./conditions.js";
import { compileMatch, remembered } from "./patterns.js";

/** The values of something, one by one; null when there is nothing. */
function listOf(value: Value): readonly (string | number)[] | null {
  if (value === null || typeof value === "boolean") return null;
  return scalarsOf(value);
}

/** A place in a list as `mvindex` counts it: from 0, negative from the end. */
function place(value: Value, length: number, at: number): number | null {
  const written = single(value, at, "mvindex()");
  const index = written === null ? null : numberOf(written);
  if (index === null || !Number.isInteger(index)) return null;
  return index < 0 ? length + index : index;
}

function split(subject: string, delimiter: string): string[] {
  return delimiter === "" ? [...subject] : subject.split(delimiter);
}

/** The greatest or least of all values; a text is greater than every number (Search Reference, "max"). */
function extreme(sign: 1 | -1): Builder {
  return (values) => (row) => {
    const all = values.flatMap((value) => listOf(value(row)) ?? []);
    const ranked = (left: string | number, right: string | number): number => {
      const leftIsNumber = numberOf(left) !== null;
      const rightIsNumber = numberOf(right) !== null;
      if (leftIsNumber !== rightIsNumber) return leftIsNumber ? -1 : 1;
      return compareScalars(left, right);
    };
    return all.toSorted((left, right) => sign * ranked(right, left))[0] ?? null;
  };
}

export const multivalueFunctions: Readonly<Record<string, Builder>> = {
  max: extreme(1),
  min: extreme(-1),
  mvcount:
    ([value]) =>
    (row) =>
      listOf(value?.(row) ?? null)?.length ?? null,
  mvindex:
    ([value, start, end], at) =>
    (row) => {
      const list = listOf(value?.(row) ?? null);
      if (list === null) return null;
      const from = place(start?.(row) ?? null, list.length, at);
      const to = end === undefined ? from : place(end(row), list.length, at);
      if (from === null || to === null || from < 0 || to < from) return null;
      return fieldValueOf(list.slice(from, to + 1));
    },
  mvjoin:
    ([value, delimiter], at) =>
    (row) => {
      const list = listOf(value?.(row) ?? null);
      const between = single(delimiter?.(row) ?? null, at, "mvjoin()");
      if (list === null || between === null) return null;
      return joinTexts(list.map(textOfScalar), textOfScalar(between), at);
    },
  mvappend: (values, at) => (row) => {
    const all = values.flatMap((value) => listOf(value(row)) ?? []);
    checkCount(all.length, at);
    return fieldValueOf(all);
  },
  mvdedup:
    ([value]) =>
    (row) => {
      const seen = new Set<string>();
      const kept = (listOf(value?.(row) ?? null) ?? []).filter((each) => {
        const text = textOfScalar(each);
        return seen.has(text) ? false : seen.add(text);
      });
      return fieldValueOf(kept);
    },
  mvsort:
    ([value]) =>
    (row) =>
      fieldValueOf((listOf(value?.(row) ?? null) ?? []).map(textOfScalar).toSorted(compareTexts)),
  mvfind: ([value, pattern], at) => {
    const ready = remembered((source) => compileMatch(source, at));
    return (row) => {
      const list = listOf(value?.(row) ?? null);
      const source = single(pattern?.(row) ?? null, at, "mvfind()");
      if (list === null || source === null) return null;
      const index = textsOf(list).findIndex(ready(textOfScalar(source)));
      return index === -1 ? null : index;
    };
  },
  split:
    ([value, delimiter], at) =>
    (row) => {
      const subject = single(value?.(row) ?? null, at, "split()");
      const between = single(delimiter?.(row) ?? null, at, "split()");
      if (subject === null || between === null) return null;
      const parts = split(textOfScalar(subject), textOfScalar(between));
      checkCount(parts.length, at);
      return fieldValueOf(parts);
    },
};
