import type { Node } from "web-tree-sitter";
import type { ScriptLanguage } from "./script-rules.js";

export interface Import {
  /** The name in the code. */
  readonly local: string;
  /** What it stands for, such as `os.system`. */
  readonly name: string;
  /** The module that is loaded. */
  readonly module: string;
  readonly at: number;
}

/** Everything that import statements at or below a node bring in. */
export function importsOf(node: Node, language: ScriptLanguage): Import[] {
  if (language === "python") return pythonImports(node);
  return language === "javascript" ? javascriptImports(node) : [];
}

function all(node: Node, types: string[]): Node[] {
  return types.includes(node.type) ? [node] : node.descendantsOfType(types);
}

function pythonImports(node: Node): Import[] {
  const found: Import[] = [];
  for (const statement of all(node, ["import_statement"])) {
    for (const part of statement.childrenForFieldName("name")) {
      const module = (part.childForFieldName("name") ?? part).text;
      const alias = part.childForFieldName("alias")?.text;
      // `import a.b` makes the name `a`.
      if (alias !== undefined) found.push({ local: alias, name: module, module, at: part.startIndex });
      else {
        const first = module.split(".")[0] as string;
        found.push({ local: first, name: first, module, at: part.startIndex });
      }
    }
  }
  for (const statement of all(node, ["import_from_statement", "future_import_statement"])) {
    const module = statement.childForFieldName("module_name")?.text ?? "__future__";
    const names = statement.childrenForFieldName("name");
    for (const part of names) {
      const name = (part.childForFieldName("name") ?? part).text;
      const local = part.childForFieldName("alias")?.text ?? name;
      found.push({ local, name: `${module}.${name}`, module, at: part.startIndex });
    }
    if (names.length === 0) found.push({ local: "*", name: module, module, at: statement.startIndex });
  }
  return found;
}

function javascriptImports(node: Node): Import[] {
  const found: Import[] = [];
  for (const statement of all(node, ["import_statement", "export_statement"])) {
    const source = statement.childForFieldName("source");
    if (source === null) continue;
    const at = statement.startIndex;
    const text = source.text.slice(1, -1);
    const gi = /^gi:\/\/(\w+)/.exec(text);
    const module =
      gi === null
        ? text.replace(/^node:/, "").replace(/^fs\/promises$/, "fs.promises")
        : `imports.gi.${gi[1] as string}`;
    found.push({ local: "(module)", name: module, module, at });
    for (const part of statement.descendantsOfType("import_specifier")) {
      const name = part.childForFieldName("name")?.text ?? "";
      const local = part.childForFieldName("alias")?.text ?? name;
      found.push({ local, name: name === "default" ? module : `${module}.${name}`, module, at });
    }
    for (const clause of statement.descendantsOfType("import_clause")) {
      for (const part of clause.namedChildren) {
        const local =
          part.type === "identifier"
            ? part
            : part.type === "namespace_import"
              ? part.namedChildren[0]
              : undefined;
        if (local !== undefined) found.push({ local: local.text, name: module, module, at });
      }
    }
  }
  return found;
}
