import type { Node } from "web-tree-sitter";
import { need, type Scope, type Value } from "./finding.js";
import { type CmdletReader, followCmdlet, writesFile } from "./powershell-cmdlets.js";
import { cmdletEffect, cmdletName, cmdletOf } from "./powershell-commands.js";
import { memberEffect } from "./member-effects.js";
import {
  isHarmlessMember,
  isHarmlessStatic,
  isHarmlessType,
  typeEffect,
  typeName,
} from "./powershell-types.js";
import { bareExpression, textOfExpression } from "./powershell-values.js";
import { runCommand } from "./shell-commands.js";
import { literalWord } from "./shell-word.js";
import { opaque } from "./windows-paths.js";
import { runWindowsCommand } from "./windows-programs.js";

/** Analyses PowerShell. */
export function analysePowershell(scope: Scope, root: Node, stdin: Value): void {
  const walk = new PowershellWalk(scope, root, stdin);
  // Typographic quotes and dashes are quotes and dashes to PowerShell, and the grammar does not know them.
  const strange = /[^\t\n\r -~]/.exec(root.text);
  if (strange !== null)
    need(
      scope,
      "computed-code",
      "PowerShell code with other than ASCII characters is not read; write [char]0x...",
      strange.index,
    );
  walk.walk(root);
}

/** Syntax that is followed, whatever stands in it. Anything else is not. */
const followed = new Set(
  `program statement_list empty_statement pipeline pipeline_chain pipeline_chain_tail logical_expression bitwise_expression comparison_expression additive_expression
  multiplicative_expression format_expression range_expression array_literal_expression unary_expression parenthesized_expression expression_with_unary_operator
  logical_argument_expression bitwise_argument_expression comparison_argument_expression additive_argument_expression multiplicative_argument_expression
  format_argument_expression range_argument_expression argument_list argument_expression_list argument_expression string_literal verbatim_string_characters
  expandable_string_literal expandable_here_string_literal verbatim_here_string_characters integer_literal decimal_integer_literal hexadecimal_integer_literal
  real_literal sub_expression array_expression hash_literal_expression hash_literal_body hash_entry key_expression simple_name script_block_expression script_block
  script_block_body named_block_list named_block block_name statement_block if_statement elseif_clauses elseif_clause else_clause while_statement while_condition
  for_statement for_initializer for_condition for_iterator foreach_statement do_statement try_statement catch_clauses catch_clause finally_clause
  flow_control_statement function_statement function_name function_parameter_declaration parameter_list script_parameter script_parameter_default param_block
  assignment_expression left_assignment_expression assignement_operator comparison_operator format_operator element_access post_increment_expression
  post_decrement_expression pre_increment_expression pre_decrement_expression switch_statement switch_condition switch_body switch_clauses switch_clause
  switch_clause_condition command_argument_sep redirection redirections file_redirection_operator merging_redirection_operator redirected_file_name generic_token
  command_elements`.split(/\s+/),
);

/** Variables that PowerShell sets itself and that lead to nothing but what they print. */
const automaticNames = new Set(
  "_ psitem true false null args input pid psversiontable pshome pwd matches lasterrorcode lastexitcode error nestedpromptlevel iswindows islinux ismacos ?".split(
    " ",
  ),
);
/** Variables of PowerShell that may not be set: they change what later code means, or are not the code's own. */
const special =
  /^(ps.*|.*preference|executioncontext|host|profile|home|error|matches|args|input|this|env|ofs|outputencoding|stacktrace|myinvocation|function|alias|variable)$/i;

class PowershellWalk {
  readonly #scope: Scope;
  readonly #stdin: Value;
  readonly #functions: ReadonlySet<string>;
  readonly #values = new Map<string, Node | null>();
  readonly #resolving = new Set<string>();
  readonly #reader: CmdletReader;

  constructor(scope: Scope, root: Node, stdin: Value) {
    this.#scope = scope;
    this.#stdin = stdin;
    this.#reader = { scope, text: (node) => this.#text(node) };
    this.#functions = new Set(root.descendantsOfType("function_name").map((node) => node.text.toLowerCase()));
    const set = (name: string, value: Node | null): void => {
      const key = name.toLowerCase();
      this.#values.set(key, this.#values.has(key) ? null : value);
    };
    for (const node of root.descendantsOfType("assignment_expression")) {
      const left = bareExpression(node.namedChildren[0] as Node);
      const plain = node.namedChildren[1]?.text === "=";
      if (left.type === "variable") set(left.text, plain ? (node.namedChildren.at(-1) ?? null) : null);
      else for (const name of left.descendantsOfType("variable")) set(name.text, null);
    }
    for (const node of root.descendantsOfType(["foreach_statement", "script_parameter"]))
      for (const name of node.namedChildren.filter((child) => child.type === "variable"))
        set(name.text, null);
    for (const node of root.descendantsOfType(incrementing))
      for (const name of node.descendantsOfType("variable")) set(name.text, null);
  }

  #text(node: Node): Value {
    return textOfExpression(node, (name) => {
      const key = name.toLowerCase();
      const value = this.#values.get(key);
      if (value === undefined || value === null || this.#resolving.has(key)) return null;
      this.#resolving.add(key);
      try {
        return this.#text(value);
      } finally {
        this.#resolving.delete(key);
      }
    });
  }

  #need(effect: Parameters<typeof need>[1], reason: string, node: Node): void {
    need(this.#scope, effect, reason, node.startIndex);
  }

  walk(node: Node): void {
    switch (node.type) {
      case "comment":
        this.#comment(node);
        return;
      case "command":
        this.#command(node);
        return;
      case "variable":
        this.#variable(node);
        return;
      case "type_literal":
        this.#type(node);
        return;
      case "cast_expression":
        break;
      case "member_access":
      case "invokation_expression":
        this.#member(node);
        return;
      case "assignment_expression":
        this.#assignment(node);
        break;
      case "redirection":
        this.#redirection(node);
        break;
      default:
        if (!followed.has(node.type)) {
          this.#need("computed-code", `lint does not follow this: ${node.type.replaceAll("_", " ")}`, node);
          return;
        }
    }
    if (node.type === "comparison_expression" || node.type === "comparison_argument_expression")
      this.#comparison(node);
    for (const child of node.namedChildren) this.walk(child);
  }

  /** A comment that begins within a word is none to PowerShell. */
  #comment(node: Node): void {
    const before = node.tree.rootNode.text[node.startIndex - 1] ?? "\n";
    if (!/[\s;{}()|,]/.test(before)) this.#need("computed-code", "a comment begins within a word", node);
    if (/^#requires/i.test(node.text)) this.#need("computed-code", "#requires may load modules", node);
  }

  #variable(node: Node): void {
    const name = node.text
      .replace(/^[$@]/, "")
      .replace(/^\{(.*)\}$/s, "$1")
      .toLowerCase();
    if (node.text.startsWith("@")) {
      this.#need("computed-code", "splatting hides the parameters that a command is given", node);
      return;
    }
    if (/^env:\w+$/.test(name) || automaticNames.has(name)) return;
    if (this.#values.has(node.text.toLowerCase())) return;
    this.#need("computed-code", `the variable ${node.text} is not the code's own`, node);
  }

  #type(node: Node): void {
    const name = typeName(node.text);
    if (isHarmlessType(name)) return;
    this.#typeNeeds(name, node.text, node);
    this.#need("unknown-command", `the type ${node.text} is not known to be harmless`, node);
  }

  #typeNeeds(name: string, written: string, node: Node): void {
    const effect = typeEffect(name);
    if (effect !== null) this.#need(effect, `the type ${written} is for that`, node);
  }

  #member(node: Node): void {
    const children = node.namedChildren;
    const object = children[0] as Node;
    const member = children.find((child) => child.type === "member_name");
    const list = children.find((child) => child.type === "argument_list");
    const simple = member?.namedChildren[0];
    if (simple?.type === "simple_name") {
      const direct = object.type === "type_literal";
      const type = direct ? typeName(object.text) : "";
      if (direct && type === "scriptblock" && simple.text.toLowerCase() === "create")
        this.#code(list, "[scriptblock]::Create", node);
      else {
        if (direct) this.#type(object);
        const fine = direct ? isHarmlessStatic(type, simple.text) : isHarmlessMember(simple.text);
        const effect = fine ? null : memberEffect(simple.text);
        if (effect !== null) this.#need(effect, `the member ${simple.text} is for that`, simple);
        if (!fine)
          this.#need("unknown-command", `the member ${simple.text} is not known to be harmless`, simple);
      }
    } else if (member !== undefined)
      this.#need("computed-code", "a member is taken whose name is computed", member);
    else if (
      children.length > 0 &&
      object.type !== "member_access" &&
      object.type !== "invokation_expression"
    )
      this.#need("computed-code", "lint cannot read this call", node);
    if (object.type !== "type_literal") this.walk(object);
    if (list !== undefined) this.walk(list);
  }

  /** Code that is handed on as a text: read where it is known. */
  #code(argument: Node | undefined, what: string, node: Node): void {
    const texts = argument === undefined ? null : this.#text(argument.namedChildren[0] ?? argument);
    if (texts === null) this.#need("computed-code", `${what} runs code that is computed`, node);
    else
      for (const text of texts)
        this.#scope.nested("powershell", this.#scope.program, text, node.startIndex, this.#stdin);
  }

  #assignment(node: Node): void {
    const left = bareExpression(node.namedChildren[0] as Node);
    const name = /^\$([A-Za-z]\w*)$/.exec(left.text)?.[1];
    const parts = ["element_access", "cast_expression", "expression_with_unary_operator"].includes(left.type);
    if (!parts && (name === undefined || special.test(name)))
      this.#need("computed-code", `${left.text} is set, which is not the code's own variable`, left);
  }

  #comparison(node: Node): void {
    const operator = node.namedChildren
      .find((child) => child.type === "comparison_operator")
      ?.text.toLowerCase();
    const right = node.namedChildren.at(-1);
    if (operator === undefined || right === undefined || !/^-(as|is|isnot)$/.test(operator)) return;
    if (bareExpression(right).type !== "type_literal")
      this.#need("computed-code", `${operator} takes a type whose name is computed`, right);
  }

  #redirection(node: Node): void {
    const file = node.namedChildren.find((child) => child.type === "redirected_file_name");
    if (file === undefined) return;
    const target = file.namedChildren.find((child) => child.type !== "command_argument_sep");
    if (target?.text.toLowerCase() !== "$null")
      writesFile(this.#reader, target === undefined ? null : this.#text(target), "a redirection", node);
  }

  #command(node: Node): void {
    const elements = node.childForFieldName("command_elements")?.namedChildren ?? [];
    const name = node.childForFieldName("command_name");
    const inner = name?.type === "command_name_expr" ? (name.namedChildren[0] ?? name) : name;
    if (inner === null) {
      this.#need("computed-code", "lint cannot read this command", node);
      return;
    }
    const given = elements.filter((child) => child.type !== "command_argument_sep");
    // The grammar takes a range at the beginning of a pipeline for a name.
    const number = /^-?\d+(\.\.-?\d+)?$/.test(inner.text) && given.length === 0;
    if (inner.type === "script_block_expression") {
      this.walk(inner);
      for (const child of given) this.walk(child);
    } else if (!number) {
      for (const child of given) if (child.type !== "command_parameter") this.walk(child);
      const texts = this.#text(inner);
      if (texts === null) {
        this.#need("computed-code", "the name of a command is computed", node);
        if (inner.type !== "command_name") this.walk(inner);
      } else for (const text of texts) this.#named(text, node, given);
    }
  }

  #named(written: string, node: Node, given: readonly Node[]): void {
    const name = cmdletName(written);
    if (this.#functions.has(written.toLowerCase())) return;
    if (name === "invoke-expression") {
      this.#invoke(node, given);
      return;
    }
    if (name === "set-executionpolicy" && /-scope\s+process\b/i.test(node.text)) return;
    const cmdlet = cmdletOf(name);
    if (cmdlet !== undefined) {
      followCmdlet(this.#reader, { name, cmdlet, node, given });
      return;
    }
    if (name === "new-object") this.#object(node, given);
    const effect = cmdletEffect(name);
    if (effect !== null) this.#need(effect, `${name} is called`, node);
    if (name.includes("-") && !/[\\/.]/.test(name)) {
      if (effect === null || effect === "background-process")
        this.#need("unknown-command", `the command ${name} is not known to be harmless`, node);
    } else this.#program(written, node, given);
  }

  /** The types that New-Object is given, under any parameter; none that is computed is known. */
  #object(node: Node, given: readonly Node[]): void {
    for (const child of given)
      for (const text of (child.type === "command_parameter" ? null : this.#text(child)) ?? [])
        this.#typeNeeds(typeName(text), text, node);
  }

  #invoke(node: Node, given: readonly Node[]): void {
    const operands = given.filter((child) => child.type !== "command_parameter");
    const before = node.previousNamedSibling;
    const source =
      operands.length === 1 ? operands[0] : operands.length === 0 ? (before ?? undefined) : undefined;
    const texts = source === undefined || source.type === "command" ? null : this.#text(source);
    if (texts === null) this.#need("computed-code", "Invoke-Expression runs code that is computed", node);
    else
      for (const text of texts)
        this.#scope.nested("powershell", this.#scope.program, text, node.startIndex, this.#stdin);
  }

  /** A program: what it is given is joined as PowerShell hands it on. */
  #program(written: string, node: Node, given: readonly Node[]): void {
    const texts = given
      .filter((child) => child.type !== "redirection")
      .map((child) => (child.type === "command_parameter" ? [child.text] : this.#text(child)));
    const at = node.startIndex;
    const piped = node.previousNamedSibling !== null;
    const stdin = piped ? null : this.#stdin;
    if (!this.#scope.analysis.windows) {
      const words = [literalWord([written], at), ...texts.map((text) => literalWord(text, at))];
      runCommand({ scope: this.#scope, functions: new Set(), inner: () => null }, words, stdin);
      return;
    }
    const words = texts.map((text) => (text?.length === 1 ? (text[0] as string) : opaque));
    const tail = words.map((word) => ` ${/\s/.test(word) ? `"${word}"` : word}`).join("");
    runWindowsCommand(this.#scope, { name: written, tail, at, stdin });
  }
}

const incrementing = [
  "post_increment_expression",
  "post_decrement_expression",
  "pre_increment_expression",
  "pre_decrement_expression",
];
