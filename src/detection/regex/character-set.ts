/** A set of code points as sorted ranges that neither touch nor overlap, both ends included. */
export type CharacterSet = readonly (readonly [number, number])[];

const lastCodePoint = 0x10ffff;

export function makeSet(ranges: readonly (readonly [number, number])[]): CharacterSet {
  const merged: [number, number][] = [];
  for (const [from, to] of ranges.toSorted((left, right) => left[0] - right[0])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

export function invert(set: CharacterSet): CharacterSet {
  const gaps: [number, number][] = [];
  let next = 0;
  for (const [from, to] of set) {
    if (from > next) gaps.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= lastCodePoint) gaps.push([next, lastCodePoint]);
  return gaps;
}

export function has(set: CharacterSet, codePoint: number): boolean {
  return set.some(([from, to]) => codePoint >= from && codePoint <= to);
}

let variants: Map<number, number[]> | null = null;

/** Code points that differ only in case, by each of them; made once, when the first rule asks. */
function caseVariants(): Map<number, number[]> {
  if (variants !== null) return variants;
  const byFold = new Map<string, number[]>();
  // No letter beyond the second plane has two cases.
  for (let codePoint = 0x41; codePoint < 0x1f000; codePoint++) {
    if (codePoint >= 0x3400 && codePoint < 0xa640) continue;
    const text = String.fromCodePoint(codePoint);
    const lower = text.toLowerCase();
    const upper = text.toUpperCase();
    if (lower === text && upper === text) continue;
    const fold = lower === "ς" ? "σ" : lower;
    const group = byFold.get(fold);
    if (group === undefined) byFold.set(fold, [codePoint]);
    else group.push(codePoint);
  }
  variants = new Map();
  for (const group of byFold.values()) {
    if (group.length > 1) for (const codePoint of group) variants.set(codePoint, group);
  }
  return variants;
}

/** The set with the other case of every letter that it holds. */
export function ignoreCase(set: CharacterSet): CharacterSet {
  const added: [number, number][] = [];
  for (const [codePoint, group] of caseVariants()) {
    if (has(set, codePoint)) for (const other of group) added.push([other, other]);
  }
  return added.length === 0 ? set : makeSet([...set, ...added]);
}

const range = (from: string, to: string): [number, number] => [from.charCodeAt(0), to.charCodeAt(0)];

/** Shorthand classes, of ASCII as in PCRE without its Unicode mode. */
export const digits = makeSet([range("0", "9")]);
export const wordCharacters = makeSet([range("0", "9"), range("A", "Z"), range("a", "z"), range("_", "_")]);
export const spaces = makeSet([[9, 13], range(" ", " ")]);
export const horizontalSpaces = makeSet([
  ...([[9, 9], range(" ", " "), [0xa0, 0xa0], [0x1680, 0x1680]] as const),
  ...([
    [0x180e, 0x180e],
    [0x2000, 0x200a],
    [0x202f, 0x202f],
    [0x205f, 0x205f],
    [0x3000, 0x3000],
  ] as const),
]);
export const verticalSpaces = makeSet([
  [10, 13],
  [0x85, 0x85],
  [0x2028, 0x2029],
]);
export const newline: CharacterSet = [[10, 10]];
export const anything: CharacterSet = [[0, lastCodePoint]];

/** POSIX classes, `[[:alpha:]]`. */
export const posixClasses: Readonly<Record<string, CharacterSet>> = {
  alnum: makeSet([range("0", "9"), range("A", "Z"), range("a", "z")]),
  alpha: makeSet([range("A", "Z"), range("a", "z")]),
  blank: makeSet([[9, 9], range(" ", " ")]),
  cntrl: makeSet([
    [0, 31],
    [127, 127],
  ]),
  digit: digits,
  graph: makeSet([range("!", "~")]),
  lower: makeSet([range("a", "z")]),
  print: makeSet([range(" ", "~")]),
  punct: makeSet([range("!", "/"), range(":", "@"), range("[", "`"), range("{", "~")]),
  space: spaces,
  upper: makeSet([range("A", "Z")]),
  word: wordCharacters,
  xdigit: makeSet([range("0", "9"), range("A", "F"), range("a", "f")]),
};
