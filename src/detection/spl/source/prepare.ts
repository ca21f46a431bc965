import type { Limits } from "../limits.js";
import { SplProblem } from "../problem.js";
import { expandMacro, type MacroTable } from "./macros.js";
import { MappedTextBuilder, type MappedText } from "./mapped-text.js";

const doubleCurly = /[“”„]/;
const singleCurly = /[‘’‚]/;

/** Called for a defect whose meaning is evident: the offset, what was written and what was meant. */
export type CurlyQuoteReport = (at: number, written: string, meant: string) => void;

interface Context {
  readonly macros: MacroTable;
  readonly limits: Limits;
  readonly builder: MappedTextBuilder;
  readonly onCurlyQuote: CurlyQuoteReport;
  /** Macros expanded so far: macros that call each other twice multiply, though each is small. */
  expansions: number;
}

const mostExpansions = 1000;

/** One text, the query's own or a macro's. A macro's characters all stem from the call. */
class Preparation {
  #at = 0;

  constructor(
    private readonly context: Context,
    private readonly text: string,
    private readonly callAt: number | null,
    private readonly depth: number,
  ) {}

  run(): void {
    while (this.#at < this.text.length) {
      const character = this.text.charAt(this.#at);
      if (character === '"') this.#quoted(false);
      else if (doubleCurly.test(character)) this.#quoted(true);
      else if (singleCurly.test(character)) this.#straighten("'");
      else if (this.text.startsWith("```", this.#at)) this.#comment();
      else if (character === "`") this.#macro();
      else this.#emit(character, 1);
    }
  }

  #origin(): number {
    return this.callAt ?? this.#at;
  }

  #emit(text: string, consumed: number): void {
    const { builder, limits } = this.context;
    if (builder.length + text.length > limits.characters) {
      throw new SplProblem(
        "query-too-large",
        this.#origin(),
        `the query is longer than ${limits.characters} characters`,
      );
    }
    if (this.callAt === null && text.length === consumed) builder.copy(text, this.#at);
    else builder.insert(text, this.#origin());
    this.#at += consumed;
  }

  #straighten(straight: string): void {
    this.context.onCurlyQuote(this.#origin(), this.text.charAt(this.#at), straight);
    this.#emit(straight, 1);
  }

  /** A string in quotes, in which neither macros nor comments are read. One that opens curly may close either way. */
  #quoted(curly: boolean): void {
    if (curly) this.#straighten('"');
    else this.#emit('"', 1);
    while (this.#at < this.text.length) {
      const character = this.text.charAt(this.#at);
      if (character === "\\" && this.#at + 1 < this.text.length) {
        this.#emit(this.text.slice(this.#at, this.#at + 2), 2);
      } else if (character === '"') {
        this.#emit(character, 1);
        return;
      } else if (curly && doubleCurly.test(character)) {
        this.#straighten('"');
        return;
      } else this.#emit(character, 1);
    }
  }

  #comment(): void {
    const end = this.text.indexOf("```", this.#at + 3);
    if (end === -1) {
      throw new SplProblem(
        "comment-open",
        this.#origin(),
        "the comment that three backticks open here is not closed",
        "close it with three backticks",
      );
    }
    this.#emit(" ", end + 3 - this.#at);
  }

  #macro(): void {
    const { macros, limits } = this.context;
    const end = this.text.indexOf("`", this.#at + 1);
    const at = this.#origin();
    if (end === -1) throw new SplProblem("macro-syntax", at, "the macro that opens here is not closed", "");
    if (this.depth >= limits.depth || ++this.context.expansions > mostExpansions) {
      throw new SplProblem(
        "macro-too-deep",
        at,
        `macros nest more than ${limits.depth} deep, or expand more than ${mostExpansions} times`,
        "does the macro name itself?",
      );
    }
    const definition = expandMacro(this.text.slice(this.#at + 1, end), macros, at);
    new Preparation(this.context, definition, at, this.depth + 1).run();
    this.#at = end + 1;
  }
}

/**
 * The query's text with macros expanded, comments taken out and curly quotes straightened, which Splunk does not read as
 * quotes. Positions stay those of the original. Throws {@link SplProblem}.
 */
export function prepareText(
  text: string,
  macros: MacroTable,
  limits: Limits,
  onCurlyQuote: CurlyQuoteReport,
): MappedText {
  const builder = new MappedTextBuilder();
  new Preparation({ macros, limits, builder, onCurlyQuote, expansions: 0 }, text, null, 0).run();
  return builder.build(text.length);
}
