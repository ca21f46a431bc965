import {
  CST,
  Lexer,
  LineCounter,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseAllDocuments,
  visit,
  type Document,
  type Node,
  type Pair,
  type ParsedNode,
} from "yaml";
import type { Diagnostic, Position } from "../errors.js";
import { messageOf } from "../errors.js";

export type Path = readonly PropertyKey[];

/** How deep maps and lists may be nested; the deepest place of a playbook is 8. */
const maximumDepth = 40;
/** How often anchors may be repeated, all together. */
const maximumAliases = 20;

/** A YAML document together with where everything in it stands. */
export class YamlSource {
  readonly file: string;
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #document: Document.Parsed;

  constructor(file: string, text: string, lines: LineCounter, document: Document.Parsed) {
    this.file = file;
    this.#text = text;
    this.#lines = lines;
    this.#document = document;
  }

  /** The position of an offset of the file. */
  at(offset: number): Position {
    const { line, col } = this.#lines.linePos(Math.min(offset, this.#text.length));
    return { file: this.file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  /**
   * The position of the value at a path; of its key when the value is empty (`proof:`); of the nearest map or list
   * around it when there is nothing at the path.
   */
  value(path: Path): Position {
    const { node, pair, found } = this.#find(path);
    const empty = isScalar(node) && node.source === "" && node.type === "PLAIN";
    if (found && empty && pair !== null) return this.#start(pair.key as Node | null);
    return this.#start(node);
  }

  /** The position of the key of the last step of a path; of its value when that is an entry of a list. */
  key(path: Path): Position {
    const { node, pair, found } = this.#find(path);
    return found && pair !== null ? this.#start(pair.key as Node | null) : this.#start(node);
  }

  /**
   * The position of an offset (UTF-16) inside the text at a path: exact for block literals and for one-line texts that
   * are written as they are, else the start of the value.
   */
  inside(path: Path, offset: number): Position {
    const { node, found } = this.#find(path);
    if (
      !found ||
      !isScalar(node) ||
      typeof node.value !== "string" ||
      node.range === undefined ||
      node.range === null
    ) {
      return this.value(path);
    }
    const [start, end] = node.range;
    if (node.type === "BLOCK_LITERAL") return this.#insideBlock(start, node.value, offset);
    const quoted = node.type === "QUOTE_SINGLE" || node.type === "QUOTE_DOUBLE" ? 1 : 0;
    const written = this.#text.slice(start + quoted, end - quoted);
    return this.at(written === node.value ? start + quoted + offset : start);
  }

  #insideBlock(start: number, value: string, offset: number): Position {
    const before = value.slice(0, offset).split("\n");
    const bodyStart = this.#text.indexOf("\n", start) + 1;
    const body = this.#text.slice(bodyStart).split("\n");
    const first = value.split("\n").findIndex((line) => line.trim() !== "");
    const shownFirst = body.findIndex((line) => line.trim() !== "");
    const indent = (body[shownFirst] ?? "").length - (value.split("\n")[first] ?? "").length;
    const line = this.at(bodyStart).line + before.length - 1;
    const carriage = (body[shownFirst] ?? "").endsWith("\r") ? 1 : 0;
    return {
      file: this.file,
      line,
      column: (before.at(-1) ?? "").length + 1 + Math.max(0, indent - carriage),
    };
  }

  #start(node: Node | null | undefined): Position {
    return this.at(node?.range?.[0] ?? 0);
  }

  #find(path: Path): { node: Node | null; pair: Pair | null; found: boolean } {
    let node: Node | null = this.#document.contents;
    let pair: Pair | null = null;
    for (const step of path) {
      const container = this.#resolved(node);
      if (isMap(container)) {
        const next: Pair | undefined = container.items.find((item) => keyText(item) === String(step));
        if (next === undefined) return { node, pair, found: false };
        pair = next;
        node = (next.value ?? next.key) as Node | null;
      } else if (isSeq(container) && typeof step === "number" && container.items[step] !== undefined) {
        pair = null;
        node = container.items[step] as Node;
      } else return { node, pair, found: false };
    }
    return { node, pair, found: true };
  }

  #resolved(node: Node | null): Node | null {
    return isAlias(node) ? (node.resolve(this.#document) ?? null) : node;
  }
}

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

export type YamlResult =
  | { readonly source: YamlSource; readonly value: unknown; readonly diagnostics: readonly Diagnostic[] }
  | { readonly source: null; readonly diagnostics: readonly Diagnostic[] };

/**
 * Reads one YAML 1.2 document with string keys, no tags, few aliases and bounded depth. Never throws; any diagnostic is
 * an error, and then there is no value.
 */
export function readYaml(text: string, file: string): YamlResult {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let index = text.indexOf("\n"); index !== -1; index = text.indexOf("\n", index + 1))
    lines.addNewLine(index + 1);
  const problem = (offset: number, code: string, message: string, hint = ""): Diagnostic => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return {
      file,
      line: Math.max(line, 1),
      column: Math.max(col, 1),
      severity: "error",
      code,
      message,
      hint,
    };
  };
  try {
    // Before composing: the composer recurses, and its stack overflow ends the whole process.
    const early = scan(text, problem);
    if (early.length > 0) return { source: null, diagnostics: early };
    const documents = parseAllDocuments<ParsedNode>(text, {
      version: "1.2",
      schema: "core",
      merge: false,
      resolveKnownTags: false,
      stringKeys: true,
      // Quadratic in the library; `duplicateKeys` is linear.
      uniqueKeys: false,
      prettyErrors: false,
      strict: true,
      logLevel: "silent",
    });
    const document = Array.isArray(documents) ? documents[0] : undefined;
    if (!Array.isArray(documents) || document === undefined || document.contents === null) {
      return {
        source: null,
        diagnostics: [problem(0, "file-empty", "the file is empty", "a playbook begins with `id:`")],
      };
    }
    const broken = document.errors.map((error) =>
      problem(error.pos[0], "yaml-syntax", syntaxMessage(error.message)),
    );
    if (broken.length > 0) return { source: null, diagnostics: broken };
    const second = documents[1];
    if (second !== undefined) {
      const message = "the file holds several YAML documents; expected one";
      const offset = second.contents?.range?.[0] ?? second.range[0];
      return {
        source: null,
        diagnostics: [problem(offset, "yaml-several-documents", message, "give each its own file")],
      };
    }
    const duplicates = duplicateKeys(document, problem, lines);
    if (duplicates.length > 0) return { source: null, diagnostics: duplicates };
    const unresolved = unresolvedAliases(document, problem);
    if (unresolved.length > 0) return { source: null, diagnostics: unresolved };
    const value: unknown = document.toJS({ maxAliasCount: maximumAliases * 5 });
    return { source: new YamlSource(file, text, lines, document), value, diagnostics: [] };
  } catch (thrown) {
    return { source: null, diagnostics: [problem(0, "yaml-syntax", syntaxMessage(messageOf(thrown)))] };
  }
}

function syntaxMessage(message: string): string {
  return `this is not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

type Problem = (offset: number, code: string, message: string, hint?: string) => Diagnostic;

/** What is refused by its tokens alone. */
function scan(text: string, problem: Problem): Diagnostic[] {
  let offset = 0;
  let flow = 0;
  let indicators = 0;
  let aliases = 0;
  let content = false;
  for (const token of new Lexer().lex(text)) {
    // What follows the lexer's scalar mark is text, whatever it begins with.
    const type: CST.TokenType | null = content ? null : CST.tokenType(token);
    content = type === "scalar";
    if (type === "newline") indicators = 0;
    // A flow collection on one line uses many of these; only its depth counts.
    const indicates = type === "seq-item-ind" || type === "explicit-key-ind" || type === "map-value-ind";
    if (indicates && flow === 0) indicators += 1;
    if (type === "flow-map-start" || type === "flow-seq-start") flow += 1;
    if (type === "flow-map-end" || type === "flow-seq-end") flow = Math.max(0, flow - 1);
    if (type === "alias") aliases += 1;
    if (flow > maximumDepth || (flow <= 0 && indicators > maximumDepth)) {
      return [
        problem(offset, "yaml-too-deep", `maps and lists are nested deeper than ${maximumDepth} levels`),
      ];
    }
    if (aliases > maximumAliases) {
      const message = `anchors are repeated more than ${maximumAliases} times`;
      return [problem(offset, "yaml-aliases", message, "write the values out")];
    }
    if (type === "tag") {
      return [
        problem(offset, "yaml-tag", `the tag ${token} is not allowed`, "write the value without a tag"),
      ];
    }
    // The lexer's own marks are no part of the text.
    if (type !== "doc-mode" && type !== "flow-error-end" && type !== "scalar") offset += token.length;
  }
  return indentation(text, problem);
}

/** Nesting by indentation: at most one level a line, so it is bounded by the longest run of deepening lines. */
function indentation(text: string, problem: Problem): Diagnostic[] {
  const open: number[] = [];
  let offset = 0;
  for (const line of text.split("\n")) {
    const indent = line.length - line.trimStart().length;
    if (indent < line.length) {
      while (open.length > 0 && (open.at(-1) as number) >= indent) open.pop();
      open.push(indent);
      // Generous: code in block scalars is indented as well.
      if (open.length > maximumDepth * 3) {
        return [problem(offset + indent, "yaml-too-deep", "the lines are indented too deeply")];
      }
    }
    offset += line.length + 1;
  }
  return [];
}

function unresolvedAliases(document: Document.Parsed, problem: Problem): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return;
      const message = `there is no anchor "&${alias.source}" before this alias`;
      diagnostics.push(
        problem(alias.range?.[0] ?? 0, "yaml-syntax", message, "write the value in quotes if it is a text"),
      );
    },
  });
  return diagnostics;
}

function duplicateKeys(document: Document.Parsed, problem: Problem, lines: LineCounter): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Map<string, number>();
      for (const item of map.items) {
        if (!isPair(item)) continue;
        const offset = (item.key as Node | null)?.range?.[0] ?? 0;
        const key = keyText(item);
        const first = seen.get(key);
        if (first === undefined) seen.set(key, offset);
        else {
          const message = `the key "${key}" is given twice; the first is on line ${lines.linePos(first).line}`;
          diagnostics.push(problem(offset, "duplicate-key", message, "remove one of them"));
        }
      }
    },
  });
  return diagnostics;
}
