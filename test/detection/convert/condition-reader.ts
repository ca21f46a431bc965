/** The fields of an event, as a stand-in for a SIEM sees them. */
export type Fields = Readonly<Record<string, unknown>>;
/** True, false, or null as in the logic of SQL. */
export type Truth = boolean | null;
export type Condition = (fields: Fields) => Truth;

/** Reads a query from left to right. */
export class Cursor {
  #at = 0;

  constructor(readonly text: string) {}

  /** The match at this place, which is passed over; null when there is none. */
  take(expression: RegExp): RegExpExecArray | null {
    const sticky = new RegExp(expression.source, `${expression.flags.replace("y", "")}y`);
    sticky.lastIndex = this.#at;
    const match = sticky.exec(this.text);
    if (match !== null) this.#at = sticky.lastIndex;
    return match;
  }

  expect(expression: RegExp): RegExpExecArray {
    const match = this.take(expression);
    if (match === null)
      throw new Error(`expected ${expression} at ${this.#at}: ${this.text.slice(this.#at, this.#at + 60)}`);
    return match;
  }

  get done(): boolean {
    return this.#at === this.text.length;
  }
}

/** A stand-in's grammar: its words, and how it reads one comparison. */
export interface Grammar {
  readonly and: RegExp;
  readonly or: RegExp;
  readonly not: RegExp;
  comparison(cursor: Cursor): Condition;
}

function both(conditions: readonly Condition[], decisive: boolean): Condition {
  return (fields) => {
    const truths = conditions.map((condition) => condition(fields));
    if (truths.includes(decisive)) return decisive;
    return truths.includes(null) ? null : !decisive;
  };
}

/**
 * Reads a condition that never relies on precedence: `and` beside `or` without parentheses is an error. What is left over
 * at the end is an error too: nothing broke out of its literal.
 */
export function readCondition(text: string, grammar: Grammar): Condition {
  const cursor = new Cursor(text);
  const operand = (): Condition => {
    if (cursor.take(grammar.not) !== null) {
      const inner = operand();
      return (fields) => {
        const truth = inner(fields);
        return truth === null ? null : !truth;
      };
    }
    if (cursor.take(/\(/) === null) return grammar.comparison(cursor);
    const inner = expression();
    cursor.expect(/\)/);
    return inner;
  };
  const expression = (): Condition => {
    const operands = [operand()];
    if (cursor.take(grammar.and) !== null) {
      do operands.push(operand());
      while (cursor.take(grammar.and) !== null);
      return both(operands, false);
    }
    while (cursor.take(grammar.or) !== null) operands.push(operand());
    return operands.length === 1 ? (operands[0] as Condition) : both(operands, true);
  };
  const condition = expression();
  if (!cursor.done) throw new Error(`left over: ${text}`);
  return condition;
}

/** A literal's inner text without its escapes: those of a code point in the first group, others in the second. */
export function readEscapes(inner: string, escape: RegExp): string {
  const named: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
  return inner.replaceAll(escape, (_, codePoint: string | undefined, letter: string) =>
    codePoint === undefined
      ? (named[letter] ?? letter)
      : String.fromCodePoint(Number.parseInt(codePoint, 16)),
  );
}

/** A literal in double quotes at this place, with the escapes of Go, which KQL and ES|QL share. */
export function takeQuotedText(cursor: Cursor): string {
  const [, inner = ""] = cursor.expect(/"((?:[^"\\\p{Cc}]|\\(?:["\\nrt]|u[0-9a-f]{4}))*)"/u);
  return readEscapes(inner, /\\(?:u([0-9a-f]{4})|(.))/g);
}

/** The query without its first lines, which must be as told. */
export function behind(frame: string, query: string): string {
  if (!query.startsWith(frame)) throw new Error(`not in its frame: ${query}`);
  return query.slice(frame.length);
}

/** Whether two numbers compare as a sign says. */
export function compares(sign: string, left: number, right: number): boolean {
  switch (sign) {
    case "=":
    case "==":
      return left === right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    default:
      throw new Error(`no comparison of numbers: ${sign}`);
  }
}

/** The text of a field; null when it is absent. */
export function textOf(fields: Fields, name: string): string | null {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

/** A test of a field's text that is null when the field is absent. */
export function nullable(name: string, test: (text: string) => boolean): Condition {
  return (fields) => {
    const text = textOf(fields, name);
    return text === null ? null : test(text);
  };
}

/** A test of a field's text in a system that keeps no empty text: an absent field is one. */
export function emptied(name: string, test: (text: string) => boolean): Condition {
  return (fields) => test(textOf(fields, name) ?? "");
}

/** Both texts with the letters of ASCII in one case. */
export function foldAscii(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
