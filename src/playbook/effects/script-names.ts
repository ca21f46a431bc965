import type { Node } from "web-tree-sitter";
import { join, need, type Scope, type Value } from "./finding.js";
import { importsOf } from "./script-imports.js";
import { checkProperty } from "./script-members.js";
import { holdsValues, isNamespace, isPowerful, ruleFor, type ScriptLanguage } from "./script-rules.js";
import { bare, callOf, declarations, literalText, memberOf, type Call } from "./script-syntax.js";

/** What an expression stands for: a global or a member of a module, by its full name. */
export interface Named {
  readonly name: string;
  /** For the path objects of Python: the path. */
  readonly path?: Value;
}

/** What the names in a piece of code stand for, and what its expressions are, as far as that is known. */
export class ScriptNames {
  readonly scope: Scope;
  readonly language: ScriptLanguage;
  /** Names that stand for modules or their members. */
  readonly #aliases = new Map<string, Named | null>();
  readonly #values = new Map<string, Node | null>();
  readonly #resolving = new Set<string>();

  /** Names that stand for modules or their members. */
  constructor(scope: Scope, language: ScriptLanguage, root: Node) {
    this.scope = scope;
    this.language = language;
    for (const { local, name } of importsOf(root, language)) this.#alias(local, { name });
    for (const [name, value] of declarations(root, language)) {
      this.#values.set(name, this.#values.has(name) || value === null ? null : value);
    }
    for (const [name, value] of declarations(root, language)) {
      const named = value === null ? null : this.resolve(value);
      if (named !== null && this.#values.get(name) !== null) this.#alias(name, named);
      else if (named !== null && isNamespace(language, named.name)) {
        need(
          scope,
          "computed-code",
          `the name ${name} stands for more than one thing`,
          value?.startIndex ?? 0,
        );
      }
    }
    for (const pattern of root.descendantsOfType("object_pattern")) this.#destructured(pattern);
  }

  #alias(local: string, named: Named): void {
    const before = this.#aliases.get(local);
    this.#aliases.set(local, before !== undefined && before?.name !== named.name ? null : named);
  }

  /** `const { exec: e } = require("child_process")`. */
  #destructured(pattern: Node): void {
    for (const key of pattern.descendantsOfType([
      "property_identifier",
      "shorthand_property_identifier_pattern",
    ]))
      checkProperty(this.scope, this.language, key);
    const value =
      pattern.parent?.childForFieldName("value") ?? pattern.parent?.childForFieldName("right") ?? null;
    const named = value === null ? null : this.resolve(value);
    if (named === null) return;
    for (const child of pattern.namedChildren) {
      const key = child.type === "pair_pattern" ? child.childForFieldName("key") : child;
      const local = child.type === "pair_pattern" ? child.childForFieldName("value") : child;
      const plain =
        key !== null && ["property_identifier", "shorthand_property_identifier_pattern"].includes(key.type);
      if (
        plain &&
        (local?.type === "identifier" || local?.type === "shorthand_property_identifier_pattern")
      ) {
        this.#alias(local.text, { name: `${named.name}.${key.text}` });
      } else
        need(
          this.scope,
          "computed-code",
          `members of ${named.name} are taken by computed names`,
          child.startIndex,
        );
    }
  }

  /** The full name of what an expression stands for; null for values of the code itself. */
  resolve(expression: Node): Named | null {
    const node = bare(expression);
    if (node.type === "identifier" || node.type === "import" || node.type === "shorthand_property_identifier")
      return this.#identifier(node.text);
    const call = callOf(node);
    if (call !== null) return this.#resolveCall(call);
    const member = memberOf(node);
    if (member === null) return null;
    const object = this.resolve(member.object);
    if (object === null) return null;
    const names =
      member.index === null ? (member.name === null ? null : [member.name]) : this.text(member.index);
    const name = names?.length === 1 ? (names[0] as string) : null;
    const everything = ["globalThis", "global", "_G", "_ENV"].includes(object.name);
    // An entry of a list or map of texts, such as `process.argv[2]`, is a value of the code itself.
    if (member.subscript && !everything && holdsValues(this.language, object.name)) return null;
    if (name === null) return { name: `${object.name}.(computed)` };
    if (everything) return { name };
    if (object.name === "process.mainModule" && name === "require") return { name: "require" };
    return { name: `${object.name}.${name}`, ...(object.path === undefined ? {} : { path: object.path }) };
  }

  #identifier(name: string): Named | null {
    const alias = this.#aliases.get(name);
    if (alias !== undefined) return alias;
    const rule = ruleFor(this.language, name);
    const own = this.#values.has(name);
    // A name that is dangerous stays so: the declaration may be elsewhere than the use.
    const global = this.language !== "python" && isPowerful(this.language, name);
    if (own && !global && (rule === null || rule.kind === "harmless")) return null;
    return { name };
  }

  #resolveCall(call: Call): Named | null {
    const callee = this.resolve(call.callee);
    if (callee === null) return null;
    const [first, second] = call.positional;
    const text = (node: Node | undefined): string | null => {
      const value = node === undefined ? null : this.text(node);
      return value?.length === 1 ? (value[0] as string) : null;
    };
    const string = first ?? stringArgument(call);
    if (
      ["require", "__import__", "importlib.import_module", "import", "process.getBuiltinModule"].includes(
        callee.name,
      )
    ) {
      const name = text(string);
      return name === null ? null : { name: moduleName(name) };
    }
    if (callee.name === "getattr" && first !== undefined) {
      const object = this.resolve(first);
      const name = text(second);
      return object === null || name === null ? null : { name: `${object.name}.${name}` };
    }
    if (ruleFor(this.language, callee.name)?.kind === "path")
      return { name: "path()", path: this.#joined(call.positional) };
    return null;
  }

  #joined(parts: readonly Node[]): Value {
    if (parts.length === 0) return ["."];
    return parts
      .map((part) => this.text(part))
      .reduce((left, right) => {
        if (right?.every((text) => text.startsWith("/")) === true) return right;
        return join(join(left, ["/"]), right);
      });
  }

  /** The texts that an expression can have; null when that is not known. */
  text(expression: Node): Value {
    const node = bare(expression);
    const literal = literalText(node, this.language);
    if (literal !== null) return [literal];
    if (node.type === "concatenated_string")
      return node.namedChildren.map((part) => this.text(part)).reduce(join);
    if (/^binary_(operator|expression)$/.test(node.type)) {
      const [left, right] = [node.childForFieldName("left"), node.childForFieldName("right")];
      const operator = node.children.find((child) => !child.isNamed)?.type;
      if (left === null || right === null) return null;
      if (operator === "+" || operator === "..") return join(this.text(left), this.text(right));
      return operator === "/" && this.resolve(left)?.path !== undefined ? this.#joined([left, right]) : null;
    }
    if (node.type === "identifier") {
      const value = this.#values.get(node.text);
      if (value === undefined || value === null || this.#resolving.has(node.text)) return null;
      this.#resolving.add(node.text);
      try {
        return this.text(value);
      } finally {
        this.#resolving.delete(node.text);
      }
    }
    const call = callOf(node);
    const callee = call === null ? null : this.resolve(call.callee);
    if (call !== null && callee !== null) {
      const rule = ruleFor(this.language, callee.name);
      if (callee.name === "os.path.join" || callee.name === "path.join" || rule?.kind === "path")
        return this.#joined(call.positional);
      const first = call.positional[0];
      // What is compiled is judged where it is run: it is its text.
      if (["str", "compile"].includes(callee.name) && first !== undefined) return this.text(first);
      if (callee.name === "os.getcwd" || callee.name === "process.cwd") return [this.scope.analysis.work];
    }
    return this.resolve(node)?.path ?? null;
  }

  /** Whether the code uses the path objects of Python. */
  usesPathlib(): boolean {
    return [...this.#aliases.values()].some((named) => named?.name.startsWith("pathlib") === true);
  }
}

/** The name of a module however it is written: `node:fs` is `fs`. */
export function moduleName(name: string): string {
  const gi = /^gi:\/\/(\w+)/.exec(name);
  if (gi !== null) return `imports.gi.${gi[1] as string}`;
  return name.replace(/^node:/, "").replace(/^fs\/promises$/, "fs.promises");
}

/** Lua's `require "socket"`: the argument list is the string itself. */
export function stringArgument(call: Call): Node | undefined {
  const list = call.callee.parent?.childForFieldName("arguments");
  if (list === null || list === undefined) return undefined;
  return list.type === "string" ? list : list.namedChildren.find((child) => child.type === "string");
}
