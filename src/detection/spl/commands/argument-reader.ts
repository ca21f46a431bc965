import type { SplProblem } from "../problem.js";
import type { Range } from "../source/split.js";
import { refuse, type ParseContext } from "../syntax/context.js";
import { parseAssignments, parseExpression } from "../syntax/eval-parser.js";
import type { Expression } from "../syntax/expression.js";
import { SearchParser } from "../syntax/search-parser.js";
import type { Query, SearchExpression } from "../syntax/tree.js";
import { tokenize, type Token } from "../syntax/words.js";

/** The arguments of one command, read from left to right. */
export class ArgumentReader {
  #tokens: readonly Token[] | null = null;
  #next = 0;

  constructor(
    readonly command: string,
    readonly context: ParseContext,
    readonly range: Range,
    /** Whether the command is the first of the pipeline. */
    readonly first: boolean,
  ) {}

  get #all(): readonly Token[] {
    return (this.#tokens ??= tokenize(this.context.source, this.range));
  }

  peek(offset = 0): Token | undefined {
    return this.#all[this.#next + offset];
  }

  take(): Token | undefined {
    const token = this.peek();
    if (token !== undefined) this.#next++;
    return token;
  }

  get atEnd(): boolean {
    return this.peek() === undefined;
  }

  /** The offset of the next argument into the prepared text. */
  get offset(): number {
    return this.peek()?.start ?? this.range.end;
  }

  /** The offset of the next argument into the query as the caller gave it. */
  get at(): number {
    return this.context.source.originOf(this.offset);
  }

  refuse(code: string, message: string, hint = "", offset = this.offset): SplProblem {
    return refuse(this.context, offset, code, message, hint);
  }

  unexpected(expected: string): SplProblem {
    const token = this.peek();
    const found = token === undefined ? "its end" : `"${token.text.slice(0, 40)}"`;
    return this.refuse("command-syntax", `${this.command}: expected ${expected}, found ${found}`);
  }

  expectEnd(): void {
    if (!this.atEnd) throw this.unexpected("the end of the command");
  }

  isMark(text: string, offset = 0): boolean {
    const token = this.peek(offset);
    return token?.type === "mark" && token.text === text;
  }

  takeMark(text: string): boolean {
    if (!this.isMark(text)) return false;
    this.#next++;
    return true;
  }

  /** Whether the next argument is a word, whatever its case. */
  isWord(text: string): boolean {
    const token = this.peek();
    return token?.type === "word" && token.text.toLowerCase() === text;
  }

  takeWord(text: string): boolean {
    if (!this.isWord(text)) return false;
    this.#next++;
    return true;
  }

  /** A word or a text in quotes. */
  value(expected: string): string {
    const token = this.peek();
    if (token?.type !== "word" && token?.type !== "string") throw this.unexpected(expected);
    this.#next++;
    return token.text;
  }

  /** The name of a field. */
  field(expected = "a field"): string {
    const token = this.peek();
    const name = this.value(expected);
    // Commands take names in single quotes too.
    const quoted = /^'([^']*)'$/.exec(name);
    const text = token?.type === "word" && quoted !== null ? (quoted[1] ?? "") : name;
    if (text !== "" && !text.includes("'")) return text;
    throw this.refuse("command-syntax", `${this.command}: "${name}" is no name of a field`, "", token?.start);
  }

  /** Fields up to the end or to one of the words, which is not taken. Commas between them are free. */
  fields(until: readonly string[] = []): string[] {
    const fields: string[] = [];
    while (!this.atEnd && !until.some((word) => this.isWord(word))) {
      fields.push(this.field());
      this.takeMark(",");
    }
    return fields;
  }

  /** The options `name=value` that stand next, by name in lower case. Others than those named are refused. */
  options(names: readonly string[]): Map<string, string> {
    const options = new Map<string, string>();
    while (this.peek()?.type === "word" && this.isMark("=", 1)) {
      const name = this.peek()?.text.toLowerCase() ?? "";
      if (!names.includes(name)) {
        throw this.refuse(
          "option-unsupported",
          `${this.command} has no option "${name}" here`,
          names.length === 0 ? "it takes no options here" : `its options here are ${names.join(", ")}`,
        );
      }
      this.#next += 2;
      options.set(name, this.value(`a value of ${name}`));
      this.takeMark(",");
    }
    return options;
  }

  /** An option that is true or false. */
  flag(options: ReadonlyMap<string, string>, name: string, fallback: boolean): boolean {
    const value = options.get(name)?.toLowerCase();
    if (value === undefined) return fallback;
    if (["true", "t", "1"].includes(value)) return true;
    if (["false", "f", "0"].includes(value)) return false;
    throw this.refuse("option-invalid", `${this.command}: ${name} is true or false, not "${value}"`);
  }

  /** A number without a fraction, at least 0. */
  count(text: string, name: string): number {
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw this.refuse("option-invalid", `${this.command}: ${name} is a whole number, not "${text}"`);
  }

  /** A subsearch in square brackets. */
  subsearch(): Query {
    const token = this.peek();
    if (token?.type !== "subsearch") throw this.unexpected("a subsearch in [ ]");
    this.#next++;
    return this.context.subsearch({ start: token.start + 1, end: token.end - 1 });
  }

  /** The rest as a condition of `search`, up to one of the words; null when there is none. */
  search(timeBounds: boolean, until: readonly string[] = []): SearchExpression | null {
    const tokens: Token[] = [];
    let depth = 0;
    while (!this.atEnd) {
      if (depth === 0 && until.some((word) => this.isWord(word)) && !this.isMark("=", 1)) break;
      const token = this.take();
      if (token === undefined) break;
      if (token.type === "mark" && token.text === "(") depth++;
      if (token.type === "mark" && token.text === ")") depth--;
      tokens.push(token);
    }
    return new SearchParser(this.context, tokens, this.offset, timeBounds).parse();
  }

  /** The whole of the arguments as an expression. */
  expression(wanted: "condition" | "value"): Expression {
    return parseExpression(this.context, this.range, wanted);
  }

  /** The whole of the arguments as assignments. */
  assignments(): { field: string; value: Expression }[] {
    return parseAssignments(this.context, this.range);
  }

  /** An expression in the parentheses that open here. */
  expressionInParentheses(): Expression {
    const open = this.take();
    if (open?.text !== "(") throw this.unexpected('"("');
    let depth = 1;
    for (;;) {
      const token = this.take();
      if (token === undefined) {
        throw this.refuse("parenthesis-open", 'the "(" that opens here is not closed', "", open.start);
      }
      if (token.type !== "mark") continue;
      if (token.text === "(") depth++;
      else if (token.text === ")" && --depth === 0) {
        return parseExpression(this.context, { start: open.end, end: token.start }, "any");
      }
    }
  }
}
