import { contains, parseNetwork } from "../../../src/detection/sigma/network.js";
import { isWhole } from "./lucene-stand-in.js";

/**
 * A stand-in for ES|QL: reads and evaluates what the converter writes, by Elastic's pages on literals, identifiers and
 * null. What compares an absent field is null.
 */

type Value = string | number | boolean | null;
type Row = Readonly<Record<string, unknown>>;

const token =
  /"(?:[^"\\\n\r]|\\[\s\S])*"|`(?:[^`]|``)*`|-?\d+(?:\.\d+)?|==|<=|>=|[<>(),]|[A-Za-z_@][\w.@]*|\S/g;

/** The parts of a query. Texts and names are one part each. */
export function tokensOf(query: string): string[] {
  return query.match(token) ?? [];
}

/** A text in quotes, as ES|QL reads it: what the quoting must be the inverse of. */
export function readLiteral(literal: string): string {
  const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t" };
  return literal.slice(1, -1).replaceAll(/\\([\s\S])/g, (_, next: string) => escapes[next] ?? next);
}

function compare(operator: string, left: Value, right: Value): Value {
  if (left === null || right === null) return null;
  if (typeof left !== typeof right) throw new Error("values of two types are compared");
  switch (operator) {
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
    case "RLIKE":
      return isWhole(String(right), String(left));
    default:
      throw new Error(`unknown operator ${operator}`);
  }
}

function call(name: string, [first = null, second = null]: readonly Value[]): Value {
  if (name === "COALESCE") return first ?? second;
  if (first === null) return null;
  if (name === "TO_LOWER") return String(first).toLowerCase();
  if (second === null) return null;
  switch (name) {
    case "STARTS_WITH":
      return String(first).startsWith(String(second));
    case "ENDS_WITH":
      return String(first).endsWith(String(second));
    case "CIDR_MATCH": {
      const network = parseNetwork(String(second));
      if (typeof network === "string") throw new Error(network);
      return contains(network, String(first));
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

  #skip(text: string): boolean {
    if (this.tokens[this.#next] !== text) return false;
    this.#next++;
    return true;
  }

  #or(): Value {
    let value = this.#and();
    while (this.#skip("OR")) {
      const other = this.#and();
      value = value === true || other === true ? true : value === null || other === null ? null : false;
    }
    return value;
  }

  #and(): Value {
    let value = this.#not();
    while (this.#skip("AND")) {
      const other = this.#not();
      value = value === false || other === false ? false : value === null || other === null ? null : true;
    }
    return value;
  }

  #not(): Value {
    if (!this.#skip("NOT")) return this.#comparison();
    const value = this.#not();
    return value === null ? null : value === false;
  }

  #comparison(): Value {
    const left = this.#value();
    if (this.#skip("IS")) {
      const wanted = !this.#skip("NOT");
      if (!this.#skip("NULL")) throw new Error("expected NULL");
      return (left === null) === wanted;
    }
    const next = this.tokens[this.#next] ?? "";
    if (!/^(?:[<>=]=?|RLIKE)$/.test(next)) return left;
    this.#next++;
    return compare(next, left, this.#value());
  }

  #value(): Value {
    const text = this.#take();
    if (text === "(") return this.#closed(this.#or());
    if (text.startsWith('"')) return readLiteral(text);
    if (/^-?\d/.test(text)) return Number(text);
    if (text === "true" || text === "false") return text === "true";
    if (this.#skip("(")) {
      const values = [this.#or()];
      while (this.#skip(",")) values.push(this.#or());
      return this.#closed(call(text, values));
    }
    return (this.row[text.replace(/^`(.*)`$/, "$1")] ?? null) as Value;
  }

  #closed(value: Value): Value {
    if (!this.#skip(")")) throw new Error("expected )");
    return value;
  }
}

/** Whether a query of the converter keeps a row. */
export function keepsRow(query: string, row: Row): boolean {
  const [, condition] = /^FROM \S+\n\| WHERE ([\s\S]*)$/.exec(query) ?? [];
  if (condition === undefined) throw new Error("no index and condition");
  return new Reader(tokensOf(condition), row).whole() === true;
}
