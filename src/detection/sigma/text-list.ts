import { compilePattern, plainText, type Pattern } from "./pattern.js";

/** Where a plain text must stand in a value. */
type Place = "whole" | "start" | "end" | "inside";

/** Shorter lists are as fast one by one. */
const fewest = 12;

function placeOf(pattern: Pattern): { place: Place; text: string } | null {
  const begins = pattern[0]?.type === "run";
  const ends = pattern.length > 1 && pattern.at(-1)?.type === "run";
  const text = plainText(pattern.slice(begins ? 1 : 0, ends ? -1 : undefined));
  if (text === null || text === "") return null;
  if (begins) return { place: ends ? "inside" : "end", text };
  return { place: ends ? "start" : "whole", text };
}

/** Texts by their first or last character. */
function byCharacter(texts: readonly string[], at: (text: string) => number): Map<number, string[]> {
  const groups = new Map<number, string[]>();
  for (const text of texts) {
    const group = groups.get(at(text));
    if (group === undefined) groups.set(at(text), [text]);
    else group.push(text);
  }
  return groups;
}

function insideTest(texts: readonly string[]): (text: string) => boolean {
  const groups = byCharacter(texts, (text) => text.charCodeAt(0));
  // What no text begins with is passed over without looking it up.
  const begins = new Uint8Array(256);
  for (const code of groups.keys()) begins[code & 255] = 1;
  return (text) => {
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (begins[code & 255] === 0) continue;
      const group = groups.get(code);
      if (group === undefined) continue;
      for (const each of group) if (text.startsWith(each, at)) return true;
    }
    return false;
  };
}

/** A function that says whether a whole text is any of the patterns; for many of them faster than one by one. */
export function compilePatterns(patterns: readonly Pattern[]): (text: string) => boolean {
  const places: Record<Place, string[]> = { whole: [], start: [], end: [], inside: [] };
  const tests: ((text: string) => boolean)[] = [];
  for (const pattern of patterns) {
    const found = patterns.length < fewest ? null : placeOf(pattern);
    if (found === null) tests.push(compilePattern(pattern));
    else places[found.place].push(found.text);
  }
  const { whole, start, end, inside } = places;
  if (whole.length > 0) {
    const texts = new Set(whole);
    tests.push((text) => texts.has(text));
  }
  if (start.length > 0) {
    const groups = byCharacter(start, (text) => text.charCodeAt(0));
    tests.push((text) => groups.get(text.charCodeAt(0))?.some((each) => text.startsWith(each)) === true);
  }
  if (end.length > 0) {
    const groups = byCharacter(end, (text) => text.charCodeAt(text.length - 1));
    tests.push(
      (text) => groups.get(text.charCodeAt(text.length - 1))?.some((each) => text.endsWith(each)) === true,
    );
  }
  if (inside.length > 0) tests.push(insideTest(inside));
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return only;
  return (text) => {
    for (const test of tests) if (test(text)) return true;
    return false;
  };
}
