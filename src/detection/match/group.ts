import { OTHER_TEXT } from "./folded-text.js";

/**
 * Literals of which an event must hold at least one for a rule to match it. Literals are folded texts
 * ({@link foldedLiteral}), perhaps with bounds. A rule has several groups, and an event must hold one literal of each.
 */
export type Group = readonly string[];

/** Shorter literals are not looked for, but for OTHER: they are in every event. */
const shortest = 3;
/** Groups that are kept of a part of a rule. More find out little more. */
const mostGroups = 6;
/** Larger groups of alternatives are no help. */
const mostLiterals = 30_000;

/** How much a group narrows down, as far as its literals' lengths say: every bit of the count makes up for a letter. */
export function strengthOf(group: Group): number {
  const shortest = group.reduce((least, literal) => Math.min(least, literal.length), 40);
  return shortest - Math.log2(group.length);
}

/** The group of literals of which any must be there; none when one of them is too short to be looked for. */
export function literalGroup(literals: readonly string[]): Group[] {
  const usable = literals.every((literal) => literal.length >= shortest || literal === OTHER_TEXT);
  return literals.length > 0 && usable ? [[...new Set(literals)]] : [];
}

/** Groups of parts that must all hold: those of each part, the strongest first. */
export function bothOf(parts: readonly (readonly Group[])[]): Group[] {
  const groups = new Map<string, Group>();
  for (const group of parts.flat()) groups.set(group.toSorted().join("\n"), group);
  return [...groups.values()]
    .toSorted((left, right) => strengthOf(right) - strengthOf(left))
    .slice(0, mostGroups);
}

/**
 * Groups of parts of which any must hold. A group of each part, taken together, is one; nothing is known when a part
 * has none. Parts are given with their strongest group first.
 */
export function eitherOf(parts: readonly (readonly Group[])[]): Group[] {
  const [first] = parts;
  if (first === undefined || parts.some((groups) => groups.length === 0)) return [];
  if (parts.length === 1) return [...first];
  const count = Math.max(...parts.map((groups) => groups.length));
  const unions = Array.from({ length: Math.min(count, mostGroups) }, (_, index) => {
    const literals = parts.flatMap((groups) => groups[Math.min(index, groups.length - 1)] ?? []);
    return [...new Set(literals)];
  });
  return bothOf([unions.filter((group) => group.length <= mostLiterals)]);
}
