import { scanBatch, type BatchCharacter, type ExpandedVariable } from "./batch-characters.js";
import { opaque } from "./windows-paths.js";

/** One simple command of cmd.exe, as it stands after carets are taken off and variables are replaced by `opaque`. */
export interface BatchCommand {
  readonly name: string;
  /** Everything behind the name, quotes included, redirections taken out. */
  readonly tail: string;
  readonly redirections: readonly { readonly operator: "<" | ">" | ">>"; readonly target: string }[];
  readonly at: number;
  /** The command whose output this one reads; null when there is none. */
  readonly after: BatchCommand | null;
  /** Whether a `|` stands on either side: cmd.exe then reads the command's text a second time. */
  readonly piped: boolean;
}

/** What a batch text does, without its order: every command of every branch. */
export interface BatchText {
  readonly commands: readonly BatchCommand[];
  /** Texts that `for /f` runs as commands of their own. */
  readonly nested: readonly { readonly code: string; readonly at: number }[];
  /** Files that `for /f` reads. */
  readonly reads: readonly { readonly path: string; readonly at: number }[];
  /** Variables that are expanded before cmd.exe looks for operators, in lower case. */
  readonly expanded: readonly ExpandedVariable[];
  readonly problems: readonly { readonly reason: string; readonly at: number }[];
  /** Offsets at which a value may stand as data: outside quotes, in the tail of an echo or a program, in no pipe. */
  isPlainPlace(start: number, end: number): boolean;
}

const operators = new Set(["&", "|", "<", ">", "(", ")", "\n"]);
const delimiters = /[\s,;=]/;

/** Reads batch text as cmd.exe does: percent signs first, then carets and quotes, then operators. */
export function readBatch(code: string): BatchText {
  return new BatchReader(code.replaceAll("\r\n", "\n")).read();
}

class BatchReader {
  readonly #characters: readonly BatchCharacter[];
  readonly #commands: BatchCommand[] = [];
  readonly #nested: { code: string; at: number }[] = [];
  readonly #reads: { path: string; at: number }[] = [];
  readonly #expanded: readonly ExpandedVariable[];
  readonly #problems: { reason: string; at: number }[];
  readonly #tails: { start: number; end: number }[] = [];
  #index = 0;
  #depth = 0;

  constructor(code: string) {
    const { characters, expanded, problems } = scanBatch(code);
    this.#characters = characters;
    this.#expanded = expanded;
    this.#problems = [...problems];
  }

  read(): BatchText {
    this.#statements();
    const quoted = new Set(this.#characters.filter((one) => one.quoted).map(({ at }) => at));
    return {
      commands: this.#commands,
      nested: this.#nested,
      reads: this.#reads,
      expanded: this.#expanded,
      problems: this.#problems,
      isPlainPlace: (start, end) =>
        this.#tails.some((tail) => tail.start <= start && end <= tail.end) &&
        !Array.from({ length: end - start }, (_, index) => start + index).some((at) => quoted.has(at)),
    };
  }

  #peek(offset = 0): BatchCharacter | undefined {
    return this.#characters[this.#index + offset];
  }

  #operator(offset = 0): string | null {
    const one = this.#peek(offset);
    return one !== undefined && !one.quoted && !one.escaped && operators.has(one.text) ? one.text : null;
  }

  #at(): number {
    return this.#peek()?.at ?? this.#characters.at(-1)?.at ?? 0;
  }

  #skipDelimiters(): void {
    while (
      this.#operator() !== "\n" &&
      delimiters.test(this.#peek()?.text ?? "x") &&
      this.#peek()?.quoted === false
    )
      this.#index += 1;
  }

  #statements(): void {
    let before: BatchCommand | null = null;
    while (this.#peek() !== undefined) {
      const operator = this.#operator();
      if (operator === ")") {
        if (this.#depth > 0) return;
        this.#problems.push({ reason: "a closing parenthesis opens nothing", at: this.#at() });
        this.#index += 1;
      } else if (operator === "|" && this.#operator(1) !== "|") {
        before = this.#commands.at(-1) ?? null;
        this.#index += 1;
        const from = this.#commands.length;
        this.#statement(before, true);
        if (this.#commands.length !== from + 1 && before !== null)
          this.#problems.push({ reason: "a pipe ends in more than one command", at: this.#at() });
      } else if (operator !== null && "&|\n".includes(operator)) this.#index += 1;
      else this.#statement(null, false);
    }
  }

  #statement(after: BatchCommand | null, piped: boolean): void {
    for (;;) {
      this.#skipDelimiters();
      if (this.#peek()?.text === "@" && this.#operator() === null) this.#index += 1;
      else break;
    }
    if (this.#operator() === "(") {
      this.#block();
      return;
    }
    if (this.#peek()?.text === ":") {
      const at = this.#at();
      const line = this.#line();
      // What stands behind a label is not run; with operators or carets the rules are odd.
      if (/[&|<>^"]/.test(line)) this.#problems.push({ reason: "a label holds operators", at });
      return;
    }
    const word = this.#keyword();
    if (word === "if") this.#if();
    else if (word === "for") this.#for();
    else this.#simple(after, piped);
  }

  #line(): string {
    let line = "";
    while (this.#peek() !== undefined && this.#peek()?.text !== "\n") {
      line += this.#peek()?.text ?? "";
      this.#index += 1;
    }
    return line;
  }

  #block(): void {
    this.#index += 1;
    this.#depth += 1;
    this.#statements();
    this.#depth -= 1;
    if (this.#operator() === ")") this.#index += 1;
    else this.#problems.push({ reason: "a parenthesis is not closed", at: this.#at() });
    const redirections: BatchCommand["redirections"][number][] = [];
    const at = this.#at();
    for (let one = this.#redirection(); one !== null; one = this.#redirection()) redirections.push(one);
    if (redirections.length > 0)
      this.#commands.push({ name: "", tail: "", redirections, at, after: null, piped: false });
  }

  /** The word `if` or `for` where a command begins, taken; any other word is left. */
  #keyword(): string | null {
    const text = this.#characters
      .slice(this.#index, this.#index + 4)
      .map(({ text: one, escaped, quoted }) => (escaped || quoted ? "\0" : one))
      .join("");
    const word = /^(if|for)(?=[\s(,;=/]|$)/i.exec(text)?.[1]?.toLowerCase();
    if (word === undefined) return null;
    this.#index += word.length;
    return word;
  }

  #word(): string {
    this.#skipDelimiters();
    let word = "";
    for (let one = this.#peek(); one !== undefined; one = this.#peek()) {
      if (this.#operator() !== null || (!one.quoted && !one.escaped && delimiters.test(one.text))) break;
      if (word.endsWith("==") || (word !== "" && !word.includes("==") && this.#isEquals())) break;
      word += one.text;
      this.#index += 1;
    }
    return word;
  }

  #isEquals(): boolean {
    return this.#peek()?.text === "=" && this.#peek(1)?.text === "=";
  }

  #if(): void {
    let word = this.#word().toLowerCase();
    while (word === "/i" || word === "not") word = this.#word().toLowerCase();
    if (["exist", "defined", "errorlevel"].includes(word)) this.#word();
    else {
      while (/^[\s=]$/.test(this.#peek()?.text ?? "") && !this.#isEquals()) this.#index += 1;
      if (this.#isEquals()) {
        this.#index += 2;
        this.#word();
      } else {
        const operator = this.#word().toLowerCase();
        if (!["equ", "neq", "lss", "leq", "gtr", "geq"].includes(operator))
          this.#problems.push({ reason: "lint cannot read this condition", at: this.#at() });
        this.#word();
      }
    }
    this.#skipDelimiters();
    const block = this.#operator() === "(";
    this.#statement(null, false);
    if (!block) return;
    this.#skipDelimiters();
    const rest = this.#characters.slice(this.#index, this.#index + 5);
    if (!/^else[\s(]?$/i.test(rest.map(({ text }) => text).join(""))) return;
    this.#index += 4;
    this.#statement(null, false);
  }

  #for(): void {
    const at = this.#at();
    let files = false;
    let options = "";
    this.#skipDelimiters();
    while (this.#peek()?.text === "/") {
      const option = this.#word().toLowerCase();
      if (option === "/f") files = true;
      else if (option !== "/l" && option !== "/d")
        this.#problems.push({ reason: `lint does not follow for ${option}`, at });
      this.#skipDelimiters();
      if (files && this.#peek()?.text === '"') options = this.#word().toLowerCase();
      this.#skipDelimiters();
    }
    const variable = this.#word();
    const keyword = this.#word().toLowerCase();
    this.#skipDelimiters();
    if (variable !== opaque || keyword !== "in" || this.#operator() !== "(") {
      this.#problems.push({ reason: "lint cannot read this loop", at });
      this.#line();
      return;
    }
    this.#index += 1;
    let set = "";
    while (this.#peek() !== undefined && this.#operator() !== ")") {
      set += this.#peek()?.text ?? "";
      this.#index += 1;
    }
    this.#index += 1;
    if (files) this.#lines(set.trim(), options.includes("usebackq"), at);
    const word = this.#word().toLowerCase();
    if (word !== "do") this.#problems.push({ reason: "lint cannot read this loop", at });
    this.#statement(null, false);
  }

  #lines(set: string, back: boolean, at: number): void {
    const mark = back ? "`" : "'";
    const text = back ? "'" : '"';
    if (set.startsWith(mark))
      this.#nested.push({ code: set.slice(1, set.endsWith(mark) ? -1 : undefined), at });
    else if (!set.startsWith(text))
      for (const path of set.split(/\s+/)) this.#reads.push({ path: path.replaceAll('"', ""), at });
  }

  #redirection(): BatchCommand["redirections"][number] | null {
    let skipped = 0;
    while (/^[ \t]$/.test(this.#peek(skipped)?.text ?? "") && this.#operator(skipped) === null) skipped += 1;
    if (
      /^\d$/.test(this.#peek(skipped)?.text ?? "") &&
      ["<", ">"].includes(this.#operator(skipped + 1) ?? "")
    )
      skipped += 1;
    const first = this.#operator(skipped);
    if (first !== "<" && first !== ">") return null;
    this.#index += skipped + 1;
    let operator: "<" | ">" | ">>" = first;
    if (first === ">" && this.#operator() === ">") {
      operator = ">>";
      this.#index += 1;
    }
    if (this.#operator() === "&") {
      this.#index += 1;
      const target = this.#word();
      if (!/^[0-2]$/.test(target))
        this.#problems.push({ reason: "a redirection to a handle that is unknown", at: this.#at() });
      return { operator, target: "nul" };
    }
    return { operator, target: this.#word().replaceAll('"', "") };
  }

  #simple(after: BatchCommand | null, piped: boolean): void {
    const at = this.#at();
    const redirections: BatchCommand["redirections"][number][] = [];
    let name = "";
    let tail = "";
    let inName = true;
    let tailStart = -1;
    for (let one = this.#peek(); one !== undefined; one = this.#peek()) {
      const redirection = this.#atRedirection(tail, name) ? this.#redirection() : null;
      if (redirection !== null) {
        redirections.push(redirection);
        if (name !== "") inName = false;
        continue;
      }
      const operator = this.#operator();
      if (operator !== null && "&|\n".includes(operator)) break;
      if (operator === ")" && this.#depth > 0) break;
      const ends = !one.quoted && (delimiters.test(one.text) || "/(".includes(one.text));
      if (inName && name !== "" && ends && !one.escaped) inName = false;
      if (inName) {
        if (!/^\s$/.test(one.text) || name !== "") name += one.text;
      } else {
        if (tailStart === -1) tailStart = one.at;
        tail += one.text;
      }
      this.#index += 1;
    }
    const next = this.#operator() === "|" && this.#operator(1) !== "|";
    const isPiped = piped || next;
    const bare = name.replaceAll('"', "");
    if (bare === "" && tail === "" && redirections.length === 0) {
      if (this.#peek() !== undefined && this.#operator() === null) this.#index += 1;
      return;
    }
    this.#commands.push({ name: bare, tail, redirections, at, after, piped: isPiped });
    if (tailStart !== -1 && !isPiped && !/^(call|start|cmd|for|if|set|powershell|pwsh)(\.exe)?$/i.test(bare))
      this.#tails.push({ start: tailStart, end: this.#peek()?.at ?? Infinity });
  }

  /** Whether a redirection begins here: its digit counts only behind a blank. */
  #atRedirection(tail: string, name: string): boolean {
    if (["<", ">"].includes(this.#operator() ?? "")) return true;
    const before = tail === "" ? name : tail;
    return (
      /^\d$/.test(this.#peek()?.text ?? "") &&
      ["<", ">"].includes(this.#operator(1) ?? "") &&
      (before === "" || /[\s,;=)]$/.test(before))
    );
  }
}
