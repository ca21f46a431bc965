import { invert, type CharacterSet } from "../../regex/character-set.js";
import { parseRegex } from "../../regex/parse.js";
import type { Expression } from "../../regex/syntax.js";

const lastCodePoint = 0x10ffff;

/**
 * A character as Lucene reads it as itself. A backslash stands in a class: before the slash that ends the expression it
 * would be taken for the escape of that slash.
 */
function character(codePoint: number): string {
  const text = String.fromCodePoint(codePoint);
  if (text === "\\") return String.raw`[\\]`;
  return /[.?+*|{}[\]()"#@&<>~/^$-]/.test(text) ? `\\${text}` : text;
}

function classOf(set: CharacterSet): string {
  const edge = (codePoint: number): string => {
    const text = String.fromCodePoint(codePoint);
    return /[\\\]^"/[-]/.test(text) ? `\\${text}` : text;
  };
  return set.map(([from, to]) => (from === to ? edge(from) : `${edge(from)}-${edge(to)}`)).join("");
}

function setText(set: CharacterSet): string | null {
  const [only] = set;
  if (only === undefined) return null;
  if (set.length === 1 && only[0] === only[1]) return character(only[0]);
  const others = invert(set);
  if (others.length === 0) return ".";
  return set.at(-1)?.[1] === lastCodePoint ? `[^${classOf(others)}]` : `[${classOf(set)}]`;
}

function repeatText(least: number, most: number | null): string {
  if (most === null) return ["*", "+"][least] ?? `{${least},}`;
  if (least === 0 && most === 1) return "?";
  return `{${least},${most}}`;
}

/** An expression without anchors; null when it has what Lucene has not. */
function textOf(expression: Expression): string | null {
  switch (expression.type) {
    case "set":
      return setText(expression.set);
    case "assertion":
      return null;
    case "sequence": {
      const parts = expression.parts.map(textOf);
      if (parts.includes(null)) return null;
      return parts.length === 0 ? "()" : parts.join("");
    }
    case "choice": {
      const options = expression.options.map(textOf);
      return options.includes(null) ? null : `(${options.join("|")})`;
    }
    case "group":
      return textOf(expression.part);
    case "repeat": {
      const part = textOf(expression.part);
      if (part === null) return null;
      const group = expression.part.type === "set" ? part : `(${part})`;
      return `${group}${repeatText(expression.least, expression.most)}`;
    }
  }
}

/** The parts of an expression one after the other, groups of one way opened. */
function partsOf(expression: Expression): readonly Expression[] {
  if (expression.type === "group") return partsOf(expression.part);
  return expression.type === "sequence" ? expression.parts.flatMap(partsOf) : [expression];
}

/** An expression that is searched for, as one that the whole text must be. */
function wholeText(expression: Expression): string | null {
  if (expression.type === "group") return wholeText(expression.part);
  if (expression.type === "choice") {
    const options = expression.options.map(wholeText);
    return options.includes(null) ? null : `(${options.join("|")})`;
  }
  const parts = partsOf(expression);
  const [only] = parts;
  if (parts.length === 1 && only?.type === "choice") return wholeText(only);
  const isAnchor = (part: Expression | undefined, names: readonly string[]): boolean =>
    part?.type === "assertion" && names.includes(part.assertion);
  const start = isAnchor(parts[0], ["start"]);
  const last = parts.length > (start ? 1 : 0) ? parts.at(-1) : undefined;
  const end = isAnchor(last, ["end", "text-end"]);
  const middle = textOf({
    type: "sequence",
    parts: parts.slice(start ? 1 : 0, end ? -1 : undefined),
  });
  if (middle === null) return null;
  // `$` also stands before a line break that ends the text.
  const after = end ? (isAnchor(last, ["text-end"]) ? "\n?" : "") : ".*";
  return `${start ? "" : ".*"}${middle}${after}`;
}

/**
 * A regular expression of Sigma as one of Lucene, which must be the whole value and has neither flags nor anchors: case is
 * written out as classes. Null when it asks for the edge of a word or line, or for an anchor inside.
 */
export function luceneExpression(source: string, flags: ReadonlySet<string>): string | null {
  return wholeText(parseRegex(source, flags));
}
