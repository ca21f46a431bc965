import type { Node } from "web-tree-sitter";
import { join, type Value } from "./finding.js";
import { typeName } from "./powershell-types.js";

/** Takes off the layers that the grammar puts around one operand. */
export function bareExpression(node: Node): Node {
  const only = node.namedChildren.filter((child) => child.type !== "comment");
  const wraps =
    /_expression$|^(pipeline|pipeline_chain|statement_list|argument_expression_list)$/.test(node.type) &&
    !/^(cast_expression|invokation_expression|element_access|hash_literal_expression|script_block_expression|sub_expression|expression_with_unary_operator|invokation_foreach_expression)$/.test(
      node.type,
    );
  const [inner] = only;
  return wraps && only.length === 1 && inner !== undefined && inner.type !== "command"
    ? bareExpression(inner)
    : node;
}

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "0": "\0",
  e: "\x1b",
};

/** Takes PowerShell's backticks off. */
export function withoutBackticks(text: string): string {
  return text.replace(/`([^])/g, (_, next: string) => escapes[next] ?? next);
}

/** The text of a literal without anything computed in it; null for every other node. */
export function literalOf(node: Node): string | null {
  const text = node.text;
  switch (node.type) {
    case "string_literal": {
      const inner = node.namedChildren[0];
      return inner === undefined ? null : literalOf(inner);
    }
    case "verbatim_string_characters":
      return text.slice(1, -1).replaceAll("''", "'");
    case "expandable_string_literal":
      return /\$/.test(text.replace(/`[^]/g, ""))
        ? null
        : withoutBackticks(text.slice(1, -1).replaceAll('""', '"'));
    case "verbatim_here_string_characters":
      return /^@'[ \t]*\r?\n([^]*?)\r?\n?'@$/.exec(text)?.[1] ?? null;
    case "expandable_here_string_literal":
      return /[$`]/.test(text) ? null : (/^@"[ \t]*\r?\n([^]*?)\r?\n?"@$/.exec(text)?.[1] ?? null);
    case "generic_token":
    case "command_name":
    case "path_command_name_token":
      return /[$@(){}"']/.test(text.replace(/`[^]/g, "")) ? null : withoutBackticks(text);
    case "integer_literal":
    case "decimal_integer_literal":
      return /^\d+$/.test(text) ? text : null;
    default:
      return null;
  }
}

/** The texts that an expression can have; null when that is not known. `variable` looks an own variable up. */
export function textOfExpression(expression: Node, variable: (name: string) => Value): Value {
  const node = bareExpression(expression);
  const literal = literalOf(node);
  if (literal !== null) return [literal];
  const own = (inner: Node): Value => textOfExpression(inner, variable);
  if (node.type === "variable") return variable(node.text);
  if (/^additive_(argument_)?expression$/.test(node.type)) {
    const [left, right] = node.namedChildren;
    const plus = node.children.some((child) => !child.isNamed && child.text === "+");
    return plus && left !== undefined && right !== undefined ? join(own(left), own(right)) : null;
  }
  if (node.type === "expression_with_unary_operator" && node.text.startsWith("["))
    return node.namedChildren[0] === undefined ? null : own(node.namedChildren[0]);
  if (node.type === "cast_expression") {
    const [type, operand] = node.namedChildren;
    const value = operand === undefined ? null : own(operand);
    if (type === undefined || value === null) return null;
    const name = typeName(type.text);
    if (name === "string") return value;
    return name === "char"
      ? value.map((text) => (/^\d+$/.test(text) ? String.fromCharCode(Number(text)) : text))
      : null;
  }
  return decoded(node, own);
}

/** `[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String("..."))`. */
function decoded(node: Node, own: (inner: Node) => Value): Value {
  if (node.type !== "invokation_expression") return null;
  const outer = /^\[(?:system\.)?text\.encoding\]::(utf8|unicode|ascii)\.getstring\(/i.exec(node.text);
  const list = node.namedChildren.find((child) => child.type === "argument_list");
  const inner = list?.descendantsOfType("invokation_expression")[0];
  if (
    outer === null ||
    inner === undefined ||
    !/^\[(?:system\.)?convert\]::frombase64string\(/i.test(inner.text)
  )
    return null;
  const argument = inner.namedChildren.find((child) => child.type === "argument_list")?.namedChildren[0];
  const encoded = argument === undefined ? null : own(argument);
  if (encoded === null || encoded.some((text) => !/^[A-Za-z0-9+/]+={0,2}$/.test(text))) return null;
  const encoding = (outer[1] as string).toLowerCase() === "unicode" ? "utf16le" : "utf8";
  return encoded.map((text) => Buffer.from(text, "base64").toString(encoding));
}
