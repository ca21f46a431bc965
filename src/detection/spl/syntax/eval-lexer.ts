import { endOfString, type Range } from "../source/split.js";
import { refuse, type ParseContext } from "./context.js";
import { unescapeText } from "./words.js";

/** A token of an expression. Offsets are into the prepared text. */
export interface EvalToken extends Range {
  readonly type: "string" | "number" | "field" | "name" | "mark";
  /** A string, a quoted field or a name without its quotes; a number or a mark as written. */
  readonly text: string;
}

const marks = [
  "==",
  "!=",
  "<=",
  ">=",
  "&&",
  "||",
  "=",
  "<",
  ">",
  "(",
  ")",
  ",",
  "+",
  "-",
  "*",
  "/",
  "%",
  ".",
];
/** Marks of other languages, and what `eval` has for them. */
const foreign: Readonly<Record<string, string>> = { "&&": "AND", "||": "OR", "!": "NOT" };

/** The tokens of an expression. Throws `SplProblem`. */
export function tokenizeExpression(context: ParseContext, range: Range): EvalToken[] {
  const { source } = context;
  const text = source.text;
  const tokens: EvalToken[] = [];
  let index = range.start;
  while (index < range.end) {
    const character = text.charAt(index);
    const start = index;
    if (/\s/.test(character)) {
      index++;
      continue;
    }
    if (character === '"' || character === "'") {
      index = endOfString(source, start, range.end);
      const inner = text.slice(start + 1, index - 1);
      tokens.push(
        character === '"'
          ? { type: "string", text: unescapeText(inner), start, end: index }
          : { type: "field", text: inner, start, end: index },
      );
      continue;
    }
    const rest = text.slice(index, Math.min(range.end, index + 300));
    const number = /^(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w])/.exec(rest);
    const name = /^[A-Za-z_][\w{}]*/.exec(rest);
    if (number !== null) {
      index += number[0].length;
      tokens.push({ type: "number", text: number[0], start, end: index });
    } else if (name !== null) {
      index += name[0].length;
      tokens.push({ type: "name", text: name[0], start, end: index });
    } else {
      const mark = marks.find((each) => rest.startsWith(each)) ?? (character === "!" ? "!" : null);
      if (mark === null) {
        throw refuse(
          context,
          start,
          "expression-syntax",
          `"${character}" has no meaning in an expression`,
          "texts stand in double quotes, and field names with other than letters, digits and _ in single quotes",
        );
      }
      index += mark.length;
      const meant = foreign[mark];
      if (meant === undefined) tokens.push({ type: "mark", text: mark, start, end: index });
      else {
        context.defect(start, "operator-unknown", `"${mark}" is no operator of eval`, `write ${meant}`);
        tokens.push({ type: "name", text: meant, start, end: index });
      }
    }
  }
  return tokens;
}
