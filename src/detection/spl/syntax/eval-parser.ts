import type { Range } from "../source/split.js";
import { refuse, type ParseContext } from "./context.js";
import { makeBetween, makeCall } from "./eval-calls.js";
import { tokenizeExpression, type EvalToken } from "./eval-lexer.js";
import { checkTypes } from "./eval-types.js";
import { strengths, type BinaryOperator, type Expression } from "./expression.js";

const comparisons = new Map<string, BinaryOperator>([
  ["=", "="],
  ["==", "="],
  ["!=", "!="],
  ["<", "<"],
  ["<=", "<="],
  [">", ">"],
  [">=", ">="],
]);
/** A chain of operators is as deep as it is long. */
const mostTokens = 5000;
const mostBetweens = 8;
const words = ["AND", "OR", "XOR", "NOT", "IN", "LIKE", "BETWEEN"];

/** Reads the expressions of one range of the prepared text. Throws `SplProblem`. */
class EvalParser {
  #next = 0;
  #betweens = 0;
  readonly #tokens: readonly EvalToken[];

  constructor(
    private readonly context: ParseContext,
    private readonly range: Range,
  ) {
    this.#tokens = tokenizeExpression(context, range);
    const tooMany = this.#tokens[mostTokens];
    if (tooMany !== undefined) {
      const message = `the expression has more than ${mostTokens} words and operators`;
      throw refuse(context, tooMany.start, "expression-too-long", message, "use a lookup, or in(…)");
    }
  }

  /** `field=expression`, separated by commas. */
  assignments(): { field: string; value: Expression }[] {
    const assignments: { field: string; value: Expression }[] = [];
    do {
      const target = this.#peek();
      if (target?.type !== "name" && target?.type !== "field" && target?.type !== "string") {
        throw this.#unexpected("a field to assign to");
      }
      this.#next++;
      if (!this.#takeMark("=")) throw this.#unexpected(`"=" after "${target.text}"`);
      const value = this.#binary(0);
      checkTypes(value, "value");
      assignments.push({ field: target.text, value });
    } while (this.#takeMark(","));
    this.#expectEnd();
    return assignments;
  }

  whole(wanted: "condition" | "value" | "any"): Expression {
    const expression = this.#binary(0);
    this.#expectEnd();
    checkTypes(expression, wanted);
    return expression;
  }

  #peek(offset = 0): EvalToken | undefined {
    return this.#tokens[this.#next + offset];
  }

  #takeMark(text: string): boolean {
    const token = this.#peek();
    if (token?.type !== "mark" || token.text !== text) return false;
    this.#next++;
    return true;
  }

  #word(offset = 0): string {
    const token = this.#peek(offset);
    return token?.type === "name" ? token.text.toUpperCase() : "";
  }

  #unexpected(expected: string): Error {
    const token = this.#peek();
    const found = token === undefined ? "the end" : `"${token.text.slice(0, 40)}"`;
    const at = token?.start ?? this.range.end;
    return refuse(this.context, at, "expression-syntax", `expected ${expected}, found ${found}`);
  }

  #expectEnd(): void {
    if (this.#peek() !== undefined) throw this.#unexpected("an operator or the end of the expression");
  }

  #at(token: EvalToken | undefined): number {
    return this.context.source.originOf(token?.start ?? this.range.end);
  }

  /** Operators of one strength and those that bind more tightly. */
  #binary(strength: number): Expression {
    if (strength === strengths.not) return this.#not();
    if (strength === strengths["="]) return this.#comparison();
    if (strength === strengths.negative) return this.#unary();
    let left = this.#binary(strength + 1);
    let before: BinaryOperator | null = null;
    for (;;) {
      const token = this.#peek();
      const operator = this.#operatorOf(strength);
      if (token === undefined || operator === null) return left;
      if (before !== null && (before === ".") !== (operator === ".")) {
        throw refuse(
          this.context,
          token.start,
          "operators-mixed",
          `"${before}" and "${operator}" stand side by side, and it depends on their order what is joined and what is added`,
          "put one of the two in parentheses",
        );
      }
      this.#next++;
      if (operator === "AND" || operator === "OR") this.#skipRepeated(operator);
      const right = this.#binary(strength + 1);
      left = { type: "binary", operator, left, right, at: this.#at(token) };
      before = operator;
    }
  }

  #operatorOf(strength: number): BinaryOperator | null {
    const token = this.#peek();
    const text = token?.type === "name" ? token.text.toUpperCase() : (token?.text ?? "");
    if (token?.type !== "name" && token?.type !== "mark") return null;
    if (token.type === "name" && !["AND", "OR", "XOR"].includes(text)) return null;
    const operator = text as BinaryOperator;
    return Object.hasOwn(strengths, operator) && strengths[operator] === strength ? operator : null;
  }

  #skipRepeated(word: "AND" | "OR"): void {
    for (let token = this.#peek(); token !== undefined && this.#word() === word; token = this.#peek()) {
      const message = `"${word} ${word}" has nothing between the two operators`;
      this.context.defect(token.start, "operator-repeated", message, `write one ${word}`);
      this.#next++;
    }
  }

  #not(): Expression {
    const token = this.#peek();
    if (token === undefined || this.#word() !== "NOT") return this.#binary(strengths.not + 1);
    this.#next++;
    const operand = this.context.deeper(token.start, () => this.#not());
    return { type: "not", operand, at: this.#at(token) };
  }

  #comparison(): Expression {
    const left = this.#binary(strengths["="] + 1);
    const token = this.#peek();
    const operator = token?.type === "mark" ? comparisons.get(token.text) : undefined;
    if (token !== undefined && operator !== undefined) {
      this.#next++;
      return {
        type: "binary",
        operator,
        left,
        right: this.#binary(strengths["="] + 1),
        at: this.#at(token),
      };
    }
    const negated = this.#word() === "NOT";
    const word = this.#word(negated ? 1 : 0);
    if (token === undefined || !["IN", "LIKE", "BETWEEN"].includes(word)) return left;
    if (negated && word !== "BETWEEN") {
      const message = `NOT stands after the value: eval and where have it before the whole comparison`;
      this.context.defect(token.start, "not-misplaced", message, `write NOT … ${word} …`);
    }
    this.#next += negated ? 2 : 1;
    if (word === "BETWEEN") return this.#between(left, token, negated);
    const test = this.#named(word, left, token);
    return negated ? { type: "not", operand: test, at: this.#at(token) } : test;
  }

  /** The operators IN and LIKE, which are the functions of the same name. */
  #named(word: string, left: Expression, token: EvalToken): Expression {
    const at = this.#at(token);
    if (word === "LIKE") {
      return { type: "call", name: "like", arguments: [left, this.#binary(strengths["="] + 1)], at };
    }
    if (!this.#takeMark("(")) throw this.#unexpected('"(" after IN');
    return { type: "call", name: "in", arguments: [left, ...this.#list(token)], at };
  }

  /** BETWEEN is SQL's. Its bounds belong to the range, as there. */
  #between(value: Expression, token: EvalToken, negated: boolean): Expression {
    const low = this.#binary(strengths["="] + 1);
    if (this.#word() !== "AND") throw this.#unexpected("AND between the two bounds of BETWEEN");
    this.#next++;
    const high = this.#binary(strengths["="] + 1);
    // The value stands twice in what is meant: values of values would double without end.
    if (++this.#betweens > mostBetweens) throw this.#unexpected(`at most ${mostBetweens} times BETWEEN`);
    return makeBetween(this.context, token.start, [value, low, high], negated);
  }

  #unary(): Expression {
    const token = this.#peek();
    if (token === undefined || token.type !== "mark" || !["-", "+"].includes(token.text))
      return this.#primary();
    this.#next++;
    const operand = this.context.deeper(token.start, () => this.#unary());
    if (token.text === "+") return operand;
    return { type: "negative", operand, at: this.#at(token) };
  }

  #primary(): Expression {
    const token = this.#peek();
    if (token === undefined) throw this.#unexpected("a value");
    const at = this.#at(token);
    if (this.#takeMark("(")) {
      const inner = this.context.deeper(token.start, () => this.#binary(0));
      if (!this.#takeMark(")")) {
        throw refuse(this.context, token.start, "parenthesis-open", 'the "(" that opens here is not closed');
      }
      return inner;
    }
    const called = this.#peek(1)?.text === "(" && ["LIKE", "IN"].includes(this.#word());
    if (token.type === "mark" || (words.includes(this.#word()) && !called)) throw this.#unexpected("a value");
    this.#next++;
    if (token.type === "string") return { type: "string", value: token.text, at };
    if (token.type === "number") return { type: "number", value: this.#number(token), at };
    if (token.type === "name" && this.#takeMark("(")) return this.#call(token);
    this.#warnDot(token);
    return { type: "field", name: token.text, at };
  }

  #number(token: EvalToken): number {
    const value = Number(token.text);
    if (Number.isFinite(value)) return value;
    throw refuse(this.context, token.start, "expression-syntax", `${token.text} is too large a number`);
  }

  /** `a.b` joins the fields a and b. Data models and JSON make one think otherwise. */
  #warnDot(token: EvalToken): void {
    const dot = this.#peek();
    const next = this.#peek(1);
    const touches =
      dot?.text === "." && dot.start === token.end && next?.type === "name" && next.start === dot.end;
    if (token.type !== "name" || !touches || this.#peek(2)?.text === "(") return;
    const name = `${token.text}.${next.text}`;
    const message = `${name} joins the texts of the fields ${token.text} and ${next.text}`;
    this.context.warn(token.start, "field-unquoted", message, `for one field write '${name}'`);
  }

  #list(open: EvalToken): Expression[] {
    const values: Expression[] = [];
    if (this.#takeMark(")")) return values;
    do values.push(this.context.deeper(open.start, () => this.#binary(0)));
    while (this.#takeMark(","));
    if (!this.#takeMark(")")) throw this.#unexpected('"," or ")"');
    return values;
  }

  #call(name: EvalToken): Expression {
    return makeCall(this.context, name.start, name.text, this.#list(name));
  }
}

/** Reads the assignments of `eval`. Throws `SplProblem`. */
export function parseAssignments(
  context: ParseContext,
  range: Range,
): { field: string; value: Expression }[] {
  return new EvalParser(context, range).assignments();
}

/** Reads one expression: a condition of `where`, or a value. Throws `SplProblem`. */
export function parseExpression(
  context: ParseContext,
  range: Range,
  wanted: "condition" | "value" | "any",
): Expression {
  return new EvalParser(context, range).whole(wanted);
}
