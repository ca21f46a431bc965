import { parseRegex } from "../../sigma/regex/parse.js";
import type { Assertion, Expression } from "../../sigma/regex/syntax.js";
import type { CharacterSet } from "../../sigma/regex/character-set.js";

/** An expression with its groups. The engine for matching (sigma/regex) does not keep them: a rule only asks whether. */
export type CaptureNode =
  | { readonly type: "set"; readonly set: CharacterSet }
  | { readonly type: "assertion"; readonly assertion: Assertion }
  | { readonly type: "group"; readonly index: number; readonly inner: CaptureNode }
  | { readonly type: "sequence"; readonly parts: readonly CaptureNode[] }
  | { readonly type: "choice"; readonly options: readonly CaptureNode[] }
  | {
      readonly type: "repeat";
      readonly part: CaptureNode;
      readonly least: number;
      readonly most: number | null;
      readonly lazy: boolean;
    };

export interface CaptureExpression {
  readonly root: CaptureNode;
  /** By group number, from 1: its name, or null. The first entry is the whole match. */
  readonly names: readonly (string | null)[];
}

/** Flags in force, as the letters of the engine. */
type Flags = ReadonlySet<string>;

/**
 * Reads the groups of an expression that the engine has accepted. What is inside a class or an escape is read by the
 * engine itself, so that both mean the same.
 */
class Reader {
  #at = 0;
  readonly names: (string | null)[] = [null];
  readonly #characters: readonly string[];

  constructor(source: string) {
    this.#characters = [...source];
  }

  choice(outer: Flags): CaptureNode {
    let flags = outer;
    const options: CaptureNode[] = [];
    let parts: CaptureNode[] = [];
    while (this.#at < this.#characters.length && this.#peek() !== ")") {
      if (this.#peek() === "|") {
        this.#at++;
        options.push({ type: "sequence", parts });
        parts = [];
        continue;
      }
      const inline = /^\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?\)/.exec(this.#rest(16));
      if (inline !== null) {
        this.#at += inline[0].length;
        flags = changed(flags, inline[1] ?? "", inline[2] ?? "");
        continue;
      }
      parts.push(this.#quantified(this.#atom(flags)));
    }
    const last: CaptureNode = { type: "sequence", parts };
    return options.length === 0 ? last : { type: "choice", options: [...options, last] };
  }

  #peek(offset = 0): string {
    return this.#characters[this.#at + offset] ?? "";
  }

  #rest(length: number): string {
    return this.#characters.slice(this.#at, this.#at + length).join("");
  }

  #quantified(part: CaptureNode): CaptureNode {
    const match = /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})/.exec(this.#rest(16));
    if (match === null) return part;
    this.#at += match[0].length;
    const [mark, low, comma, high] = match;
    let least = mark === "+" ? 1 : 0;
    let most: number | null = mark === "?" ? 1 : null;
    if (low !== undefined) {
      least = Number(low);
      most = comma === undefined ? least : high === "" || high === undefined ? null : Number(high);
    }
    const lazy = this.#peek() === "?";
    if (lazy) this.#at++;
    return { type: "repeat", part, least, most, lazy };
  }

  #atom(flags: Flags): CaptureNode {
    const character = this.#peek();
    if (character === "(") return this.#group(flags);
    const start = this.#at;
    if (character === "[") this.#skipBracket();
    else if (character === "\\") this.#skipEscape();
    else this.#at++;
    const piece = this.#characters.slice(start, this.#at).join("");
    return leafOf(parseRegex(piece, flags));
  }

  #skipEscape(): void {
    const match = /^\\(?:x\{[0-9a-fA-F]{1,6}\}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})/.exec(this.#rest(12));
    this.#at += match === null ? 2 : match[0].length;
  }

  #skipBracket(): void {
    this.#at++;
    if (this.#peek() === "^") this.#at++;
    let first = true;
    while (first || this.#peek() !== "]") {
      first = false;
      const posix = /^\[:\^?[a-z]+:\]/.exec(this.#rest(16));
      if (posix !== null) this.#at += posix[0].length;
      else if (this.#peek() === "\\") this.#skipEscape();
      else this.#at++;
    }
    this.#at++;
  }

  #group(outer: Flags): CaptureNode {
    this.#at++;
    const named = /^\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(this.#rest(80));
    const flagged = /^\?([a-zA-Z]*)(?:-([a-zA-Z]+))?:/.exec(this.#rest(16));
    let flags = outer;
    let index: number | null = null;
    if (named !== null) {
      this.#at += named[0].length;
      index = this.names.push(named[1] ?? named[2] ?? null) - 1;
    } else if (flagged !== null) {
      this.#at += flagged[0].length;
      flags = changed(flags, flagged[1] ?? "", flagged[2] ?? "");
    } else index = this.names.push(null) - 1;
    const inner = this.choice(flags);
    this.#at++;
    return index === null ? inner : { type: "group", index, inner };
  }
}

function changed(flags: Flags, on: string, off: string): Flags {
  return new Set([...[...flags].filter((letter) => !off.includes(letter)), ...on]);
}

/** The one set or place that a piece of an expression is. */
function leafOf(expression: Expression): CaptureNode {
  const leaf =
    expression.type === "sequence" && expression.parts.length === 1 ? expression.parts[0] : expression;
  if (leaf?.type === "set" || leaf?.type === "assertion") return leaf;
  return { type: "sequence", parts: [] };
}

/** Reads an expression with its groups. Throws `RegexProblem` as the engine does. */
export function parseCaptures(source: string): CaptureExpression {
  parseRegex(source, new Set());
  const reader = new Reader(source);
  const root = reader.choice(new Set());
  return { root, names: reader.names };
}
