import type { Node } from "web-tree-sitter";
import { unescapeScript } from "./script-text.js";
import type { ScriptLanguage } from "./script-rules.js";

export interface Call {
  readonly callee: Node;
  /** Positional arguments. */
  readonly positional: readonly Node[];
  /** Keyword arguments (Python) and the properties of object literals (JavaScript). */
  readonly named: ReadonlyMap<string, Node>;
  /** Arguments that stand for several (`*args`, `...args`). */
  readonly spread: boolean;
}

export interface Member {
  readonly object: Node;
  /** The name when it is written out. */
  readonly name: string | null;
  /** The expression when it is not. */
  readonly index: Node | null;
  /** `a[b]`: an index, not a name. */
  readonly subscript: boolean;
}

const callTypes = new Set(["call", "call_expression", "new_expression", "function_call"]);

/** A call, in any of the languages. */
export function callOf(node: Node): Call | null {
  if (!callTypes.has(node.type)) return null;
  const callee =
    node.childForFieldName("function") ??
    node.childForFieldName("constructor") ??
    node.childForFieldName("name");
  if (callee === null) return null;
  const list = node.childForFieldName("arguments");
  const named = new Map<string, Node>();
  const positional: Node[] = [];
  let spread = false;
  const given = list === null || list.type === "string" ? [] : list.namedChildren;
  for (const argument of given.filter(({ type }) => type !== "comment")) {
    if (argument.type === "keyword_argument") {
      const value = argument.childForFieldName("value");
      if (value !== null) named.set(argument.childForFieldName("name")?.text ?? "", value);
    } else if (
      ["list_splat", "dictionary_splat", "spread_element", "vararg_expression"].includes(argument.type)
    )
      spread = true;
    else positional.push(argument);
    if (argument.type === "object") {
      for (const pair of argument.namedChildren) {
        const key = pair.childForFieldName("key")?.text.replace(/^["']|["']$/g, "") ?? pair.text;
        named.set(key, pair.childForFieldName("value") ?? pair);
      }
    }
  }
  return { callee, positional, named, spread };
}

/** `a.b`, `a["b"]`, `a:b`, in any of the languages. */
export function memberOf(node: Node): Member | null {
  const field = (name: string): Node | null => node.childForFieldName(name);
  switch (node.type) {
    case "attribute":
      return member(field("object"), field("attribute")?.text ?? null, null, false);
    case "member_expression":
      return member(field("object"), field("property")?.text ?? null, null, false);
    case "dot_index_expression":
      return member(field("table"), field("field")?.text ?? null, null, false);
    case "method_index_expression":
      return member(field("table"), field("method")?.text ?? null, null, false);
    case "subscript":
      return member(field("value"), null, field("subscript"), true);
    case "subscript_expression":
      return member(field("object"), null, field("index"), true);
    case "bracket_index_expression":
      return member(field("table"), null, field("field"), true);
    default:
      return null;
  }
}

function member(
  object: Node | null,
  name: string | null,
  index: Node | null,
  subscript: boolean,
): Member | null {
  return object === null ? null : { object, name, index, subscript };
}

/** Takes parentheses and the like off an expression. */
export function bare(node: Node): Node {
  const wraps = [
    "parenthesized_expression",
    "await_expression",
    "await",
    "expression_list",
    "non_null_expression",
  ];
  const inner = node.namedChildren[0];
  return wraps.includes(node.type) && inner !== undefined && node.namedChildCount === 1 ? bare(inner) : node;
}

/** The text of a string literal without anything computed in it; null for every other node. */
export function literalText(node: Node, language: ScriptLanguage): string | null {
  if (node.type === "template_string") {
    if (node.namedChildren.some((child) => child.type === "template_substitution")) return null;
    return unescapeScript(node.text.slice(1, -1), language);
  }
  if (node.type !== "string") return null;
  if (language === "python") {
    if (node.namedChildren.some((child) => child.type === "interpolation")) return null;
    const start = node.namedChildren.find((child) => child.type === "string_start")?.text ?? '"';
    const end = node.namedChildren.find((child) => child.type === "string_end")?.text ?? '"';
    const inner = node.text.slice(start.length, node.text.length - end.length);
    const prefix = start.replace(/["']/g, "").toLowerCase();
    if (prefix.includes("r")) return inner;
    const text = prefix.includes("f") ? inner.replaceAll("{{", "{").replaceAll("}}", "}") : inner;
    return unescapeScript(text, language);
  }
  const long = /^\[(=*)\[\r?\n?([^]*)\]\1\]$/.exec(node.text);
  if (language === "lua" && long !== null) return long[2] ?? "";
  return unescapeScript(node.text.slice(1, -1), language);
}

/** Names that code declares, with the expression that each is given; null for what is not followed. */
export function declarations(root: Node, language: ScriptLanguage): [string, Node | null][] {
  const found: [string, Node | null][] = [];
  const names = (node: Node | null): void => {
    if (node === null) return;
    const types = ["identifier", "shorthand_property_identifier_pattern"];
    for (const name of types.includes(node.type) ? [node] : node.descendantsOfType(types))
      found.push([name.text, null]);
  };
  const pair = (left: Node | null, right: Node | null): void => {
    if (left?.type === "identifier") found.push([left.text, right]);
    else if (left !== null && memberOf(left) === null) names(left);
  };
  if (language === "python") {
    for (const node of root.descendantsOfType(["assignment", "named_expression"])) {
      pair(
        node.childForFieldName("left") ?? node.childForFieldName("name"),
        node.childForFieldName("right") ?? node.childForFieldName("value"),
      );
    }
    for (const node of root.descendantsOfType(["augmented_assignment", "for_statement", "for_in_clause"]))
      names(node.childForFieldName("left"));
    for (const node of root.descendantsOfType([
      "parameters",
      "lambda_parameters",
      "as_pattern_target",
      "global_statement",
      "nonlocal_statement",
      "case_pattern",
    ]))
      names(node);
    for (const node of root.descendantsOfType(["function_definition", "class_definition"]))
      names(node.childForFieldName("name"));
  } else if (language === "javascript") {
    for (const node of root.descendantsOfType("variable_declarator"))
      pair(node.childForFieldName("name"), node.childForFieldName("value"));
    for (const node of root.descendantsOfType("assignment_expression"))
      pair(node.childForFieldName("left"), node.childForFieldName("right"));
    for (const node of root.descendantsOfType(["augmented_assignment_expression", "for_in_statement"]))
      names(node.childForFieldName("left"));
    for (const node of root.descendantsOfType("update_expression")) names(node.childForFieldName("argument"));
    for (const node of root.descendantsOfType(["formal_parameters"])) names(node);
    for (const node of root.descendantsOfType(["arrow_function", "catch_clause"]))
      names(node.childForFieldName("parameter"));
    for (const node of root.descendantsOfType([
      "function_declaration",
      "function_expression",
      "class_declaration",
      "class",
      "generator_function_declaration",
    ]))
      names(node.childForFieldName("name"));
  } else {
    for (const node of root.descendantsOfType("assignment_statement")) {
      const left = node.namedChildren.find((child) => child.type === "variable_list")?.namedChildren ?? [];
      const right = node.namedChildren.find((child) => child.type === "expression_list")?.namedChildren ?? [];
      left.forEach((name, index) => pair(name, right[index] ?? null));
    }
    for (const node of root.descendantsOfType("variable_declaration")) {
      if (node.descendantsOfType("assignment_statement").length === 0) names(node);
    }
    for (const node of root.descendantsOfType(["parameters", "for_generic_clause"]))
      names(node.namedChildren[0] ?? null);
    for (const node of root.descendantsOfType("parameters")) names(node);
    for (const node of root.descendantsOfType("for_generic_clause")) names(node.namedChildren[0] ?? null);
    for (const node of root.descendantsOfType("for_numeric_clause")) names(node.childForFieldName("name"));
    for (const node of root.descendantsOfType("function_declaration"))
      pair(node.childForFieldName("name"), null);
  }
  return found;
}
