import type { Node } from "web-tree-sitter";
import { need, type Scope } from "./finding.js";
import type { ScriptLanguage } from "./script-rules.js";
import { bare, declarations } from "./script-syntax.js";

/** Members that every object has and that lead to everything else. */
const powerfulMembers: Readonly<Record<ScriptLanguage, RegExp>> = {
  python:
    /^__(?!name__$|file__$|doc__$|version__$|init__$|main__$|str__$|repr__$|len__$|enter__$|exit__$)\w+__$|^(f_globals|f_builtins|gi_frame|tb_frame|func_globals|cr_frame|f_back|f_locals)$/,
  javascript: /^(constructor|__proto__|__defineGetter__|__lookupGetter__|mainModule)$/,
  lua: /^__(index|gc|call|newindex)$/,
};

/** Records a member that leads to everything else, by its name. */
export function checkMember(scope: Scope, language: ScriptLanguage, name: string, at: number): void {
  if (powerfulMembers[language].test(name)) {
    need(scope, "computed-code", `the member ${name} leads to everything else`, at);
  }
}

/** Records powerful members that are named without a dot: in patterns and in object literals. */
export function checkProperty(scope: Scope, language: ScriptLanguage, node: Node): void {
  const types = ["property_identifier", "shorthand_property_identifier_pattern"];
  if (!types.includes(node.type) || node.parent?.type === "method_definition") return;
  checkMember(scope, language, node.text, node.startIndex);
}

/** Whether a node is a name that is used, and not one that is declared or that labels something. */
export function isReference(node: Node): boolean {
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

/** An index that is a number whatever happens. */
export function isNumeric(index: Node, root: Node, language: ScriptLanguage): boolean {
  const node = bare(index);
  if (node.type === "number" || node.type === "update_expression" || node.type === "unary_expression")
    return true;
  if (node.type === "member_expression") return node.childForFieldName("property")?.text === "length";
  if (node.type === "binary_expression") {
    const operator = node.children.find((child) => !child.isNamed)?.type ?? "";
    if (["-", "*", "/", "%", "|", "&", "^", "<<", ">>", ">>>"].includes(operator)) return true;
    const sides = [node.childForFieldName("left"), node.childForFieldName("right")];
    return operator === "+" && sides.every((side) => side !== null && isNumeric(side, root, language));
  }
  if (node.type !== "identifier") return false;
  const own = declarations(root, language).filter(([name]) => name === node.text);
  return (
    own.some(([, value]) => value !== null) &&
    own.every(([, value]) => value === null || bare(value).type === "number") &&
    !isParameter(node.text, root)
  );
}

function isParameter(name: string, root: Node): boolean {
  const places = root.descendantsOfType([
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
