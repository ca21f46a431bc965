import type { Node } from "web-tree-sitter";
import { need, type Scope, type Value } from "./finding.js";
import { namesCredential } from "./paths.js";
import { powerfulVariables } from "./programs.js";
import { applyRule, extracts, type Reader } from "./script-effects.js";
import { checkMember, checkProperty, isNumeric, isReference } from "./script-members.js";
import { loadCall, loadImports, loadsModule } from "./script-modules.js";
import { ScriptNames } from "./script-names.js";
import { isNamespace, pathMethods, ruleFor, type ScriptLanguage } from "./script-rules.js";
import { bare, callOf, literalText, memberOf, type Call } from "./script-syntax.js";

/** Analyses Python, JavaScript or Lua. */
export function analyseScript(scope: Scope, language: ScriptLanguage, root: Node, stdin: Value): void {
  new ScriptWalk(scope, language, root, stdin).walk(root);
}

/** Names with harmless members that may be handed on: nothing else is reached through them. */
const plainValues: ReadonlySet<string> = new Set(
  `sys.stdout sys.stderr sys.stdin process.stdout process.stderr process.env process.argv io.stdout io.stderr os.environ string table math String Number Array Date Promise Buffer Symbol str bytes dict sys.argv sys.version sys.platform os.name os.path process.versions process.version process.platform process.hrtime fs.constants sys.version_info module.exports os.uname process.stdin io.stdin sys.flags sys.implementation AbortSignal`.split(
    /\s+/,
  ),
);

class ScriptWalk implements Reader {
  readonly scope: Scope;
  readonly language: ScriptLanguage;
  readonly root: Node;
  /** What commands that the code starts may read: nothing, or what is not known. */
  readonly stdin: Value;
  readonly #names: ScriptNames;

  constructor(scope: Scope, language: ScriptLanguage, root: Node, stdin: Value) {
    this.scope = scope;
    this.language = language;
    this.root = root;
    this.stdin = stdin?.length === 1 && stdin[0] === "" ? stdin : null;
    this.#names = new ScriptNames(scope, language, root);
  }

  text(expression: Node): Value {
    return this.#names.text(expression);
  }

  /** Visits a node and everything below it. */
  walk(node: Node): void {
    if (node.type === "comment") return;
    if (/^import_(from_)?statement$|^future_import_statement$|^export_statement$/.test(node.type)) {
      loadImports(this, node);
      if (node.type !== "export_statement") return;
    }
    this.#literal(node);
    checkProperty(this.scope, this.language, node);
    this.#environment(node);
    const call = callOf(node);
    if (call !== null) {
      this.#call(node, call);
      return;
    }
    const member = memberOf(node);
    if (member !== null || isReference(node)) {
      this.#reference(node);
      if (member === null) return;
      if (this.#names.resolve(bare(member.object)) === null) this.walk(member.object);
      if (member.index !== null) this.walk(member.index);
      return;
    }
    // Declarations and destructuring of modules were followed before.
    for (const child of node.namedChildren) if (!this.#isAliasDeclaration(node, child)) this.walk(child);
  }

  #call(node: Node, call: Call): void {
    const at = node.startIndex;
    const callee = this.#names.resolve(call.callee);
    const member = memberOf(bare(call.callee));
    if (callee === null) {
      this.#method(call, member?.name ?? null, at);
      this.walk(call.callee);
    } else if (callee.path !== undefined && callee.name.startsWith("path().")) {
      this.#pathMethod(call, callee.name.slice("path().".length), callee.path, at);
    } else if (loadsModule(callee.name)) loadCall(this, callee.name, call, at);
    else if (callee.name === "getattr") this.#getattr(call, at);
    else {
      this.#checkMembers(callee.name, at);
      const rule = ruleFor(this.language, callee.name);
      if (rule === null)
        need(this.scope, "unknown-command", `${callee.name} is not known to be harmless`, at);
      else applyRule(this, callee.name, rule, call, at);
      if (member?.index !== undefined && member.index !== null) this.walk(member.index);
    }
    const list = node.childForFieldName("arguments");
    if (list !== null)
      for (const argument of list.type === "string" ? [list] : list.namedChildren) this.walk(argument);
  }

  #checkMembers(name: string, at: number): void {
    for (const member of name.split(".").slice(1)) checkMember(this.scope, this.language, member, at);
  }

  #getattr(call: Call, at: number): void {
    const [object, name] = call.positional;
    const named = object === undefined ? null : this.#names.resolve(object);
    const names = name === undefined ? null : this.text(name);
    if (names === null)
      need(this.scope, "computed-code", "getattr takes a member whose name is computed", at);
    else if (named !== null) for (const one of names) this.#use(`${named.name}.${one}`, at);
    else for (const one of names) checkMember(this.scope, this.language, one, at);
  }

  /** A method of a value of the code itself. */
  #method(call: Call, name: string | null, at: number): void {
    if (name === null) return;
    if (this.language === "javascript" && (name === "unref" || name === "disconnect")) {
      need(this.scope, "background-process", `${name} lets a process outlive its parent`, at);
    }
    if (this.language !== "python") return;
    if (name === "extract" || name === "extractall") extracts(this, name, call, at);
    const what = pathMethods.get(name);
    const pathLike =
      what !== undefined && !(["rename", "glob", "open"].includes(name) && !this.#names.usesPathlib());
    if (pathLike) this.#pathMethod(call, name, null, at);
  }

  #pathMethod(call: Call, name: string, path: Value, at: number): void {
    const what = pathMethods.get(name);
    const first = { kind: "files", reads: [], writes: [], changes: [], removes: [] } as const;
    if (what === undefined) {
      if (name === "replace" && path !== null)
        applyRule(this, "Path.replace", { ...first, removes: [-1] }, call, at, path);
      return;
    }
    if (what === "opens") applyRule(this, "Path.open", { kind: "open", path: -1, mode: 0 }, call, at, path);
    else applyRule(this, `Path.${name}`, { ...first, [what]: [-1] }, call, at, path);
    const target = call.positional[0];
    if (name === "rename" && target !== undefined)
      applyRule(this, "Path.rename", { ...first, writes: [0] }, call, at);
  }

  /** A name that is used without being called: handing a function on is as good as calling it with anything. */
  #reference(node: Node): void {
    const member = memberOf(node);
    const at = node.startIndex;
    const property = member?.name ?? null;
    const index = member?.index === undefined || member.index === null ? null : this.text(member.index);
    for (const name of property !== null ? [property] : (index ?? [])) {
      checkMember(this.scope, this.language, name, at);
    }
    const named = this.#names.resolve(node);
    if (named === null) {
      const holder = member === null ? null : this.#names.resolve(member.object);
      const computedIndex =
        member?.subscript === true && member.index !== null && index === null && holder === null;
      if (
        computedIndex &&
        this.language === "javascript" &&
        !isNumeric(member.index, this.root, this.language)
      ) {
        need(this.scope, "computed-code", "a member is taken whose name is computed", at);
      }
      return;
    }
    if (named.name.startsWith("path()")) return;
    if (named.name.endsWith(".(computed)")) {
      need(
        this.scope,
        "computed-code",
        `a member of ${named.name.slice(0, -11)} is taken whose name is computed`,
        at,
      );
      return;
    }
    this.#use(named.name, at);
  }

  #use(name: string, at: number): void {
    this.#checkMembers(name, at);
    const rule = ruleFor(this.language, name);
    if (rule?.kind === "harmless") {
      // A module as a value of its own would be lost sight of.
      if (isNamespace(this.language, name) && !plainValues.has(name))
        need(this.scope, "computed-code", `the module ${name} is handed on`, at);
      return;
    }
    if (rule?.kind === "effect") need(this.scope, rule.effect, `${name} is used`, at);
    else if (rule === null) need(this.scope, "unknown-command", `${name} is not known to be harmless`, at);
    else
      need(this.scope, "computed-code", `${name} is handed on, so what it is called with is not known`, at);
  }

  /** `os.environ["PATH"] = ...` and `process.env.PATH = ...` change what later commands mean. */
  #environment(node: Node): void {
    if (node.type !== "assignment" && node.type !== "assignment_expression") return;
    const left = node.childForFieldName("left");
    const member = left === null ? null : memberOf(left);
    const object = member === null ? null : this.#names.resolve(member.object);
    if (member === null || !["os.environ", "process.env"].includes(object?.name ?? "")) return;
    const names = member.index === null ? [member.name ?? ""] : this.text(member.index);
    if (names === null || names.some((name) => powerfulVariables.has(name))) {
      need(this.scope, "computed-code", "a variable is set that changes what commands mean", node.startIndex);
    }
  }

  /** The name and the value of `local s = require("socket")`: an alias, not a module that is handed on. */
  #isAliasDeclaration(node: Node, child: Node): boolean {
    if (
      ![
        "assignment",
        "variable_declarator",
        "assignment_expression",
        "assignment_statement",
        "expression_list",
      ].includes(node.type)
    )
      return false;
    if (node.type === "assignment_statement")
      return (
        child.type === "variable_list" &&
        child.descendantsOfType(["dot_index_expression", "bracket_index_expression"]).length === 0
      );
    const statement = node.type === "expression_list" ? node.parent : node;
    if (node.type === "expression_list" && statement?.type !== "assignment_statement") return false;
    const value =
      node.type === "expression_list"
        ? child
        : (node.childForFieldName("right") ?? node.childForFieldName("value"));
    const target = node.childForFieldName("left") ?? node.childForFieldName("name");
    if (target?.id === child.id) {
      // A pattern over a module was followed before; any other may hold code of its own.
      return (
        child.type === "identifier" ||
        (child.type === "object_pattern" && value !== null && this.#names.resolve(value) !== null)
      );
    }
    if (value?.id !== child.id) return false;
    const named = this.#names.resolve(child);
    if (named === null || named.path !== undefined) return false;
    const plain = target === null || target.type === "identifier" || target.type === "object_pattern";
    if (!plain || callOf(bare(child)) !== null) return false;
    const rule = ruleFor(this.language, named.name);
    return isNamespace(this.language, named.name) && (rule === null || rule.kind === "harmless");
  }

  /** Credentials by name, wherever a text stands. */
  #literal(node: Node): void {
    const text = literalText(node, this.language);
    if (text === null || text.length > 400 || !/[/\\.]/.test(text)) return;
    if (namesCredential(this.scope, text)) {
      need(this.scope, "credentials", `the code names ${text}`, node.startIndex);
    }
  }
}
