import { join, need, type Scope, type Value } from "./finding.js";
import { memberEffect } from "./member-effects.js";
import { getsObject, isHarmlessHostMember, judgedMembers, judgeMember, makesObject } from "./script-host.js";

interface Token {
  readonly kind: "name" | "member" | "text" | "number" | "sign" | "end";
  readonly text: string;
  readonly at: number;
}

const keywords = new Set(
  `and as byref byval call case class const dim do each else elseif empty end eqv erase error exit explicit false for function get if imp in is let
  loop me mod new next not nothing null on option or preserve private property public redim resume rem select set step sub then to true until wend while with
  xor default goto 0`.split(/\s+/),
);

/** Functions and constants of VBScript that print or compute. */
const functions = new Set(
  `abs array asc ascw atn cbool cbyte ccur cdate cdbl chr chrw cint clng cos csng cstr date dateadd datediff datepart dateserial datevalue day exp filter
  fix formatdatetime formatnumber hex hour instr instrrev int isarray isdate isempty isnull isnumeric isobject join lbound lcase left len log ltrim mid minute
  month monthname msgbox now oct replace right rnd round rtrim scriptengine scriptenginemajorversion scriptengineminorversion second sgn sin space split sqr
  strcomp string strreverse tan time timer timeserial timevalue trim typename ubound ucase vartype weekday weekdayname year randomize err wscript
  vbcrlf vbcr vblf vbtab vbnewline vbnullstring vbtrue vbfalse vbtextcompare vbbinarycompare vbok vbyes vbno`.split(
    /\s+/,
  ),
);

const constants: Readonly<Record<string, string>> = {
  vbcrlf: "\r\n",
  vbcr: "\r",
  vblf: "\n",
  vbnewline: "\r\n",
  vbtab: "\t",
  vbnullstring: "",
};

/** Analyses VBScript: every name must be known, and every member on a list. There is no other way to code in this language. */
export function analyseVbscript(scope: Scope, code: string): void {
  const { tokens, wrong } = tokensOf(code);
  if (wrong === null) new VbscriptWalk(scope, tokens).walk();
  else {
    const reason = `syntax error near ${JSON.stringify(code.slice(wrong, wrong + 20))} (vbscript)`;
    scope.analysis.findings.push({ kind: "syntax", reason, at: scope.at ?? wrong });
  }
}

/** Where the text literals of the code stand, as `start-end`. */
export function vbscriptTexts(code: string): Set<string> {
  const texts = tokensOf(code).tokens.filter(({ kind }) => kind === "text");
  return new Set(texts.map(({ at, text }) => `${at}-${at + text.length}`));
}

/** The code's tokens, and where it holds what VBScript does not. */
function tokensOf(code: string): { tokens: Token[]; wrong: number | null } {
  const tokens: Token[] = [];
  const forms: readonly (readonly [Token["kind"] | "skip", RegExp])[] = [
    ["skip", /[ \t]+_[ \t]*\r?\n|[ \t]+|'[^\n]*|rem(?=[ \t\n\r:]|$)[^\n]*/iy],
    ["end", /\r?\n|\r|:(?!=)/y],
    ["text", /"(?:[^"\r\n]|"")*"/y],
    ["number", /&h[0-9a-f]+&?|&[0-7]+&?|\d+(\.\d+)?(e[+-]?\d+)?/iy],
    ["member", /\.[ \t]*[a-z][a-z0-9_]*/iy],
    ["name", /[a-z][a-z0-9_]*/iy],
    ["sign", /<>|<=|>=|[-+*/\\^&=<>(),]/y],
  ];
  let index = 0;
  while (index < code.length) {
    const found = forms
      .map(([kind, form]) => {
        form.lastIndex = index;
        return { kind, text: form.exec(code)?.[0] };
      })
      .find(({ text }) => text !== undefined);
    if (found?.text === undefined) return { tokens, wrong: index };
    if (found.kind !== "skip") tokens.push({ kind: found.kind, text: found.text, at: index });
    index += found.text.length;
  }
  tokens.push({ kind: "end", text: "", at: code.length });
  return { tokens, wrong: null };
}

class VbscriptWalk {
  readonly #scope: Scope;
  readonly #tokens: readonly Token[];
  /** The code's own names, with the tokens of their value where it is set once and plainly. */
  readonly #own = new Map<string, readonly Token[] | null>();
  readonly #resolving = new Set<string>();

  constructor(scope: Scope, tokens: readonly Token[]) {
    this.#scope = scope;
    this.#tokens = tokens;
    tokens.forEach((token, index) => this.#declare(token, index));
  }

  #declare(token: Token, index: number): void {
    if (token.kind !== "name") return;
    const name = token.text.toLowerCase();
    const before = this.#tokens[index - 1];
    const previous = before?.text.toLowerCase() ?? "";
    const next = this.#tokens[index + 1];
    const begins =
      before === undefined ||
      before.kind === "end" ||
      ["then", "else", "set", "const", "let"].includes(previous);
    if (keywords.has(name)) return;
    if (
      ["dim", "sub", "function", "each", "for", "class", "property", "get"].includes(previous) ||
      this.#inList(index)
    ) {
      if (!this.#own.has(name) || previous === "for" || previous === "each")
        this.#own.set(name, this.#own.has(name) || previous !== "dim" ? null : []);
    }
    if (begins && next?.text === "=") {
      const value = this.#until(index + 2);
      const known = this.#own.get(name);
      this.#own.set(name, known === undefined || known?.length === 0 ? value : null);
    }
  }

  /** Whether a name stands in the list of a `Dim` or of parameters. */
  #inList(index: number): boolean {
    for (let place = index - 1; place >= 0; place -= 1) {
      const { kind, text } = this.#tokens[place] as Token;
      if (kind === "end" || text === "=") return false;
      if (/^(dim|sub|function|redim)$/i.test(text))
        return place === 0 || !/^(end|exit)$/i.test(this.#tokens[place - 1]?.text ?? "");
    }
    return false;
  }

  #until(index: number): Token[] {
    const end = this.#tokens.findIndex(({ kind }, place) => place >= index && kind === "end");
    return this.#tokens.slice(index, end);
  }

  #need(effect: Parameters<typeof need>[1], reason: string, at: number): void {
    need(this.#scope, effect, reason, at);
  }

  walk(): void {
    this.#tokens.forEach((token, index) => {
      if (token.kind === "member") this.#member(token, index);
      else if (token.kind === "name") this.#name(token, index);
    });
  }

  #member(token: Token, index: number): void {
    const name = token.text.replace(/^\.\s*/, "");
    if (judgedMembers.has(name.toLowerCase())) {
      const given = this.#arguments(index + 1);
      judgeMember(
        this.#scope,
        name,
        given.map((one) => this.#text(one)),
        given.map((one) => one.map(({ text }) => text).join("")),
        token.at,
      );
    } else if (!isHarmlessHostMember(name)) {
      const effect = memberEffect(name);
      if (effect !== null) this.#need(effect, `the member ${name} is for that`, token.at);
      this.#need("unknown-command", `the member ${name} is not known to be harmless`, token.at);
    }
  }

  #name(token: Token, index: number): void {
    const name = token.text.toLowerCase();
    if (["execute", "executeglobal", "eval"].includes(name)) {
      const texts = this.#text(this.#arguments(index + 1)[0] ?? []);
      if (texts === null) this.#need("computed-code", `${token.text} runs code that is computed`, token.at);
      else
        for (const text of texts) this.#scope.nested("vbscript", this.#scope.program, text, token.at, null);
      return;
    }
    if (name === "createobject" || name === "getobject") {
      const [first = []] = this.#arguments(index + 1);
      (name === "createobject" ? makesObject : getsObject)(this.#scope, this.#text(first), token.at);
      return;
    }
    if (keywords.has(name) || functions.has(name) || this.#own.has(name)) return;
    this.#need("unknown-command", `the name ${token.text} is not known to be harmless`, token.at);
  }

  /** The arguments behind a name, with or without parentheses. */
  #arguments(index: number): Token[][] {
    const parenthesised = this.#tokens[index]?.text === "(";
    const found: Token[][] = [[]];
    let depth = 0;
    for (let place = parenthesised ? index + 1 : index; place < this.#tokens.length; place += 1) {
      const token = this.#tokens[place] as Token;
      if (token.kind === "end" || (depth === 0 && token.text === ")")) {
        // `Execute ("a") & b`: the parentheses are part of an expression.
        const rest = this.#tokens[place + 1];
        const goesOn =
          parenthesised && token.text === ")" && rest?.kind === "sign" && !"),".includes(rest.text);
        return goesOn ? [this.#until(index)] : found;
      }
      if (token.text === "(") depth += 1;
      if (token.text === ")") depth -= 1;
      if (token.text === "," && depth === 0) found.push([]);
      else found.at(-1)?.push(token);
    }
    return found;
  }

  /** The texts of an expression of literals, `Chr`, `ChrW`, constants and names that are set once; null for any other. */
  #text(tokens: readonly Token[]): Value {
    const parts: Token[][] = [[]];
    let depth = 0;
    for (const token of tokens) {
      if (token.text === "(") depth += 1;
      if (token.text === ")") depth -= 1;
      if (depth === 0 && (token.text === "&" || token.text === "+")) parts.push([]);
      else parts.at(-1)?.push(token);
    }
    return parts.map((part) => this.#operand(part)).reduce((left, right) => join(left, right), [""] as Value);
  }

  #operand(tokens: readonly Token[]): Value {
    const [first, ...rest] = tokens;
    if (first === undefined) return null;
    if (rest.length === 0 && first.kind === "text") return [first.text.slice(1, -1).replaceAll('""', '"')];
    if (first.text === "(" && rest.at(-1)?.text === ")") return this.#text(rest.slice(0, -1));
    const name = first.text.toLowerCase();
    const [open, code, close] = rest;
    if (
      /^chrw?$/.test(name) &&
      rest.length === 3 &&
      open?.text === "(" &&
      close?.text === ")" &&
      /^\d+$/.test(code?.text ?? "")
    ) {
      const unit = Number(code?.text);
      // What Chr makes of more than ASCII depends on the machine's code page.
      return name === "chr" && unit > 0x7f ? null : [String.fromCharCode(unit)];
    }
    if (first.kind !== "name" || rest.length > 0) return null;
    if (Object.hasOwn(constants, name)) return [constants[name] as string];
    const value = this.#own.get(name);
    if (value === undefined || value === null || value.length === 0 || this.#resolving.has(name)) return null;
    this.#resolving.add(name);
    try {
      return this.#text(value);
    } finally {
      this.#resolving.delete(name);
    }
  }
}
