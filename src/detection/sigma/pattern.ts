/**
 * A Sigma string: literal text with the wildcards `*` and `?`. A dash token, from the modifier `windash`, is any of the
 * characters that Windows programs take for a dash; as a token it needs no list of permutations.
 */
export type PatternToken =
  | { readonly type: "literal"; readonly text: string }
  | { readonly type: "run" }
  | { readonly type: "one" }
  | { readonly type: "dash" };

export type Pattern = readonly PatternToken[];

export const RUN: PatternToken = { type: "run" };
const ONE: PatternToken = { type: "one" };

/** What the modifier `windash` takes for one another: hyphen, slash, en dash, em dash, horizontal bar. */
export const DASHES = ["-", "/", "–", "—", "―"] as const;

/**
 * Reads wildcards and escapes (specification, "Escaping"): `\*` and `\?` are the plain characters, `\\` is one backslash,
 * and a backslash before anything else is itself.
 */
export function parsePattern(text: string): Pattern {
  const tokens: PatternToken[] = [];
  let literal = "";
  const flush = (): void => {
    if (literal !== "") tokens.push({ type: "literal", text: literal });
    literal = "";
  };
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    const next = text.charAt(index + 1);
    if (character === "\\" && (next === "*" || next === "?" || next === "\\")) {
      literal += next;
      index++;
    } else if (character === "*" || character === "?") {
      flush();
      // Runs that touch are one run.
      if (character === "?") tokens.push(ONE);
      else if (tokens.at(-1) !== RUN) tokens.push(RUN);
    } else literal += character;
  }
  flush();
  return tokens;
}

/** A text written so that it reads as itself, wildcards and backslashes included. */
export function escapeText(text: string): string {
  return text.replaceAll(/[*?]|\\(?=[\\*?])/g, (character) => `\\${character}`);
}

/** A pattern that is the text itself, wildcards and backslashes included. */
export function literalPattern(text: string): Pattern {
  return text === "" ? [] : [{ type: "literal", text }];
}

/** The text of a pattern without wildcards; null when it has any. */
export function plainText(pattern: Pattern): string | null {
  let text = "";
  for (const token of pattern) {
    if (token.type !== "literal") return null;
    text += token.text;
  }
  return text;
}

/** The pattern with a wildcard before and after it, where there is none yet. */
export function surround(pattern: Pattern, before: boolean, after: boolean): Pattern {
  const start = before && pattern[0]?.type !== "run" ? [RUN] : [];
  const end = after && (pattern.length === 0 || pattern.at(-1)?.type !== "run") ? [RUN] : [];
  return [...start, ...pattern, ...(pattern.length === 0 && start.length > 0 ? [] : end)];
}

/** The pattern with every literal part replaced. */
export function mapLiterals(pattern: Pattern, change: (text: string) => Pattern): Pattern {
  return pattern.flatMap((token) => (token.type === "literal" ? change(token.text) : [token]));
}

/** The patterns with each dash token written out; null when there would be more than the limit. */
export function expandDashes(pattern: Pattern, limit: number): Pattern[] | null {
  const count = pattern.filter((token) => token.type === "dash").length;
  if (DASHES.length ** count > limit) return null;
  let patterns: PatternToken[][] = [[]];
  for (const token of pattern) {
    const choices: PatternToken[] =
      token.type === "dash" ? DASHES.map((dash) => ({ type: "literal", text: dash })) : [token];
    patterns = patterns.flatMap((start) => choices.map((choice) => [...start, choice]));
  }
  return patterns;
}

type Segment = readonly PatternToken[];

/** Where the segment ends when it is read forward from a position; -1 when it is not there. */
function endOf(segment: Segment, text: string, from: number): number {
  let position = from;
  for (const token of segment) {
    if (token.type === "literal") {
      if (!text.startsWith(token.text, position)) return -1;
      position += token.text.length;
    } else {
      const code = text.codePointAt(position);
      if (code === undefined) return -1;
      if (token.type === "dash" && !isDash(text.charAt(position))) return -1;
      position += code > 0xffff ? 2 : 1;
    }
  }
  return position;
}

function isDash(character: string): boolean {
  return (DASHES as readonly string[]).includes(character);
}

/** Where the segment starts when its end is the end of the text; -1 when it is not there. */
function startAtEnd(segment: Segment, text: string): number {
  let position = text.length;
  for (let index = segment.length - 1; index >= 0; index--) {
    const token = segment[index] as PatternToken;
    if (token.type === "literal") {
      if (!text.endsWith(token.text, position)) return -1;
      position -= token.text.length;
    } else {
      if (position === 0) return -1;
      if (token.type === "dash" && !isDash(text.charAt(position - 1))) return -1;
      const pair = position > 1 && (text.codePointAt(position - 2) ?? 0) > 0xffff;
      position -= pair ? 2 : 1;
    }
  }
  return position;
}

/** The first end of the segment at or after a position; -1 when it is nowhere. */
function findSegment(segment: Segment, text: string, from: number): number {
  const first = segment[0];
  if (first?.type === "literal") {
    for (
      let start = text.indexOf(first.text, from);
      start !== -1;
      start = text.indexOf(first.text, start + 1)
    ) {
      const end = segment.length === 1 ? start + first.text.length : endOf(segment, text, start);
      if (end !== -1) return end;
    }
    return -1;
  }
  for (let start = from; start <= text.length; start++) {
    const end = endOf(segment, text, start);
    if (end !== -1) return end;
    if ((text.codePointAt(start) ?? 0) > 0xffff) start++;
  }
  return -1;
}

/**
 * A function that says whether a whole text is the pattern. Wildcards match any character, line breaks too; `?` is one
 * code point. The time is at most the product of the lengths, whatever the pattern.
 */
export function compilePattern(pattern: Pattern): (text: string) => boolean {
  const segments: PatternToken[][] = [[]];
  for (const token of pattern) {
    if (token.type === "run") segments.push([]);
    else segments.at(-1)?.push(token);
  }
  const first = segments[0] as PatternToken[];
  const last = segments.at(-1) as PatternToken[];
  if (segments.length === 1) {
    const plain = plainText(pattern);
    if (plain !== null) return (text) => text === plain;
    return (text) => endOf(first, text, 0) === text.length;
  }
  const middle = segments.slice(1, -1).filter((segment) => segment.length > 0);
  const startText = plainText(first);
  const endText = plainText(last);
  if (middle.length === 0 && startText !== null && endText !== null) {
    if (startText === "" && endText === "") return () => true;
    if (startText === "") return (text) => text.endsWith(endText);
    if (endText === "") return (text) => text.startsWith(startText);
  }
  if (middle.length === 1 && first.length === 0 && last.length === 0) {
    const contained = plainText(middle[0] as PatternToken[]);
    if (contained !== null) return (text) => text.includes(contained);
  }
  return (text) => {
    let position = endOf(first, text, 0);
    if (position === -1) return false;
    const limit = startAtEnd(last, text);
    if (limit === -1) return false;
    for (const segment of middle) {
      position = findSegment(segment, text, position);
      if (position === -1) return false;
    }
    return position <= limit;
  };
}
