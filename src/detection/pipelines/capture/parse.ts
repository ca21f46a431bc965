import { parseRegex } from "../../sigma/regex/parse.js";
import { RegexProblem, type Expression } from "../../sigma/regex/syntax.js";

/** A regular expression with its groups kept. What matches one character, or a place, is read by the engine of rules. */
export type CaptureExpression =
  | { readonly type: "atom"; readonly expression: Expression }
  | { readonly type: "sequence"; readonly parts: readonly CaptureExpression[] }
  | { readonly type: "choice"; readonly options: readonly CaptureExpression[] }
  | { readonly type: "group"; readonly index: number; readonly part: CaptureExpression }
  | {
      readonly type: "repeat";
      readonly part: CaptureExpression;
      readonly least: number;
      readonly most: number | null;
      readonly lazy: boolean;
    };

/** An expression, how many groups it has, and the groups that have names. */
export interface CaptureSyntax {
  readonly expression: CaptureExpression;
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;
}

/** The length of an atom that is no group, at the start of a text: an escape, a bracket or one character. */
function atomLength(text: string): number {
  if (text.startsWith("\\")) {
    return /^\\(?:x\{[0-9a-fA-F]+\}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^])/u.exec(text)?.[0].length ?? 1;
  }
  if (text.startsWith("[")) {
    return /^\[\^?\]?(?:\[:\^?[a-z]+:\]|\\[^]|[^\]\\])*\]/u.exec(text)?.[0].length ?? text.length;
  }
  return (text.codePointAt(0) ?? 0) > 0xffff ? 2 : 1;
}

class Parser {
  #at = 0;
  #groups = 0;
  readonly #names = new Map<string, number>();

  constructor(
    private readonly source: string,
    private readonly flags: ReadonlySet<string>,
  ) {}

  parse(): CaptureSyntax {
    const expression = this.#choice();
    return { expression, groups: this.#groups, names: this.#names };
  }

  #rest(): string {
    return this.source.slice(this.#at);
  }

  #choice(): CaptureExpression {
    const options: CaptureExpression[] = [];
    let parts: CaptureExpression[] = [];
    while (this.#at < this.source.length && this.source[this.#at] !== ")") {
      if (this.source[this.#at] === "|") {
        this.#at++;
        options.push({ type: "sequence", parts });
        parts = [];
      } else parts.push(this.#quantified());
    }
    options.push({ type: "sequence", parts });
    const [first] = options;
    return options.length === 1 && first !== undefined ? first : { type: "choice", options };
  }

  #quantified(): CaptureExpression {
    const part = this.#atom();
    const match = /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})(\??)/.exec(this.#rest());
    if (match === null) return part;
    this.#at += match[0].length;
    const lazy = match[5] === "?";
    if (match[1] !== undefined) {
      return {
        type: "repeat",
        part,
        least: match[1] === "+" ? 1 : 0,
        most: match[1] === "?" ? 1 : null,
        lazy,
      };
    }
    const least = Number(match[2]);
    const most = match[3] === undefined ? least : match[4] === "" ? null : Number(match[4]);
    return { type: "repeat", part, least, most, lazy };
  }

  #atom(): CaptureExpression {
    if (this.source[this.#at] !== "(") {
      const text = this.#rest().slice(0, atomLength(this.#rest()));
      this.#at += text.length;
      return { type: "atom", expression: parseRegex(text, this.flags) };
    }
    const start = /^\((?:\?:|\?P?<([A-Za-z_]\w*)>)?/.exec(this.#rest());
    const [opening = "(", name] = start ?? [];
    if (opening === "(" && this.source[this.#at + 1] === "?") {
      throw new RegexProblem(
        "regex-unsafe",
        `"${this.#rest().slice(0, 4)}" is of a kind that a replacement does not know`,
        "groups are (…), (?:…) and (?P<name>…); flags stand at the start of the expression",
      );
    }
    this.#at += opening.length;
    const capturing = opening !== "(?:";
    const index = capturing ? ++this.#groups : 0;
    if (name !== undefined) this.#names.set(name, index);
    const part = this.#choice();
    this.#at++;
    return capturing ? { type: "group", index, part } : part;
  }
}

/** Reads an expression with its groups. Throws {@link RegexProblem}. */
export function parseCaptures(source: string): CaptureSyntax {
  const inline = /^\(\?([ims]+)\)/.exec(source);
  const flags = new Set(inline?.[1] ?? "");
  // The engine of rules checks the whole: what it takes, the parser above divides.
  parseRegex(source, new Set());
  return new Parser(source.slice(inline?.[0].length ?? 0), flags).parse();
}
