import type { Node } from "web-tree-sitter";
import { join, need, type Scope, type Value } from "./finding.js";
import { fieldChildren } from "./grammar.js";
import { powerfulVariables } from "./programs.js";
import { readsPath, writesPath } from "./paths.js";
import { runCommand } from "./shell-commands.js";
import type { Shell } from "./shell-operands.js";
import { ShellVariables } from "./shell-variables.js";
import { quoted, readWord, type Word, type WordContext } from "./shell-word.js";

/** Analyses shell code; returns what it prints where that is known. */
export function analyseShell(scope: Scope, root: Node, stdin: Value): Value {
  return new ShellWalk(scope, root).visit(root, stdin);
}

class ShellWalk implements Shell, WordContext {
  readonly scope: Scope;
  readonly functions: ReadonlySet<string>;
  readonly #variables: ShellVariables;
  readonly #outputs = new Map<number, Value>();

  constructor(scope: Scope, root: Node) {
    this.scope = scope;
    const names = root
      .descendantsOfType("function_definition")
      .flatMap((node) => fieldChildren(node, "name"));
    this.functions = new Set(names.map((node) => node.text));
    this.#variables = new ShellVariables(scope, root);
  }

  /** Analyses a statement; returns what it prints where that is known. */
  visit(node: Node, stdin: Value): Value {
    this.#background(node);
    switch (node.type) {
      case "comment":
      case "heredoc_body":
        return [""];
      case "command":
        return this.#command(node, stdin, []);
      case "redirected_statement":
        return this.#redirected(node, stdin);
      case "pipeline":
        return node.namedChildren.reduce<Value>((input, stage) => this.visit(stage, input), stdin);
      case "negated_command":
        return this.#all(node.namedChildren, stdin);
      case "program":
      case "compound_statement":
      case "subshell":
      case "do_group":
        return this.#all(node.namedChildren, stdin);
      case "function_definition":
        this.#children(node, null);
        return [""];
      case "variable_assignment":
      case "variable_assignments":
      case "declaration_command":
      case "unset_command":
      case "test_command":
        this.#declaration(node);
        return [""];
      case "arithmetic_expansion":
        this.#children(node, null);
        return null;
      case "command_substitution":
      case "process_substitution":
        this.output(node);
        return null;
      default:
        this.#children(node, stdin?.length === 1 && stdin[0] === "" ? stdin : null);
        return null;
    }
  }

  variable(name: string): { readonly value: Value; readonly approximate: boolean } {
    return this.#variables.read(name, this);
  }

  output(substitution: Node): Value {
    const known = this.#outputs.get(substitution.id);
    if (known !== undefined) return known;
    // Held unknown while it is worked out: a command may refer to itself through a variable.
    this.#outputs.set(substitution.id, null);
    // Its input is that of the command around it, or for `>(...)` what that command prints.
    let value = this.#all(substitution.namedChildren, null);
    const redirect = substitution.namedChildren[0];
    if (redirect?.type === "file_redirect") {
      const file = fieldChildren(redirect, "destination")[0];
      value =
        file === undefined
          ? null
          : runCommand(
              this,
              [{ ...readWord(file, this), value: ["cat"], glob: false }, readWord(file, this)],
              [""],
            );
    }
    this.#outputs.set(substitution.id, value);
    return value;
  }

  inner(word: Word): Value {
    return word.process === null ? null : this.output(word.process);
  }

  /** Several statements, one after the other. */
  #all(nodes: readonly Node[], stdin: Value): Value {
    const statements = nodes.filter((node) => node.type !== "comment");
    const open = statements.length === 1 || (stdin?.length === 1 && stdin[0] === "");
    return statements.reduce<Value>(
      (output, node) => join(output, this.visit(node, open ? stdin : null)),
      [""],
    );
  }

  #children(node: Node, stdin: Value): void {
    for (const child of node.namedChildren) this.visit(child, stdin);
  }

  #background(node: Node): void {
    if (
      [
        "pipeline",
        "list",
        "binary_expression",
        "file_redirect",
        "arithmetic_expansion",
        "test_command",
        "expansion",
      ].includes(node.type)
    )
      return;
    for (const child of node.children) {
      if (!child.isNamed && (child.type === "&" || child.type === "&!" || child.type === "&|")) {
        need(this.scope, "background-process", "a command is left running (`&`)", child.startIndex);
      }
    }
  }

  #declaration(node: Node): void {
    const command = node.firstChild?.type ?? "";
    if (node.type === "declaration_command" || node.type === "unset_command") {
      const words = node.namedChildren
        .filter((child) => child.type !== "variable_assignment")
        .map((child) => readWord(child, this));
      const name = { value: [command], glob: false, approximate: false, at: node.startIndex, process: null };
      runCommand(this, [name, ...words], [""]);
    }
    if (node.type === "variable_assignment") this.#assigned(node);
    this.#children(node, [""]);
  }

  #assigned(node: Node): void {
    const name = fieldChildren(node, "name")[0]?.text ?? "";
    const value = fieldChildren(node, "value")[0];
    const base = name.replace(/\[.*$/s, "");
    if (powerfulVariables.has(base)) {
      need(this.scope, "computed-code", `${base} changes what later commands mean`, node.startIndex);
    }
    const texts = value === undefined ? [] : (readWord(value, this).value ?? []);
    // A text that holds a substitution may be run by arithmetic, prompts or `eval` later.
    if (texts.some((text) => /\$\(|`/.test(text)) || /\[.*(\$\(|`)/s.test(name)) {
      need(this.scope, "computed-code", `${base} holds a text that may be run`, node.startIndex);
    }
  }

  #command(node: Node, stdin: Value, more: readonly Word[], redirected = false): Value {
    const words: Word[] = [];
    const redirects: Node[] = [];
    for (const child of node.namedChildren) {
      if (child.type === "variable_assignment") this.visit(child, [""]);
      else if (child.type.endsWith("_redirect")) redirects.push(child);
      else {
        words.push(readWord(child, this));
        this.#innerCommands(child);
      }
    }
    const flow = this.#redirects(redirects, stdin);
    const output = runCommand(this, [...words, ...more], flow.stdin);
    return flow.redirected || redirected ? null : output;
  }

  /** What a word holds is analysed even where the word's own value is not needed. */
  #innerCommands(node: Node): void {
    for (const inner of node.descendantsOfType(["command_substitution", "process_substitution"]))
      this.output(inner);
    for (const inner of node.descendantsOfType("expansion")) {
      if (/@P\s*\}$/.test(inner.text))
        need(this.scope, "computed-code", "a prompt expansion runs what a variable holds", inner.startIndex);
    }
    for (const inner of node.descendantsOfType("variable_assignment")) this.#assigned(inner);
  }

  #redirected(node: Node, stdin: Value): Value {
    const body = fieldChildren(node, "body")[0];
    const redirects = node.namedChildren.filter((child) => child.type.endsWith("_redirect"));
    const flow = this.#redirects(redirects, stdin);
    let output: Value = [""];
    if (body !== undefined) {
      output =
        body.type === "command" ? this.#command(body, flow.stdin, flow.words) : this.visit(body, flow.stdin);
    }
    if (flow.redirected) output = null;
    for (const after of flow.after) output = this.visit(after, after.type === "pipeline" ? output : null);
    return output;
  }

  /** Works redirections out: the input, whether the output goes elsewhere, and what the grammar hangs below a here-document. */
  #redirects(
    nodes: readonly Node[],
    stdin: Value,
  ): { stdin: Value; redirected: boolean; words: Word[]; after: Node[] } {
    const flow = { stdin, redirected: false, words: [] as Word[], after: [] as Node[] };
    for (const node of nodes) {
      this.#innerCommands(node);
      if (node.type === "herestring_redirect") {
        const word = node.namedChildren.find((child) => child.type !== "file_descriptor");
        const read = word === undefined ? null : readWord(word, this);
        flow.stdin = read === null || read.approximate ? null : join(read.value, ["\n"]);
      } else if (node.type === "heredoc_redirect") this.#heredoc(node, flow);
      else this.#file(node, flow);
    }
    return flow;
  }

  #heredoc(node: Node, flow: { stdin: Value; redirected: boolean; words: Word[]; after: Node[] }): void {
    const start = node.namedChildren.find((child) => child.type === "heredoc_start");
    const body = node.namedChildren.find((child) => child.type === "heredoc_body");
    let value: Value = [""];
    if (body !== undefined) {
      const literal = /['"\\]/.test(start?.text ?? "");
      const read = literal ? { value: [body.text], approximate: false } : quoted(body, 0, this);
      value = read.approximate ? null : read.value;
      if (node.children.some((child) => child.type === "<<-"))
        value = value?.map((text) => text.replace(/^\t+/gm, "")) ?? null;
      if (!literal) this.#innerCommands(body);
    }
    flow.stdin = value;
    for (const child of node.namedChildren) {
      if (["heredoc_start", "heredoc_body", "heredoc_end", "file_descriptor"].includes(child.type)) continue;
      if (child.type === "file_redirect") this.#file(child, flow);
      else if (child.type === "herestring_redirect" || child.type === "heredoc_redirect") flow.stdin = null;
      else if (
        /^(pipeline|list|command|redirected_statement|.*_statement|subshell|negated_command|.*_command)$/.test(
          child.type,
        )
      )
        flow.after.push(child);
      else flow.words.push(readWord(child, this));
    }
  }

  #file(node: Node, flow: { stdin: Value; redirected: boolean }): void {
    const operator = node.children.find((child) => /[<>]/.test(child.type) && !child.isNamed)?.type ?? ">";
    const descriptor = fieldChildren(node, "descriptor")[0]?.text ?? null;
    for (const destination of fieldChildren(node, "destination")) {
      const word = readWord(destination, this);
      const numbers = word.value?.every((text) => /^\d*-?$/.test(text)) === true;
      if (/&$/.test(operator) && numbers) {
        // `2>&1` adds to what is printed; `1>&2` takes from it.
        if (operator === ">&" ? descriptor !== null || word.value?.[0] !== "1" : true) flow.redirected = true;
        if (operator === "<&") flow.stdin = null;
        continue;
      }
      if (operator.startsWith("<")) {
        readsPath(this.scope, word.value, word.glob, "a redirection", word.at);
        const source = word.value?.length === 1 && !word.approximate ? word : null;
        flow.stdin =
          source?.value?.[0] === "/dev/null"
            ? [""]
            : source === null
              ? null
              : runCommand(this, [{ ...word, value: ["cat"], glob: false }, word], [""]);
        if (word.process !== null) flow.stdin = this.output(word.process);
        continue;
      }
      flow.redirected = true;
      if (word.process === null) writesPath(this.scope, word.value, "a redirection", word.at);
      // What is written to `>(command)` is that command's input.
      else this.output(word.process);
    }
  }
}
