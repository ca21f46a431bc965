import * as sets from "./character-set.js";
import type { CharacterSet } from "./character-set.js";
import { assertions, classes, controls } from "./escapes.js";
import { RegexProblem, type Expression } from "./syntax.js";

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
}

const deepest = 200;
const mostRepeats = 1000;

const textEnd: Expression = { type: "assertion", assertion: "text-end" };

function invalid(message: string, hint = ""): RegexProblem {
  return new RegexProblem("regex-invalid", message, hint);
}

function unsafe(what: string): RegexProblem {
  return new RegexProblem(
    "regex-unsafe",
    `${what} cannot be matched in time that is linear in the event`,
    "expressions have classes, groups, alternatives, quantifiers and anchors; exclude what must not match in a condition of its own",
  );
}

class Parser {
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;
  #groups = 0;

  constructor(source: string) {
    this.#characters = [...source];
  }

  parse(flags: Flags): Expression {
    const expression = this.#choice(flags);
    if (this.#at < this.#characters.length) throw invalid(`")" at character ${this.#at + 1} closes nothing`);
    return expression;
  }

  #peek(offset = 0): string {
    return this.#characters[this.#at + offset] ?? "";
  }

  #rest(length: number): string {
    return this.#characters.slice(this.#at, this.#at + length).join("");
  }

  #take(text: string): boolean {
    if (!this.#rest(text.length).startsWith(text)) return false;
    this.#at += text.length;
    return true;
  }

  #choice(outer: Flags): Expression {
    let flags = outer;
    const options: Expression[] = [];
    let parts: Expression[] = [];
    while (this.#at < this.#characters.length && this.#peek() !== ")") {
      if (this.#take("|")) {
        options.push({ type: "sequence", parts });
        parts = [];
        continue;
      }
      // `(?i)` holds to the end of the group that it stands in.
      const changed = this.#inlineFlags(flags);
      if (changed !== null) {
        flags = changed;
        continue;
      }
      parts.push(this.#quantified(this.#atom(flags)));
    }
    const last: Expression = { type: "sequence", parts };
    return options.length === 0 ? last : { type: "choice", options: [...options, last] };
  }

  #inlineFlags(flags: Flags): Flags | null {
    const match = /^\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?\)/.exec(this.#rest(16));
    if (match === null) return null;
    this.#at += match[0].length;
    return this.#changeFlags(flags, match[1] ?? "", match[2] ?? "");
  }

  #changeFlags(flags: Flags, on: string, off: string): Flags {
    const changed = { ...flags };
    for (const [letters, value] of [
      [on, true],
      [off, false],
    ] as const) {
      for (const letter of letters) {
        if (letter !== "i" && letter !== "m" && letter !== "s") {
          throw invalid(`the flag (?${letter}) is not known`, "known are i, m and s");
        }
        changed[letter] = value;
      }
    }
    return changed;
  }

  #quantified(part: Expression): Expression {
    let expression = part;
    let count = 0;
    for (;;) {
      const bounds = this.#bounds();
      if (bounds === null) return expression;
      count++;
      if (count > 1) throw invalid(`a quantifier at character ${this.#at} follows a quantifier`);
      if (expression.type === "assertion") throw invalid("an anchor cannot be repeated");
      const lazy = this.#take("?");
      if (!lazy && this.#peek() === "+") throw unsafe("a possessive quantifier");
      expression = { type: "repeat", part: expression, ...bounds, lazy };
    }
  }

  #bounds(): { least: number; most: number | null } | null {
    if (this.#take("*")) return { least: 0, most: null };
    if (this.#take("+")) return { least: 1, most: null };
    if (this.#take("?")) return { least: 0, most: 1 };
    const match = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#rest(16));
    // A brace that starts no quantifier is itself, as in PCRE.
    if (match === null) return null;
    this.#at += match[0].length;
    const least = Number(match[1]);
    const most = match[2] === undefined ? least : match[3] === "" ? null : Number(match[3]);
    if (most !== null && most < least) throw invalid(`${match[0]} counts down`);
    if (least > mostRepeats || (most ?? 0) > mostRepeats) {
      throw new RegexProblem("regex-unsafe", `${match[0]} repeats more than ${mostRepeats} times`);
    }
    return { least, most };
  }

  #set(set: CharacterSet, flags: Flags): Expression {
    return { type: "set", set: flags.i ? sets.ignoreCase(set) : set };
  }

  #atom(flags: Flags): Expression {
    const character = this.#peek();
    switch (character) {
      case "(":
        return this.#group(flags);
      case "[":
        return this.#bracket(flags);
      case "\\":
        return this.#escape(flags);
      case ".":
        this.#at++;
        return { type: "set", set: flags.s ? sets.anything : sets.invert(sets.newline) };
      case "^":
        this.#at++;
        return { type: "assertion", assertion: flags.m ? "line-start" : "start" };
      case "$":
        this.#at++;
        return flags.m ? { type: "assertion", assertion: "line-end" } : textEnd;
      case "*":
      case "+":
      case "?":
        throw invalid(
          `"${character}" at character ${this.#at + 1} repeats nothing`,
          `write \\${character} for the character`,
        );
      default: {
        this.#at++;
        const codePoint = character.codePointAt(0) ?? 0;
        return this.#set([[codePoint, codePoint]], flags);
      }
    }
  }

  #group(outer: Flags): Expression {
    const start = this.#at + 1;
    this.#at++;
    let flags = outer;
    let index: number | null = null;
    let name: string | null = null;
    if (!this.#take("?")) index = ++this.#groups;
    else {
      const named = /^(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(this.#rest(80));
      const flagged = /^([a-zA-Z]*)(?:-([a-zA-Z]+))?:/.exec(this.#rest(16));
      if (named !== null) {
        this.#at += named[0].length;
        index = ++this.#groups;
        name = named[1] ?? named[2] ?? null;
      } else if (flagged !== null) {
        this.#at += flagged[0].length;
        flags = this.#changeFlags(flags, flagged[1] ?? "", flagged[2] ?? "");
      } else if (/^(?:=|!|<=|<!)/.test(this.#rest(2))) throw unsafe("a look-around");
      else if (this.#peek() === ">") throw unsafe("an atomic group");
      else throw invalid(`the group at character ${start} is of an unknown kind`);
    }
    this.#depth++;
    if (this.#depth > deepest)
      throw new RegexProblem("regex-unsafe", `groups nest more than ${deepest} deep`);
    const inner = this.#choice(flags);
    this.#depth--;
    if (!this.#take(")")) throw invalid(`"(" at character ${start} is not closed`);
    return index === null ? inner : { type: "group", index, name, part: inner };
  }

  /** The code point of an escape that stands for one character; null when it stands for something else. */
  #escapedCodePoint(): number | null {
    const hex = /^(?:x\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))/.exec(this.#rest(10));
    if (hex !== null) {
      this.#at += hex[0].length;
      const codePoint = Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? "", 16);
      if (codePoint > 0x10ffff) throw invalid(`\\${hex[0]} is no character`);
      return codePoint;
    }
    const letter = this.#peek();
    const control = Object.hasOwn(controls, letter) ? controls[letter] : undefined;
    if (control !== undefined) {
      this.#at++;
      return control;
    }
    if (/[A-Za-z0-9]/.test(letter)) return null;
    this.#at++;
    return letter.codePointAt(0) ?? 0;
  }

  #escape(flags: Flags): Expression {
    this.#at++;
    const letter = this.#peek();
    if (letter === "") throw invalid("the expression ends with a backslash", "write \\\\ for a backslash");
    const set = Object.hasOwn(classes, letter) ? classes[letter] : undefined;
    const assertion = Object.hasOwn(assertions, letter) ? assertions[letter] : undefined;
    if (set !== undefined || assertion !== undefined) {
      this.#at++;
      return assertion ?? { type: "set", set: set ?? [] };
    }
    if (/[1-9gk]/.test(letter)) throw unsafe("a back-reference");
    const codePoint = this.#escapedCodePoint();
    if (codePoint === null) throw invalid(`\\${letter} is not known`, `write ${letter} for the letter`);
    return this.#set([[codePoint, codePoint]], flags);
  }

  #bracket(flags: Flags): Expression {
    const start = this.#at + 1;
    this.#at++;
    const negated = this.#take("^");
    const ranges: (readonly [number, number])[] = [];
    let first = true;
    for (;;) {
      if (this.#at >= this.#characters.length) throw invalid(`"[" at character ${start} is not closed`);
      // A bracket that stands first is itself.
      if (this.#peek() === "]" && !first) break;
      first = false;
      const from = this.#bracketPart();
      if (typeof from !== "number") {
        ranges.push(...from);
        continue;
      }
      let to = from;
      if (this.#peek() === "-" && this.#peek(1) !== "]" && this.#peek(1) !== "") {
        const dash = this.#at;
        this.#at++;
        const end = this.#bracketPart();
        if (typeof end === "number") to = end;
        else this.#at = dash;
      }
      if (to < from) throw invalid(`a range in the brackets at character ${start} runs backwards`);
      ranges.push([from, to]);
    }
    this.#at++;
    let set = sets.makeSet(ranges);
    if (flags.i) set = sets.ignoreCase(set);
    return { type: "set", set: negated ? sets.invert(set) : set };
  }

  #bracketPart(): number | CharacterSet {
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(this.#rest(16));
    if (posix !== null) {
      const name = posix[2] ?? "";
      const set = Object.hasOwn(sets.posixClasses, name) ? sets.posixClasses[name] : undefined;
      if (set === undefined) throw invalid(`[:${name}:] is not known`);
      this.#at += posix[0].length;
      return posix[1] === "^" ? sets.invert(set) : set;
    }
    const character = this.#peek();
    this.#at++;
    if (character !== "\\") return character.codePointAt(0) ?? 0;
    const letter = this.#peek();
    if (letter === "") throw invalid("the expression ends with a backslash");
    if (letter === "b") {
      this.#at++;
      return 8;
    }
    const set = Object.hasOwn(classes, letter) ? classes[letter] : undefined;
    if (set !== undefined) {
      this.#at++;
      return set;
    }
    const codePoint = this.#escapedCodePoint();
    if (codePoint === null) throw invalid(`\\${letter} is not known in brackets`);
    return codePoint;
  }
}

/** Reads an expression of PCRE, as far as it can be matched in linear time. Throws {@link RegexProblem}. */
export function parseRegex(source: string, flags: ReadonlySet<string>): Expression {
  return new Parser(source).parse({ i: flags.has("i"), m: flags.has("m"), s: flags.has("s") });
}
