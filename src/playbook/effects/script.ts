import type { Node } from "web-tree-sitter";
import { join, need, type Scope, type Value } from "./finding.js";
import { absolutePaths, isCredential } from "./paths.js";
import { applyRule } from "./script-effects.js";
import { importsOf } from "./script-imports.js";
import { powerfulVariables } from "./programs.js";
import { holdsValues, isNamespace, pathMethods, ruleFor, type ScriptLanguage } from "./script-rules.js";
import { bare, callOf, declarations, literalText, memberOf, type Call } from "./script-syntax.js";

/** What an expression stands for: a global or a member of a module, by its full name. */
export interface Named {
  readonly name: string;
  /** For the path objects of Python: the path. */
  readonly path?: Value;
}

/** Analyses Python, JavaScript or Lua. */
export function analyseScript(scope: Scope, language: ScriptLanguage, root: Node, stdin: Value): void {
  new ScriptWalk(scope, language, root, stdin).walk(root);
}

/** Members that every object has and that lead to everything else. */
const powerfulMembers: Readonly<Record<ScriptLanguage, RegExp>> = {
  python:
    /^__(?!name__$|file__$|doc__$|version__$|init__$|main__$|str__$|repr__$|len__$|enter__$|exit__$)\w+__$|^(f_globals|f_builtins|gi_frame|tb_frame|func_globals|cr_frame|f_back|f_locals)$/,
  javascript: /^(constructor|__proto__|__defineGetter__|__lookupGetter__|mainModule)$/,
  lua: /^__(index|gc|call|newindex)$/,
};

export class ScriptWalk {
  readonly scope: Scope;
  readonly language: ScriptLanguage;
  readonly root: Node;
  /** What commands that the code starts may read: nothing, or what is not known. */
  readonly stdin: Value;
  /** Names that stand for modules or their members. */
  readonly #aliases = new Map<string, Named | null>();
  readonly #values = new Map<string, Node | null>();
  readonly #resolving = new Set<string>();

  constructor(scope: Scope, language: ScriptLanguage, root: Node, stdin: Value) {
    this.scope = scope;
    this.stdin = stdin?.length === 1 && stdin[0] === "" ? stdin : null;
    this.language = language;
    this.root = root;
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
      this.#property(key);
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

  /** Visits a node and everything below it. */
  walk(node: Node): void {
    if (node.type === "comment") return;
    if (/^import_(from_)?statement$|^future_import_statement$|^export_statement$/.test(node.type)) {
      this.#imported(node);
      if (node.type !== "export_statement") return;
    }
    this.#literal(node);
    this.#property(node);
    this.#environment(node);
    const call = callOf(node);
    if (call !== null) {
      this.#call(node, call);
      return;
    }
    const member = memberOf(node);
    if (member !== null || this.#isReference(node)) {
      this.#reference(node);
      if (member === null) return;
      if (this.resolve(bare(member.object)) === null) this.walk(member.object);
      if (member.index !== null) this.walk(member.index);
      return;
    }
    // Declarations and destructuring of modules were followed before.
    for (const child of node.namedChildren) if (!this.#isAliasDeclaration(node, child)) this.walk(child);
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
    if (own && (rule === null || rule.kind === "harmless")) return null;
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
      if (callee.name === "str" && first !== undefined) return this.text(first);
      if (callee.name === "os.getcwd" || callee.name === "process.cwd") return [this.scope.analysis.work];
    }
    return this.resolve(node)?.path ?? null;
  }

  #call(node: Node, call: Call): void {
    const at = node.startIndex;
    const callee = this.resolve(call.callee);
    const member = memberOf(bare(call.callee));
    if (callee === null) {
      this.#method(call, member?.name ?? null, at);
      this.walk(call.callee);
    } else if (callee.path !== undefined && callee.name.startsWith("path().")) {
      this.#pathMethod(call, callee.name.slice("path().".length), callee.path, at);
    } else if (this.#imports(callee.name)) this.#loaded(callee.name, call, at);
    else if (callee.name === "getattr") this.#getattr(call, at);
    else {
      const rule = ruleFor(this.language, callee.name);
      if (rule === null) need(this.scope, "computed-code", `${callee.name} is not known to be harmless`, at);
      else applyRule(this, callee.name, rule, call, at);
      if (member?.index !== undefined && member.index !== null) this.walk(member.index);
    }
    const list = node.childForFieldName("arguments");
    if (list !== null)
      for (const argument of list.type === "string" ? [list] : list.namedChildren) this.walk(argument);
  }

  #imports(name: string): boolean {
    return [
      "require",
      "__import__",
      "importlib.import_module",
      "import",
      "process.getBuiltinModule",
    ].includes(name);
  }

  #loaded(how: string, call: Call, at: number): void {
    const argument = call.positional[0] ?? stringArgument(call);
    const names = argument === undefined ? null : this.text(argument);
    if (names === null) need(this.scope, "computed-code", `${how} loads a module whose name is computed`, at);
    else for (const name of names) this.#module(moduleName(name), at);
  }

  #getattr(call: Call, at: number): void {
    const [object, name] = call.positional;
    const named = object === undefined ? null : this.resolve(object);
    const names = name === undefined ? null : this.text(name);
    if (names === null)
      need(this.scope, "computed-code", "getattr takes a member whose name is computed", at);
    else if (named !== null) for (const one of names) this.#use(`${named.name}.${one}`, at);
    else if (names.some((one) => powerfulMembers[this.language].test(one)))
      this.#powerful(names[0] ?? "", at);
  }

  /** A module that is loaded: a file of the procedure, a known module, or neither. */
  #module(name: string, at: number): void {
    const { files, executed } = this.scope.analysis;
    const python = this.language === "python";
    const first = python ? (name.split(".")[0] ?? name) : name;
    // Python looks into the current folder first: a file of that name is read in the module's place.
    if (python) for (const file of [first, `${first}.py`]) executed.push({ name: file, at: this.scope.at ?? at });
    const rule = ruleFor(this.language, name);
    const known = rule !== null || isNamespace(this.language, name);
    const own = [first, `${first}.py`, `${first}.lua`, `${first}.js`].map((path) => path.replace(/^\.\//, ""));
    const file = python || !known ? own.find((path) => files.has(path)) : undefined;
    if (file !== undefined) {
      executed.push({ name: file, at: this.scope.at ?? at });
      this.scope.nested(this.language, this.scope.program, files.get(file) ?? "", at, null);
    } else if (!known) need(this.scope, "computed-code", `the module ${name} is not known to be harmless`, at);
    if (rule?.kind === "effect") need(this.scope, rule.effect, `the module ${name} is loaded`, at);
    if (rule?.kind === "computed") {
      need(this.scope, "computed-code", `the module ${name} is loaded, which can run anything`, at);
    }
  }

  #imported(node: Node): void {
    for (const { name, module, at } of importsOf(node, this.language)) {
      this.#module(module, at);
      if (name !== module && ruleFor(this.language, name) === null && !isNamespace(this.language, name)) {
        need(this.scope, "computed-code", `${name} is not known to be harmless`, at);
      }
    }
    if (
      /\*/.test(node.text) &&
      this.language === "python" &&
      node.descendantsOfType("wildcard_import").length > 0
    ) {
      need(
        this.scope,
        "computed-code",
        "everything of a module is imported, so names are not known",
        node.startIndex,
      );
    }
  }

  /** A method of a value of the code itself. */
  #method(call: Call, name: string | null, at: number): void {
    if (name === null) return;
    if (this.language === "javascript" && (name === "unref" || name === "disconnect")) {
      need(this.scope, "background-process", `${name} lets a process outlive its parent`, at);
    }
    if (this.language !== "python") return;
    const what = pathMethods.get(name);
    const pathLike =
      what !== undefined && !(["rename", "glob", "open"].includes(name) && !this.#usesPathlib());
    if (pathLike) this.#pathMethod(call, name, null, at);
  }

  #usesPathlib(): boolean {
    return [...this.#aliases.values()].some((named) => named?.name.startsWith("pathlib") === true);
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

  #isReference(node: Node): boolean {
    if (node.type !== "identifier" && node.type !== "shorthand_property_identifier") return false;
    const { parent } = node;
    if (parent === null) return true;
    const declared = [
      "parameters",
      "lambda_parameters",
      "formal_parameters",
      "function_definition",
      "function_declaration",
      "class_definition",
      "keyword_argument",
      "global_statement",
      "nonlocal_statement",
      "default_parameter",
      "typed_parameter",
    ];
    const name = parent.childForFieldName("name");
    if (parent.type === "field" && name?.id === node.id) return false;
    return !(declared.includes(parent.type) && (name === null || name.id === node.id));
  }

  /** A name that is used without being called: handing a function on is as good as calling it with anything. */
  #reference(node: Node): void {
    const member = memberOf(node);
    const at = node.startIndex;
    const property = member?.name ?? null;
    const index = member?.index === undefined || member.index === null ? null : this.text(member.index);
    for (const name of property !== null ? [property] : (index ?? [])) {
      if (powerfulMembers[this.language].test(name)) this.#powerful(name, at);
    }
    const named = this.resolve(node);
    if (named === null) {
      const holder = member === null ? null : this.resolve(member.object);
      const computedIndex =
        member?.subscript === true && member.index !== null && index === null && holder === null;
      if (computedIndex && this.language === "javascript" && !this.#isNumeric(member.index)) {
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
    const rule = ruleFor(this.language, name);
    if (rule?.kind === "harmless") {
      // A module as a value of its own would be lost sight of.
      const holder =
        isNamespace(this.language, name) &&
        ![
          "sys.stdout",
          "sys.stderr",
          "sys.stdin",
          "process.stdout",
          "process.stderr",
          "process.env",
          "process.argv",
          "io.stdout",
          "io.stderr",
          "os.environ",
          "string",
          "table",
          "math",
          "String",
          "Number",
          "Array",
          "Date",
          "Promise",
          "Buffer",
          "Symbol",
          "str",
          "bytes",
          "dict",
        ].includes(name);
      const values = [
        "sys.argv",
        "sys.version",
        "sys.platform",
        "os.name",
        "os.path",
        "process.versions",
        "process.version",
        "process.platform",
        "process.hrtime",
        "fs.constants",
        "sys.version_info",
        "module.exports",
        "os.uname",
        "process.stdin",
        "io.stdin",
        "sys.flags",
        "sys.implementation",
        "AbortSignal",
      ];
      if (holder && !values.includes(name))
        need(this.scope, "computed-code", `the module ${name} is handed on`, at);
      return;
    }
    if (rule?.kind === "effect") need(this.scope, rule.effect, `${name} is used`, at);
    else if (rule === null) need(this.scope, "computed-code", `${name} is not known to be harmless`, at);
    else
      need(this.scope, "computed-code", `${name} is handed on, so what it is called with is not known`, at);
  }

  /** Powerful members that are named without a dot: in patterns and in object literals. */
  #property(node: Node): void {
    const types = ["property_identifier", "shorthand_property_identifier_pattern"];
    if (!types.includes(node.type) || node.parent?.type === "method_definition") return;
    if (powerfulMembers[this.language].test(node.text)) this.#powerful(node.text, node.startIndex);
  }

  /** `os.environ["PATH"] = ...` and `process.env.PATH = ...` change what later commands mean. */
  #environment(node: Node): void {
    if (node.type !== "assignment" && node.type !== "assignment_expression") return;
    const left = node.childForFieldName("left");
    const member = left === null ? null : memberOf(left);
    const object = member === null ? null : this.resolve(member.object);
    if (member === null || !["os.environ", "process.env"].includes(object?.name ?? "")) return;
    const names = member.index === null ? [member.name ?? ""] : this.text(member.index);
    if (names === null || names.some((name) => powerfulVariables.has(name))) {
      need(this.scope, "computed-code", "a variable is set that changes what commands mean", node.startIndex);
    }
  }

  #powerful(name: string, at: number): void {
    need(this.scope, "computed-code", `the member ${name} leads to everything else`, at);
  }

  /** An index that is a number whatever happens. */
  #isNumeric(index: Node): boolean {
    const node = bare(index);
    if (node.type === "number" || node.type === "update_expression" || node.type === "unary_expression")
      return true;
    if (node.type === "member_expression") return node.childForFieldName("property")?.text === "length";
    if (node.type === "binary_expression") {
      const operator = node.children.find((child) => !child.isNamed)?.type ?? "";
      if (["-", "*", "/", "%", "|", "&", "^", "<<", ">>", ">>>"].includes(operator)) return true;
      const sides = [node.childForFieldName("left"), node.childForFieldName("right")];
      return operator === "+" && sides.every((side) => side !== null && this.#isNumeric(side));
    }
    if (node.type !== "identifier") return false;
    const own = declarations(this.root, this.language).filter(([name]) => name === node.text);
    return (
      own.some(([, value]) => value !== null) &&
      own.every(([, value]) => value === null || bare(value).type === "number") &&
      !this.#isParameter(node.text)
    );
  }

  #isParameter(name: string): boolean {
    const places = this.root.descendantsOfType([
      "formal_parameters",
      "for_in_statement",
      "catch_clause",
      "object_pattern",
      "array_pattern",
    ]);
    return places.some((place) =>
      place
        .descendantsOfType(["identifier", "shorthand_property_identifier_pattern"])
        .some((node) => node.text === name && node.parent?.type !== "statement_block"),
    );
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
      return child.type === "identifier" || (child.type === "object_pattern" && value !== null && this.resolve(value) !== null);
    }
    if (value?.id !== child.id) return false;
    const named = this.resolve(child);
    if (named === null || named.path !== undefined) return false;
    const plain = target === null || target.type === "identifier" || target.type === "object_pattern";
    if (!plain || callOf(bare(child)) !== null) return false;
    const rule = ruleFor(this.language, named.name);
    return isNamespace(this.language, named.name) && (rule === null || rule.kind === "harmless");
  }

  /** Credentials by name, wherever a text stands. */
  #literal(node: Node): void {
    const text = literalText(node, this.language);
    if (text === null || text.length > 400 || !/[/.]/.test(text)) return;
    if (absolutePaths(this.scope, text).some((path) => isCredential(path, false))) {
      need(this.scope, "credentials", `the code names ${text}`, node.startIndex);
    }
  }
}

function moduleName(name: string): string {
  const gi = /^gi:\/\/(\w+)/.exec(name);
  if (gi !== null) return `imports.gi.${gi[1] as string}`;
  return name.replace(/^node:/, "").replace(/^fs\/promises$/, "fs.promises");
}

/** Lua's `require "socket"`: the argument list is the string itself. */
function stringArgument(call: Call): Node | undefined {
  const list = call.callee.parent?.childForFieldName("arguments");
  if (list === null || list === undefined) return undefined;
  return list.type === "string" ? list : list.namedChildren.find((child) => child.type === "string");
}
