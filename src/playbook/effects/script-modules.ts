import type { Node } from "web-tree-sitter";
import { need } from "./finding.js";
import type { Reader } from "./script-effects.js";
import { importsOf } from "./script-imports.js";
import { moduleName, stringArgument } from "./script-names.js";
import { isNamespace, ruleFor } from "./script-rules.js";
import type { Call } from "./script-syntax.js";

const loaders: ReadonlySet<string> = new Set([
  "require",
  "__import__",
  "importlib.import_module",
  "import",
  "process.getBuiltinModule",
]);

/** Whether a function loads the module that its argument names. */
export function loadsModule(name: string): boolean {
  return loaders.has(name);
}

/** A call that loads a module. */
export function loadCall(reader: Reader, how: string, call: Call, at: number): void {
  const argument = call.positional[0] ?? stringArgument(call);
  const names = argument === undefined ? null : reader.text(argument);
  if (names === null) need(reader.scope, "computed-code", `${how} loads a module whose name is computed`, at);
  else for (const name of names) loadModule(reader, moduleName(name), at);
}

/** A module that is loaded: a file of the procedure, a known module, or neither. */
function loadModule(reader: Reader, name: string, at: number): void {
  const address = reader.language === "javascript" ? /^data:text\/javascript,([^]*)$/.exec(name) : null;
  if (address !== null) {
    reader.scope.nested("javascript", reader.scope.program, decoded(address[1] ?? ""), at, null);
    return;
  }
  const { files, executed } = reader.scope.analysis;
  const python = reader.language === "python";
  const first = python ? (name.split(".")[0] ?? name) : name;
  // Python looks into the current folder first: a file of that name is read in the module's place.
  if (python)
    for (const file of [first, `${first}.py`]) executed.push({ name: file, at: reader.scope.at ?? at });
  const rule = ruleFor(reader.language, name);
  const known = rule !== null || isNamespace(reader.language, name);
  const own = [first, `${first}.py`, `${first}.lua`, `${first}.js`].map((path) => path.replace(/^\.\//, ""));
  const file = python || !known ? own.find((path) => files.has(path)) : undefined;
  if (file !== undefined) {
    executed.push({ name: file, at: reader.scope.at ?? at });
    reader.scope.nested(reader.language, reader.scope.program, files.get(file) ?? "", at, null);
  } else if (!known)
    need(reader.scope, "unknown-command", `the module ${name} is not known to be harmless`, at);
  if (rule?.kind === "effect") need(reader.scope, rule.effect, `the module ${name} is loaded`, at);
  if (rule?.kind === "computed") {
    need(reader.scope, "computed-code", `the module ${name} is loaded, which can run anything`, at);
  }
}

/** Code in an address; as it stands there where it is not encoded as addresses are, so that it is still read. */
function decoded(code: string): string {
  try {
    return decodeURIComponent(code);
  } catch {
    return code;
  }
}

/** Import statements. */
export function loadImports(reader: Reader, node: Node): void {
  for (const { name, module, at } of importsOf(node, reader.language)) {
    loadModule(reader, module, at);
    if (name !== module && ruleFor(reader.language, name) === null && !isNamespace(reader.language, name)) {
      need(reader.scope, "unknown-command", `${name} is not known to be harmless`, at);
    }
  }
  if (
    /\*/.test(node.text) &&
    reader.language === "python" &&
    node.descendantsOfType("wildcard_import").length > 0
  ) {
    need(
      reader.scope,
      "computed-code",
      "everything of a module is imported, so names are not known",
      node.startIndex,
    );
  }
}
