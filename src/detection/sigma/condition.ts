/** The condition of a rule. `of` is `1 of pattern*`, `all of pattern*`, and the same of `them`. */
export type Condition =
  | { readonly type: "identifier"; readonly name: string; readonly at: number }
  | { readonly type: "of"; readonly quantifier: "any" | "all"; readonly pattern: string; readonly at: number }
  | { readonly type: "not"; readonly operand: Condition }
  | { readonly type: "and" | "or"; readonly operands: readonly Condition[] };

/** Why a text is no condition. `at` counts characters of the condition from 0. Does not leave `sigma/`. */
export class ConditionProblem extends Error {
  constructor(
    readonly at: number,
    readonly code: string,
    message: string,
    readonly hint = "",
  ) {
    super(message);
    this.name = "ConditionProblem";
  }
}

/** A condition of Sigma version 1: an aggregation stands behind a pipe. */
export class AggregationProblem extends ConditionProblem {
  constructor(
    at: number,
    /** The condition before the pipe, as written. */
    readonly before: string,
    /** What stands behind the pipe, as written. */
    readonly after: string,
  ) {
    const [name = ""] = /^\w+/.exec(after) ?? [];
    super(at, "aggregation-unsupported", `"| ${name.toLowerCase()}" was removed from Sigma with version 2`);
    this.name = "AggregationProblem";
  }
}

interface Token {
  readonly text: string;
  readonly at: number;
}

const deepest = 100;
const aggregations = ["count", "sum", "min", "max", "avg", "near"];

function tokenize(text: string): Token[] {
  return [...text.matchAll(/[()|]|[^\s()|]+/g)].map((match) => ({ text: match[0], at: match.index }));
}

function pipeProblem(text: string, at: number): ConditionProblem {
  const after = text.slice(at + 1).trim();
  const name = /^\w+/.exec(after)?.[0].toLowerCase() ?? "";
  return aggregations.includes(name)
    ? new AggregationProblem(at, text.slice(0, at).trim(), after)
    : new ConditionProblem(at, "condition-syntax", `expected the end of the condition, found "|"`);
}

class Parser {
  #next = 0;
  #depth = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly end: number,
  ) {}

  parse(): Condition {
    const condition = this.#or();
    const rest = this.tokens[this.#next];
    if (rest !== undefined) {
      throw new ConditionProblem(
        rest.at,
        "condition-syntax",
        `expected "and", "or" or the end of the condition, found "${rest.text}"`,
      );
    }
    return condition;
  }

  #word(offset = 0): string {
    return this.tokens[this.#next + offset]?.text.toLowerCase() ?? "";
  }

  #chain(type: "and" | "or", operand: () => Condition): Condition {
    const first = operand();
    const operands = [first];
    while (this.#word() === type) {
      this.#next++;
      operands.push(operand());
    }
    return operands.length === 1 ? first : { type, operands };
  }

  #or(): Condition {
    return this.#chain("or", () => this.#chain("and", () => this.#not()));
  }

  #not(): Condition {
    if (this.#word() !== "not") return this.#primary();
    return this.#deeper(() => {
      this.#next++;
      return { type: "not", operand: this.#not() };
    });
  }

  #deeper(parse: () => Condition): Condition {
    this.#depth++;
    if (this.#depth > deepest) {
      throw new ConditionProblem(
        this.tokens[this.#next]?.at ?? this.end,
        "condition-too-deep",
        `the condition nests more than ${deepest} deep`,
      );
    }
    const condition = parse();
    this.#depth--;
    return condition;
  }

  #primary(): Condition {
    const token = this.tokens[this.#next];
    if (token === undefined) {
      throw new ConditionProblem(
        this.end,
        "condition-syntax",
        "the condition ends where an identifier was expected",
      );
    }
    if (token.text === "(") {
      return this.#deeper(() => {
        this.#next++;
        const inner = this.#or();
        const close = this.tokens[this.#next];
        if (close?.text !== ")") {
          throw new ConditionProblem(
            close?.at ?? this.end,
            "condition-syntax",
            `expected ")"${close === undefined ? "" : `, found "${close.text}"`}`,
            "the parenthesis opened before it is not closed",
          );
        }
        this.#next++;
        return inner;
      });
    }
    if (this.#word(1) === "of") return this.#of(token);
    const reserved = ["and", "or", "of", ")", "|"].includes(this.#word());
    if (reserved) {
      throw new ConditionProblem(
        token.at,
        "condition-syntax",
        `expected an identifier, found "${token.text}"`,
      );
    }
    this.#next++;
    return { type: "identifier", name: token.text, at: token.at };
  }

  #of(token: Token): Condition {
    const quantifier = { "1": "any", any: "any", all: "all" }[token.text.toLowerCase()];
    if (quantifier !== "any" && quantifier !== "all") {
      throw new ConditionProblem(
        token.at,
        "condition-quantifier",
        `expected "1 of" or "all of", found "${token.text} of"`,
        "Sigma counts no further than one; a threshold over events is a correlation",
      );
    }
    const pattern = this.tokens[this.#next + 2];
    if (pattern === undefined || ["(", ")", "|"].includes(pattern.text)) {
      throw new ConditionProblem(
        pattern?.at ?? this.end,
        "condition-syntax",
        `expected an identifier, a pattern such as selection_* or "them" after "of"`,
      );
    }
    this.#next += 3;
    return { type: "of", quantifier, pattern: pattern.text, at: token.at };
  }
}

/** Reads a condition. Throws {@link ConditionProblem}. Precedence, weakest first: or, and, not, of, parentheses. */
export function parseCondition(text: string): Condition {
  const tokens = tokenize(text);
  const pipe = tokens.find((token) => token.text === "|");
  if (pipe !== undefined) throw pipeProblem(text, pipe.at);
  return new Parser(tokens, text.length).parse();
}

/**
 * The identifiers that an `of` stands for, in the order of the rule: those that the pattern names (`*` is any text), or,
 * for `them`, all that do not start with an underscore.
 */
export function namesOf(pattern: string, identifiers: Iterable<string>): string[] {
  if (pattern.toLowerCase() === "them") return [...identifiers].filter((name) => !name.startsWith("_"));
  const parts = pattern.split("*");
  const [first = ""] = parts;
  const last = parts.at(-1) ?? "";
  return [...identifiers].filter((name) => {
    if (parts.length === 1) return name === pattern;
    if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
      return false;
    let position = first.length;
    for (const part of parts.slice(1, -1)) {
      const found = name.indexOf(part, position);
      if (found === -1) return false;
      position = found + part.length;
    }
    return position <= name.length - last.length;
  });
}

/** Every identifier and `of` of a condition, from left to right. */
export function leavesOf(condition: Condition): (Condition & { type: "identifier" | "of" })[] {
  if (condition.type === "identifier" || condition.type === "of") return [condition];
  if (condition.type === "not") return leavesOf(condition.operand);
  return condition.operands.flatMap(leavesOf);
}

/** The condition with those patterns that are meant written out as the names that they stand for now. */
export function writtenOut(
  condition: Condition,
  names: readonly string[],
  isMeant: (pattern: string) => boolean,
): Condition {
  switch (condition.type) {
    case "identifier":
      return condition;
    case "of": {
      if (!isMeant(condition.pattern)) return condition;
      const operands = namesOf(condition.pattern, names).map((name): Condition => ({
        type: "identifier",
        name,
        at: condition.at,
      }));
      const [only] = operands;
      if (operands.length === 1 && only !== undefined) return only;
      return { type: condition.quantifier === "any" ? "or" : "and", operands };
    }
    case "not":
      return { type: "not", operand: writtenOut(condition.operand, names, isMeant) };
    case "and":
    case "or":
      return {
        type: condition.type,
        operands: condition.operands.map((operand) => writtenOut(operand, names, isMeant)),
      };
  }
}
