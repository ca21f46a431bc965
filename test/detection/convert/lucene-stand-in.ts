import { contains, parseNetwork } from "../../../src/detection/sigma/network.js";

/**
 * A stand-in for Elasticsearch's query string: reads and evaluates what the converter writes. Texts are of type keyword,
 * Count is a number, Address an address. An expression between slashes ends at the last slash that may end it, as in
 * Lucene's grammar.
 */

type Row = Readonly<Record<string, unknown>>;

const token =
  /"(?:[^"\\]|\\[\s\S])*"|\/(?:\\\/|[^/])*\/|[[{](?:\*|-?\d+) TO (?:\*|-?\d+)[\]}]|\*:\*|[():]|(?:\\.|[A-Za-z0-9_.])+|\S/g;

/** The parts of a query. Texts, expressions and ranges are one part each. */
export function tokensOf(query: string): string[] {
  return query.match(token) ?? [];
}

/** A text in quotes, as Lucene reads it: what the quoting must be the inverse of. */
export function readQuoted(text: string): string {
  return text.slice(1, -1).replaceAll(/\\([\s\S])/g, "$1");
}

/** Whether a whole text is an expression of Lucene. */
export function isWhole(expression: string, text: string): boolean {
  const source = expression.replaceAll(/\\(["#@&<>~-])/g, (_, next: string) =>
    next === "-" ? "\\x2d" : next,
  );
  return new RegExp(`^(?:${source})$`, "su").test(text);
}

function isInRange(range: string, number: number): boolean {
  const [, open, least, most, close] = /^(.)(\S+) TO (\S+)(.)$/.exec(range) ?? [];
  const above = least === "*" || (open === "[" ? number >= Number(least) : number > Number(least));
  const below = most === "*" || (close === "]" ? number <= Number(most) : number < Number(most));
  return above && below;
}

function holds(field: string, value: string, row: Row): boolean {
  if (field === "_exists_") return row[value] !== undefined;
  const own = row[field];
  if (own === undefined) return false;
  if (/^[[{]/.test(value)) return isInRange(value, Number(own));
  if (value.startsWith("/")) return isWhole(value.slice(1, -1), String(own));
  const wanted = value.startsWith('"') ? readQuoted(value) : value;
  const network = field === "Address" ? parseNetwork(wanted) : "";
  return typeof network === "string" ? String(own) === wanted : contains(network, String(own));
}

class Reader {
  #next = 0;

  constructor(
    private readonly tokens: readonly string[],
    private readonly row: Row,
  ) {}

  whole(): boolean {
    const value = this.#group();
    if (this.#next !== this.tokens.length) throw new Error(`unexpected ${this.tokens[this.#next]}`);
    return value;
  }

  #take(): string {
    return this.tokens[this.#next++] ?? "";
  }

  /** Parts linked by one operator: Lucene has no precedence that could be relied on. */
  #group(): boolean {
    const values = [this.#part()];
    const operator = this.tokens[this.#next];
    while (this.tokens[this.#next] === "AND" || this.tokens[this.#next] === "OR") {
      if (this.#take() !== operator) throw new Error("AND beside OR");
      values.push(this.#part());
    }
    return operator === "OR" ? values.includes(true) : !values.includes(false);
  }

  #part(): boolean {
    const text = this.#take();
    if (text === "NOT") return !this.#part();
    if (text === "*:*") return true;
    if (text === "(") {
      const value = this.#group();
      if (this.#take() !== ")") throw new Error("expected )");
      return value;
    }
    if (this.#take() !== ":") throw new Error("expected :");
    return holds(text, this.#take(), this.row);
  }
}

/** Whether a query of the converter finds a row. */
export function findsRow(query: string, row: Row): boolean {
  return new Reader(tokensOf(query), row).whole();
}
