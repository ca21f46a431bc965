import type { Node } from "web-tree-sitter";
import { join, need, type Scope, type Value } from "./finding.js";
import { memberEffect } from "./member-effects.js";
import { getsObject, isHarmlessHostMember, judgedMembers, judgeMember, makesObject } from "./script-host.js";
import { isNumeric } from "./script-members.js";
import { bare, declarations, literalText } from "./script-syntax.js";

/** Globals of JScript that print or compute. */
const globals = new Set(
  `WScript String Number Array Date Math RegExp Error Object Boolean parseInt parseFloat isNaN escape unescape encodeURIComponent decodeURIComponent
  undefined NaN Infinity arguments ScriptEngine`.split(/\s+/),
);

/** Syntax that may turn a name into something else than it says. */
const refused = new Set([
  "with_statement",
  "import_statement",
  "export_statement",
  "template_string",
  "class_declaration",
  "await_expression",
  "yield_expression",
  "import",
]);

/** Analyses JScript of the Windows Script Host; the grammar is JavaScript's. */
export function analyseJscript(scope: Scope, root: Node): void {
  const conditional = /@(cc_on|if|elif|else|end|set|_\w+)\b/i.exec(root.text);
  // JScript runs what stands in such comments.
  if (conditional !== null)
    need(scope, "computed-code", "conditional compilation runs code in comments", conditional.index);
  new JscriptWalk(scope, root).walk(root);
}

class JscriptWalk {
  readonly #scope: Scope;
  readonly #root: Node;
  readonly #values = new Map<string, Node | null>();
  readonly #resolving = new Set<string>();

  constructor(scope: Scope, root: Node) {
    this.#scope = scope;
    this.#root = root;
    for (const [name, value] of declarations(root, "javascript"))
      this.#values.set(name, this.#values.has(name) ? null : value);
  }

  #need(reason: string, node: Node): void {
    need(this.#scope, "computed-code", reason, node.startIndex);
  }

  walk(node: Node): void {
    if (node.type === "comment") return;
    if (refused.has(node.type))
      this.#need(`lint does not follow this: ${node.type.replaceAll("_", " ")}`, node);
    if (node.type === "identifier" || node.type === "shorthand_property_identifier") this.#global(node);
    if (node.type === "member_expression") this.#member(node, node.childForFieldName("property")?.text ?? "");
    if (node.type === "subscript_expression") this.#subscript(node);
    if (node.type === "new_expression") this.#made(node);
    for (const child of node.namedChildren) this.walk(child);
  }

  #arguments(call: Node | null): Node[] {
    return (
      call?.childForFieldName("arguments")?.namedChildren.filter((child) => child.type !== "comment") ?? []
    );
  }

  /** The call whose function a node is; null when it is used in another way. */
  #callOf(node: Node): Node | null {
    const { parent } = node;
    return parent?.type === "call_expression" && parent.childForFieldName("function")?.id === node.id
      ? parent
      : null;
  }

  #global(node: Node): void {
    const name = node.text;
    const call = this.#callOf(node);
    const [first] = this.#arguments(call);
    if (name === "eval" && call !== null) {
      const texts = first === undefined ? null : this.#text(first);
      if (texts === null) this.#need("eval runs code that is computed", node);
      else
        for (const text of texts)
          this.#scope.nested("jscript", this.#scope.program, text, node.startIndex, null);
    } else if (name === "GetObject" && call !== null)
      getsObject(this.#scope, first === undefined ? null : this.#text(first), node.startIndex);
    else if (["ActiveXObject", "Enumerator"].includes(name) && node.parent?.type === "new_expression") return;
    else if (["eval", "GetObject", "ActiveXObject", "Function", "Enumerator"].includes(name))
      this.#need(`${name} is used as a value`, node);
    else if (!globals.has(name) && !this.#values.has(name))
      need(this.#scope, "unknown-command", `the name ${name} is not known to be harmless`, node.startIndex);
  }

  #made(node: Node): void {
    const made = node.childForFieldName("constructor");
    if (made?.text === "ActiveXObject") {
      const [first] = this.#arguments(node);
      makesObject(this.#scope, first === undefined ? null : this.#text(first), node.startIndex);
    } else if (!/^(Enumerator|Array|Date|String|Number|Object|Error|RegExp|Boolean)$/.test(made?.text ?? ""))
      need(this.#scope, "unknown-command", "an object is made that lint does not know", node.startIndex);
  }

  #member(node: Node, name: string): void {
    if (judgedMembers.has(name.toLowerCase())) {
      const call = this.#callOf(node);
      const given = this.#arguments(call);
      if (call === null) this.#need(`the member ${name} is used as a value`, node);
      else
        judgeMember(
          this.#scope,
          name,
          given.map((one) => this.#text(one)),
          given.map(({ text }) => text),
          node.startIndex,
        );
    } else if (!isHarmlessHostMember(name)) {
      const effect = memberEffect(name);
      if (effect !== null) need(this.#scope, effect, `the member ${name} is for that`, node.startIndex);
      need(this.#scope, "unknown-command", `the member ${name} is not known to be harmless`, node.startIndex);
    }
  }

  #subscript(node: Node): void {
    const index = node.childForFieldName("index");
    if (index === null || isNumeric(index, this.#root, "javascript")) return;
    const names = this.#text(index);
    if (names === null) this.#need("a member is taken whose name is computed", node);
    else for (const name of names) this.#member(node, name);
  }

  #text(expression: Node): Value {
    const node = bare(expression);
    const literal = literalText(node, "javascript");
    if (literal !== null) return [literal];
    if (node.type === "binary_expression") {
      const [left, right] = [node.childForFieldName("left"), node.childForFieldName("right")];
      const plus = node.children.some((child) => !child.isNamed && child.type === "+");
      return plus && left !== null && right !== null ? join(this.#text(left), this.#text(right)) : null;
    }
    if (
      node.type === "call_expression" &&
      node.childForFieldName("function")?.text === "String.fromCharCode"
    ) {
      const codes = this.#arguments(node).map(({ text }) => text);
      return codes.every((code) => /^\d+$/.test(code)) ? [String.fromCharCode(...codes.map(Number))] : null;
    }
    const value = node.type === "identifier" ? this.#values.get(node.text) : undefined;
    if (value === undefined || value === null || this.#resolving.has(node.text)) return null;
    this.#resolving.add(node.text);
    try {
      return this.#text(value);
    } finally {
      this.#resolving.delete(node.text);
    }
  }
}
