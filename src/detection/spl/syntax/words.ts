import { SplProblem } from "../problem.js";
import type { MappedText } from "../source/mapped-text.js";
import { endOfBracket, endOfString, type Range } from "../source/split.js";

/** A token of a search or of a command's arguments. Offsets are into the prepared text. */
export interface Token extends Range {
  readonly type: "word" | "string" | "mark" | "subsearch";
  /** A word or string without quotes and escapes; a mark as it stands; the inner text of a subsearch. */
  readonly text: string;
  /** White space stands before it. */
  readonly spaced: boolean;
}

const marks = ["!=", "<=", ">=", "==", "(", ")", ",", "=", "<", ">"];

/** `\\` is one backslash and `\"` a quote; a backslash before anything else is itself (Search Manual, "Escaping"). */
export function unescapeText(text: string): string {
  return text.includes("\\") ? text.replaceAll(/\\(["\\])/g, "$1") : text;
}

/** A text in quotes, which reads as itself. */
export function quoteText(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}

function markAt(text: string, index: number, end: number): string | null {
  return marks.find((mark) => index + mark.length <= end && text.startsWith(mark, index)) ?? null;
}

function endOfWord(source: MappedText, start: number, end: number): number {
  let index = start;
  while (index < end) {
    const character = source.text.charAt(index);
    if (character === "\\" && index + 1 < end && !/\s/.test(source.text.charAt(index + 1))) index += 2;
    else if (/[\s"[\]]/.test(character) || markAt(source.text, index, end) !== null) break;
    else index++;
  }
  return index;
}

/** The tokens of a search or of a command's arguments. Throws {@link SplProblem}. */
export function tokenize(source: MappedText, range: Range): Token[] {
  const { text } = source;
  const tokens: Token[] = [];
  let index = range.start;
  let spaced = true;
  while (index < range.end) {
    const character = text.charAt(index);
    if (/\s/.test(character)) {
      spaced = true;
      index++;
      continue;
    }
    const start = index;
    const mark = markAt(text, index, range.end);
    let token: Pick<Token, "type" | "text">;
    if (character === '"') {
      index = endOfString(source, start, range.end);
      token = { type: "string", text: unescapeText(text.slice(start + 1, index - 1)) };
    } else if (character === "[") {
      index = endOfBracket(source, start, range.end) + 1;
      token = { type: "subsearch", text: text.slice(start + 1, index - 1) };
    } else if (character === "]") {
      throw new SplProblem("bracket-open", source.originOf(start), 'the "]" closes nothing');
    } else if (mark === null) {
      index = endOfWord(source, start, range.end);
      token = { type: "word", text: unescapeText(text.slice(start, index)) };
    } else {
      index += mark.length;
      token = { type: "mark", text: mark };
    }
    tokens.push({ ...token, start, end: index, spaced });
    spaced = false;
  }
  return tokens;
}
