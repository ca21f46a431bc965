/** Makes texts that are nearly right, deterministically from a seed. */

/** Numbers from a seed (mulberry32): the same seed gives the same case for ever. */
export class Randomness {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0, less than `below`. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.below(list.length)] ?? list[0];
  }
}

const strange = [
  ...["\0", "\r", "\t", "\u2028", "\ufeff", "\ud800", "İ", "ſ", "😀", "’", "”", "\\", "\\\\", "`", '"', "'"],
  ...[
    "*",
    "?",
    "%",
    "|",
    "||",
    "&&",
    "(",
    ")",
    "((((((((",
    "[",
    "]",
    "{",
    "}",
    "{{",
    "}}",
    "<",
    ">",
    "<![CDATA[",
    "&lt;",
  ],
  ...[
    "&a",
    "*a",
    "<<: *a",
    "!!js",
    "---\n",
    "- ",
    ": ",
    ":\n",
    "#",
    "null",
    "true",
    "1e309",
    "-0",
    "0x10",
    "9".repeat(30),
  ],
  ...[
    "not ",
    " and ",
    " or ",
    " of ",
    "1 of ",
    "all of them",
    "them",
    "NOT ",
    "OR OR ",
    "IN (",
    "by ",
    "as ",
    "| stats count by ",
  ],
  ...[
    "(a+)+$",
    "(?=a)",
    "(?<x>",
    "[^",
    "{1,99999}",
    "\\p{L}",
    ".*.*.*.*",
    "%now%",
    "$x$",
    "`m(1)`",
    "[search ",
    "| eval x=",
  ],
] as const;

type Mutation = (text: string, random: Randomness, others: readonly [string, ...string[]]) => string;

const at = (text: string, random: Randomness): number => random.below(text.length + 1);
const span = (text: string, random: Randomness): [number, number] => {
  const from = at(text, random);
  return [from, Math.min(text.length, from + 1 + random.below(40))];
};

const mutations: readonly [Mutation, ...Mutation[]] = [
  (text, random) => {
    const [from, to] = span(text, random);
    return text.slice(0, from) + text.slice(to);
  },
  (text, random) => {
    const [from, to] = span(text, random);
    const place = at(text, random);
    return text.slice(0, place) + text.slice(from, to) + text.slice(place);
  },
  (text, random) => {
    const place = at(text, random);
    return text.slice(0, place) + random.pick(strange) + text.slice(place);
  },
  (text, random) => {
    const [from, to] = span(text, random);
    return text.slice(0, to) + text.slice(from, to).repeat(1 + random.below(50)) + text.slice(to);
  },
  (text, random, others) => {
    const other = random.pick(others);
    const [from, to] = span(other, random);
    const place = at(text, random);
    return text.slice(0, place) + other.slice(from, to) + text.slice(place);
  },
  (text, random) => {
    const lines = text.split("\n");
    const from = random.below(lines.length);
    const [line = ""] = lines.splice(from, 1);
    lines.splice(random.below(lines.length + 1), 0, line);
    return lines.join("\n");
  },
  (text, random) => text.slice(0, at(text, random)),
  (text, random) => {
    const place = at(text, random);
    return text.slice(0, place) + String.fromCharCode(random.below(0x250)) + text.slice(place + 1);
  },
];

/** A seed text, changed in one to eight places. */
export function mutated(seeds: readonly [string, ...string[]], random: Randomness): string {
  let text = random.pick(seeds);
  for (let left = 1 + random.below(8); left > 0; left -= 1)
    text = random.pick(mutations)(text, random, seeds);
  return text.length > 200_000 ? text.slice(0, 200_000) : text;
}
