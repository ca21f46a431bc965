import { refuse, type ParseContext } from "./context.js";
import { checkField, checkKeyword } from "./search-checks.js";
import type { SearchComparison, SearchExpression } from "./tree.js";
import type { Token } from "./words.js";

const comparisons: readonly string[] = ["=", "!=", "<", "<=", ">", ">="];

/**
 * Reads the conditions of `search`. Precedence, weakest first: AND (written or not), OR, NOT, parentheses: in this command
 * alone OR binds tighter than AND (Search Manual, "Boolean expressions"). Throws `SplProblem`.
 */
export class SearchParser {
  #next = 0;

  constructor(
    private readonly context: ParseContext,
    private readonly tokens: readonly Token[],
    private readonly end: number,
    /** Whether `earliest=` and `latest=` are bounds of time here: in the search that reads the index. */
    private readonly timeBounds: boolean,
  ) {}

  /** The whole condition; null when there are no tokens. */
  parse(): SearchExpression | null {
    if (this.tokens.length === 0) return null;
    const expression = this.#and();
    const rest = this.#peek();
    if (rest !== undefined) throw this.#unexpected(rest);
    return expression;
  }

  #peek(offset = 0): Token | undefined {
    return this.tokens[this.#next + offset];
  }

  #isMark(text: string, offset = 0): boolean {
    const token = this.#peek(offset);
    return token?.type === "mark" && token.text === text;
  }

  #isWord(text: string, offset = 0): boolean {
    const token = this.#peek(offset);
    return token?.type === "word" && token.text === text;
  }

  #unexpected(token: Token | undefined): Error {
    const found = token === undefined ? "the end of the search" : `"${token.text.slice(0, 40)}"`;
    return refuse(
      this.context,
      token?.start ?? this.end,
      "search-syntax",
      `expected a search term, found ${found}`,
      "",
    );
  }

  #and(): SearchExpression {
    const operands = [this.#or()];
    for (;;) {
      if (this.#isWord("AND")) this.#operator("AND");
      else if (this.#peek() === undefined || this.#isMark(")")) break;
      operands.push(this.#or());
    }
    const [only] = operands;
    return operands.length === 1 && only !== undefined ? only : { type: "and", operands };
  }

  #or(): SearchExpression {
    const operands = [this.#not()];
    while (this.#isWord("OR")) {
      this.#operator("OR");
      operands.push(this.#not());
    }
    const [only] = operands;
    return operands.length === 1 && only !== undefined ? only : { type: "or", operands };
  }

  /** Takes an operator, and with a finding the same one again. */
  #operator(word: "AND" | "OR"): void {
    this.#next++;
    for (let token = this.#peek(); token !== undefined && this.#isWord(word); token = this.#peek()) {
      this.context.defect(
        token.start,
        "operator-repeated",
        `"${word} ${word}" has no term between the two operators`,
        `write one ${word}`,
      );
      this.#next++;
    }
  }

  #not(): SearchExpression {
    const token = this.#peek();
    if (token === undefined || !this.#isWord("NOT")) return this.#primary();
    return this.context.deeper(token.start, () => {
      this.#next++;
      return { type: "not", operand: this.#not() };
    });
  }

  #primary(): SearchExpression {
    const token = this.#peek();
    if (token === undefined) throw this.#unexpected(token);
    const at = this.context.source.originOf(token.start);
    if (token.type === "subsearch") {
      this.#next++;
      return {
        type: "subsearch",
        query: this.context.subsearch({ start: token.start + 1, end: token.end - 1 }),
        at,
      };
    }
    if (this.#isMark("(")) return this.#group(token);
    if (token.type === "mark") throw this.#unexpected(token);
    if (token.type === "word" && ["AND", "OR"].includes(token.text)) throw this.#unexpected(token);
    const operator = this.#peek(1);
    if (operator?.type === "mark" && (comparisons.includes(operator.text) || operator.text === "==")) {
      return this.#comparison(token, operator);
    }
    if (token.type === "word" && ["TERM", "CASE"].includes(token.text) && this.#isMark("(", 1)) {
      return { type: "keyword", ...this.#form(), at };
    }
    if (this.#isWord("IN", 1) || (this.#isWord("in", 1) && this.#isMark("(", 2))) return this.#in(token);
    if (this.#isWord("NOT", 1) && this.#isWord("IN", 2) && this.#isMark("(", 3)) {
      this.context.defect(
        token.start,
        "not-in-misplaced",
        `NOT stands after the field "${token.text}": Splunk takes the field for a word`,
        `write NOT ${token.text} IN (…)`,
      );
      return { type: "not", operand: this.#in(token, 2) };
    }
    this.#next++;
    checkKeyword(this.context, token);
    return { type: "keyword", text: token.text, form: "plain", at };
  }

  #group(open: Token): SearchExpression {
    return this.context.deeper(open.start, () => {
      this.#next++;
      const inner = this.#and();
      if (!this.#isMark(")")) {
        throw refuse(
          this.context,
          open.start,
          "parenthesis-open",
          'the "(" that opens here is not closed',
          "",
        );
      }
      this.#next++;
      return inner;
    });
  }

  /** The text in `TERM(…)` or `CASE(…)`. */
  #form(): { text: string; form: "term" | "case" } {
    const name = this.#peek();
    const value = this.#peek(2);
    const isValue = value?.type === "word" || value?.type === "string";
    if (!isValue || !this.#isMark(")", 3)) {
      throw refuse(
        this.context,
        name?.start ?? this.end,
        "search-syntax",
        `expected one value in ${name?.text ?? ""}(…)`,
        "",
      );
    }
    this.#next += 4;
    return { text: value.text, form: name?.text === "TERM" ? "term" : "case" };
  }

  #comparison(field: Token, operator: Token): SearchExpression {
    if (operator.text === "==") {
      this.context.defect(
        operator.start,
        "operator-unknown",
        '"==" is an operator of eval and where, not of search',
        "write =",
      );
    }
    this.#next += 2;
    const value = this.#peek();
    if (value === undefined || value.type === "mark" || value.type === "subsearch") {
      throw refuse(
        this.context,
        value?.start ?? this.end,
        "search-syntax",
        `expected a value after "${field.text}${operator.text}"`,
        'an empty value is written ""',
      );
    }
    const at = this.context.source.originOf(field.start);
    const written = operator.text === "==" ? "=" : operator.text;
    const cased = value.type === "word" && value.text === "CASE" && this.#isMark("(", 1);
    const text = cased ? this.#form().text : value.text;
    if (!cased) this.#next++;
    return this.#meaning(field, written as SearchComparison, text, cased, at, value.start);
  }

  #meaning(
    field: Token,
    operator: SearchComparison,
    value: string,
    cased: boolean,
    at: number,
    valueAt: number,
  ): SearchExpression {
    const name = field.text;
    if (name === "eventtype" && operator === "=") {
      return { type: "eventtype", name: value, search: this.#eventType(value, valueAt), at };
    }
    if (name === "earliest" || name === "latest") {
      if (this.timeBounds && operator === "=") return { type: "time", bound: name, value, at };
      throw refuse(
        this.context,
        field.start,
        "time-misplaced",
        `${name} bounds the search that reads the index; here it would be a field`,
        "compare _time in a where command",
      );
    }
    checkField(this.context, field);
    if (operator !== "=" && operator !== "!=" && value.includes("*")) {
      throw refuse(
        this.context,
        valueAt,
        "wildcard-misplaced",
        `"${operator}" does not read the wildcard *`,
        "",
      );
    }
    return { type: "compare", field: name, operator, value, cased, at };
  }

  #eventType(name: string, offset: number): SearchExpression {
    const { eventTypes } = this.context;
    const search = Object.hasOwn(eventTypes, name) ? eventTypes[name] : undefined;
    if (search !== undefined) return this.context.innerSearch(search, offset);
    const hint = "give its search with the query";
    throw refuse(this.context, offset, "unknown-eventtype", `the event type "${name}" is not defined`, hint);
  }

  #in(field: Token, words = 1): SearchExpression {
    checkField(this.context, field);
    this.#next += 1 + words;
    const at = this.context.source.originOf(field.start);
    if (!this.#isMark("(")) throw this.#unexpected(this.#peek());
    this.#next++;
    const values: string[] = [];
    while (!this.#isMark(")")) {
      const token = this.#peek();
      if (token?.type !== "word" && token?.type !== "string") {
        throw refuse(
          this.context,
          token?.start ?? this.end,
          "search-syntax",
          `expected a value in the list of ${field.text} IN (…)`,
          'values stand in a list with commas: IN ("a", "b")',
        );
      }
      values.push(token.text);
      this.#next++;
      if (this.#isMark(",")) this.#next++;
    }
    if (values.length === 0) throw this.#unexpected(this.#peek());
    this.#next++;
    return { type: "in", field: field.text, values, at };
  }
}
