import type { Node } from "web-tree-sitter";
import { either, join, type Value } from "./finding.js";
import { unescape } from "./text-tools.js";

/** A word of a command line as far as it is known before it runs. */
export interface Word {
  /** The texts that it can be; null when it is computed, or when it becomes several words. */
  readonly value: Value;
  /** It holds a wildcard that is not quoted: `value` is the pattern. */
  readonly glob: boolean;
  /** A number that is only known when it runs (`$$`, arithmetic) is shown as 0: good for paths, not for code. */
  readonly approximate: boolean;
  readonly at: number;
  /** The inner commands of `<(...)`; null for every other word. */
  readonly process: Node | null;
}

/** What words need to know of the code around them. */
export interface WordContext {
  /** What a variable holds; null when that is not known. */
  variable(name: string): { readonly value: Value; readonly approximate: boolean };
  /** What the commands inside `$(...)` print. */
  output(substitution: Node): Value;
}

const unknownWord = { value: null, glob: false, approximate: false } as const;
type Piece = Pick<Word, "value" | "glob" | "approximate">;

/** Works out a word. */
export function readWord(node: Node, context: WordContext): Word {
  return {
    ...piece(node, context),
    at: node.startIndex,
    process: node.type === "process_substitution" ? node : null,
  };
}

/** A word that is known as it is, for words that do not stand in the code. */
export function literalWord(value: Value, at: number): Word {
  return { value, glob: false, approximate: false, at, process: null };
}

function piece(node: Node, context: WordContext): Piece {
  switch (node.type) {
    case "command_name": {
      const inner = node.firstChild;
      return inner === null ? unknownWord : piece(inner, context);
    }
    case "word":
    case "number":
    case "extglob_pattern":
    case "variable_name":
    case "file_descriptor":
    case "test_operator":
      return unquoted(node.text);
    case "raw_string":
      return known([node.text.slice(1, -1)]);
    case "ansi_c_string": {
      const text = unescape(node.text.slice(2, -1), "ansi");
      return text === null ? unknownWord : known([text]);
    }
    case "string":
      return quoted(node, 1, context);
    case "translated_string": {
      const inner = node.namedChildren[0];
      return inner === undefined ? unknownWord : piece(inner, context);
    }
    case "concatenation":
      return concatenation(node, context);
    case "simple_expansion":
    case "expansion":
      return split(expansion(node, context));
    case "command_substitution": {
      const output = context.output(node);
      return split({
        value: output?.map((text) => text.replace(/\n+$/, "")) ?? null,
        glob: false,
        approximate: false,
      });
    }
    case "arithmetic_expansion":
      return { value: ["0"], glob: false, approximate: true };
    case "process_substitution":
      return { value: ["/dev/fd/63"], glob: false, approximate: true };
    default:
      return unknownWord;
  }
}

function known(value: Value): Piece {
  return { value, glob: false, approximate: false };
}

/** What an expansion without quotes becomes: unknown when it would be split or hold wildcards, or vanish. */
function split(inner: Piece): Piece {
  if (inner.value === null) return inner;
  return inner.value.some((text) => text === "" || /[\s*?[]/.test(text)) ? unknownWord : inner;
}

function unquoted(text: string): Piece {
  let out = "";
  let glob = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] as string;
    if (character === "\\") {
      index += 1;
      const next = text[index] ?? "";
      if (next !== "\n") out += next;
    } else {
      if ("*?[".includes(character)) glob = true;
      out += character;
    }
  }
  // `{a,b}` and `{1..3}` become several words in most shells.
  const brace = /\{[^{}]*(,|\.\.)[^{}]*\}/.test(text);
  return brace ? unknownWord : { value: [out], glob, approximate: false };
}

function concatenation(node: Node, context: WordContext): Piece {
  let whole: Piece = known([""]);
  let bare = "";
  let end = node.startIndex;
  for (const child of node.children) {
    // What no child covers belongs to the word all the same.
    if (child.startIndex > end) return unknownWord;
    end = child.endIndex;
    bare += child.type === "word" || !child.isNamed ? child.text : "\0";
    const next = child.isNamed ? piece(child, context) : unquoted(child.text);
    whole = {
      value: join(whole.value, next.value),
      glob: whole.glob || next.glob,
      approximate: whole.approximate || next.approximate,
    };
  }
  if (/\{[^]*(,|\.\.)[^]*\}/.test(bare)) return unknownWord;
  return whole;
}

/** The text between `margin` characters at both ends, with what expands inside it. Also for the bodies of here-documents. */
export function quoted(node: Node, margin: number, context: WordContext): Piece {
  const start = node.startIndex + margin;
  const end = node.endIndex - margin;
  let whole: Piece = known([""]);
  let from = start;
  const add = (next: Piece): void => {
    whole = {
      value: join(whole.value, next.value),
      glob: false,
      approximate: whole.approximate || next.approximate,
    };
  };
  const text = (to: number): void => {
    const raw = node.text.slice(from - node.startIndex, to - node.startIndex);
    add(known([raw.replace(/\\([$`"\\])|\\\n/g, (_, character: string | undefined) => character ?? "")]));
  };
  for (const child of node.namedChildren) {
    if (child.type === "string_content" || child.type === "heredoc_content") continue;
    text(child.startIndex);
    from = child.endIndex;
    if (child.type === "simple_expansion" || child.type === "expansion") add(expansion(child, context));
    else if (child.type === "command_substitution") {
      const output = context.output(child);
      add({
        value: output?.map((printed) => printed.replace(/\n+$/, "")) ?? null,
        glob: false,
        approximate: false,
      });
    } else if (child.type === "arithmetic_expansion") add({ value: ["0"], glob: false, approximate: true });
    else add(unknownWord);
  }
  text(end);
  return whole;
}

function expansion(node: Node, context: WordContext): Piece {
  const [name, ...rest] = node.namedChildren;
  if (name === undefined) return unknownWord;
  if (name.type === "special_variable_name") {
    return ["$", "?", "#", "!"].includes(name.text) && rest.length === 0
      ? { value: ["0"], glob: false, approximate: true }
      : unknownWord;
  }
  if (name.type !== "variable_name") return unknownWord;
  const holds = context.variable(name.text);
  const plain = node.text === `$${name.text}` || node.text === `\${${name.text}}`;
  if (plain) return { ...holds, glob: false };
  // `${x:-word}`: one or the other.
  const fallback = rest.length === 1 ? rest[0] : undefined;
  if (fallback !== undefined && node.text === `\${${name.text}:-${fallback.text}}`) {
    const other = piece(fallback, context);
    return {
      value: either(holds.value, other.value),
      glob: other.glob,
      approximate: holds.approximate || other.approximate,
    };
  }
  return unknownWord;
}
