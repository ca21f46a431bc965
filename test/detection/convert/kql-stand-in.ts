import { contains, parseNetwork } from "../../../src/detection/sigma/network.js";
import { compileRegex } from "../../../src/detection/regex/index.js";
import { readEscapes } from "./condition-reader.js";

/**
 * A stand-in for Kusto: reads and evaluates what the converter writes, by Microsoft's pages on null values, string
 * operators and literals. Columns of text are empty where the event has no value; the column Count is one of numbers.
 */

type Value = string | number | boolean | null;
type Row = Readonly<Record<string, unknown>>;

/** The literals of a query, as Kusto reads them: what the quoting must be the inverse of. */
export function readLiteral(literal: string): string {
  return readEscapes(literal.slice(1, -1), /\\(?:u([0-9a-f]{4})|([\s\S]))/g);
}

const token = /"(?:[^"\\\n\r]|\\[\s\S])*"|\['[^']*'\]|-?\d+(?:\.\d+)?|=~|==|<=|>=|[<>()*,]|[A-Za-z_]\w*|\S/g;

/** The parts of a query. Texts and names are one part each. */
export function tokensOf(query: string): string[] {
  return query.match(token) ?? [];
}

const textOperators: Readonly<Record<string, (left: string, right: string) => boolean>> = {
  "==": (left, right) => left === right,
  "=~": (left, right) => left.toLowerCase() === right.toLowerCase(),
  startswith: (left, right) => left.toLowerCase().startsWith(right.toLowerCase()),
  startswith_cs: (left, right) => left.startsWith(right),
  endswith: (left, right) => left.toLowerCase().endsWith(right.toLowerCase()),
  endswith_cs: (left, right) => left.endsWith(right),
  contains: (left, right) => left.toLowerCase().includes(right.toLowerCase()),
  contains_cs: (left, right) => left.includes(right),
  regex: (left, right) => compileRegex(right, new Set()).test(left),
};

function compare(operator: string, left: Value, right: Value): Value {
  if (typeof right === "number") {
    // Equality with null is false, order is null.
    if (left === null) return operator === "==" ? false : null;
    if (typeof left !== "number") throw new Error("a text compared with a number");
    return {
      "==": left === right,
      "<": left < right,
      "<=": left <= right,
      ">": left > right,
      ">=": left >= right,
    }[operator] as boolean;
  }
  const test = textOperators[operator];
  if (test === undefined) throw new Error(`unknown operator ${operator}`);
  return test(String(left), String(right));
}

function call(name: string, [first = null, second = null]: readonly Value[]): Value {
  switch (name) {
    case "not":
      return first === null ? null : first === false;
    case "isempty":
      return first === null || first === "";
    case "isnotempty":
      return first !== null && first !== "";
    case "isnotnull":
      return first !== null;
    case "tolower":
      return String(first).toLowerCase();
    case "tostring":
      return first === null ? "" : String(first);
    case "coalesce":
      return first ?? second;
    case "ipv4_is_in_range":
    case "ipv6_is_in_range": {
      const network = parseNetwork(String(second));
      const address = parseNetwork(String(first));
      if (typeof network === "string" || typeof address === "string") return null;
      return address.version === network.version && contains(network, String(first).replace(/\/.*/, ""));
    }
    default:
      throw new Error(`unknown function ${name}`);
  }
}

class Reader {
  #next = 0;

  constructor(
    private readonly tokens: readonly string[],
    private readonly row: Row,
  ) {}

  whole(): Value {
    const value = this.#or();
    if (this.#next !== this.tokens.length) throw new Error(`unexpected ${this.tokens[this.#next]}`);
    return value;
  }

  #take(): string {
    return this.tokens[this.#next++] ?? "";
  }

  #is(text: string): boolean {
    return this.tokens[this.#next] === text;
  }

  #or(): Value {
    let value = this.#and();
    while (this.#is("or")) {
      this.#next++;
      const other = this.#and();
      value = value === true || other === true ? true : value === null || other === null ? null : false;
    }
    return value;
  }

  #and(): Value {
    let value = this.#comparison();
    while (this.#is("and")) {
      this.#next++;
      const other = this.#comparison();
      value = value === false || other === false ? false : value === null || other === null ? null : true;
    }
    return value;
  }

  #comparison(): Value {
    const left = this.#value();
    const next = this.tokens[this.#next] ?? "";
    if (!/^(?:[<>=]|(?:startswith|endswith|contains)(?:_cs)?$|matches$)/.test(next)) return left;
    this.#next++;
    const operator = next === "matches" ? this.#take() : next;
    return compare(operator, left, this.#value());
  }

  #value(): Value {
    const text = this.#take();
    if (text === "(") return this.#closed(this.#or());
    if (text.startsWith('"')) return readLiteral(text);
    if (/^-?\d/.test(text)) return Number(text);
    if (text === "true" || text === "false") return text === "true";
    if (this.#is("(")) {
      this.#next++;
      const values = [this.#or()];
      while (this.#is(",")) {
        this.#next++;
        values.push(this.#or());
      }
      return this.#closed(call(text, values));
    }
    const value = this.row[text.replace(/^\['(.*)'\]$/, "$1")];
    if (text === "Count") return typeof value === "number" ? value : null;
    return value === undefined || value === null ? "" : String(value);
  }

  #closed(value: Value): Value {
    if (this.#take() !== ")") throw new Error("expected )");
    return value;
  }
}

/** Whether a query of the converter keeps a row. */
export function keepsRow(query: string, row: Row): boolean {
  const [, condition] = /^[A-Za-z]+\n\| where ([\s\S]*)$/.exec(query) ?? [];
  if (condition === undefined) throw new Error("no table and where");
  return new Reader(tokensOf(condition), row).whole() === true;
}
