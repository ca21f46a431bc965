import type { Expression } from "../syntax/expression.js";
import type { SearchExpression } from "../syntax/tree.js";
import type { Report, Rewrite } from "./rewrite.js";

/** Fields in which every sensor writes a whole path. */
const pathFields: ReadonlySet<string> = new Set([
  ...["Image", "ParentImage", "ImageLoaded", "SourceImage", "TargetImage", "exe"],
  ...["NewProcessName", "New_Process_Name", "ParentProcessName", "Creator_Process_Name"],
  ...["process_path", "parent_process_path"],
]);
const windowsEnding = /\.(?:exe|dll|com|bat|cmd|scr|sys|ocx|cpl)$/i;

/** Whether a value is a bare name, which no whole path equals. */
function isBare(value: string): boolean {
  return value !== "" && !/[*/\\]/.test(value);
}

/** What a bare name is evidently meant to find: the file of that name, in any folder. `*` is any text. */
function meantPaths(name: string): string[] {
  return windowsEnding.test(name) ? [`*\\${name}`] : [`*/${name}`, `*\\${name}.exe`];
}

function report(found: readonly string[], field: string, at: number, tell: Report): void {
  const [first] = found;
  if (first === undefined) return;
  const paths = meantPaths(first).map((path) => `"${path.replaceAll("\\", "\\\\")}"`);
  tell(
    at,
    "path-missing",
    `${field} holds a whole path, which never equals ${found.map((name) => `"${name}"`).join(", ")}`,
    `write ${paths.join(" or ")}${found.length > 1 ? ", and so on" : ""}`,
  );
}

function repairLeaf(leaf: SearchExpression, tell: Report): SearchExpression {
  if (leaf.type === "in") {
    const bare = leaf.values.filter(isBare);
    report(bare, leaf.field, leaf.at, tell);
    if (bare.length === 0) return leaf;
    return { ...leaf, values: leaf.values.flatMap((value) => (isBare(value) ? meantPaths(value) : [value])) };
  }
  if (leaf.type !== "compare" || !["=", "!="].includes(leaf.operator) || !isBare(leaf.value)) return leaf;
  report([leaf.value], leaf.field, leaf.at, tell);
  const [path = "", ...others] = meantPaths(leaf.value);
  if (others.length === 0) return { ...leaf, value: path };
  if (leaf.operator === "=") return { type: "in", field: leaf.field, values: [path, ...others], at: leaf.at };
  // None of the paths: `!=` needs the field, so NOT alone would take more.
  return { type: "and", operands: [path, ...others].map((value) => ({ ...leaf, value })) };
}

/** `like` with the paths of a name, without regard to case, as Windows has it. */
function likePaths(field: Expression & { type: "field" }, name: string): Expression {
  const { at } = field;
  const tests = meantPaths(name.toLowerCase()).map((path): Expression => {
    const lower: Expression = { type: "call", name: "lower", arguments: [field], at };
    const pattern: Expression = { type: "string", value: path.replace("*", "%"), at };
    return { type: "call", name: "like", arguments: [lower, pattern], at };
  });
  return tests.reduce((left, right) => ({ type: "binary", operator: "OR", left, right, at }));
}

function repairExpression(expression: Expression, written: ReadonlySet<string>, tell: Report): Expression {
  if (expression.type !== "binary" || !["=", "!="].includes(expression.operator)) return expression;
  const { left, right, at } = expression;
  if (left.type !== "field" || right.type !== "string" || !isBare(right.value)) return expression;
  if (!pathFields.has(left.name) || written.has(left.name)) return expression;
  report([right.value], left.name, at, tell);
  const test = likePaths(left, right.value);
  return expression.operator === "=" ? test : { type: "not", operand: test, at };
}

/** Gives names of programs without a folder the folder that they lack. */
export function fullPaths(written: ReadonlySet<string>, tell: Report): Rewrite {
  return {
    search: (leaf) => {
      const named = leaf.type === "in" || leaf.type === "compare";
      return named && pathFields.has(leaf.field) && !written.has(leaf.field) ? repairLeaf(leaf, tell) : leaf;
    },
    expression: (expression) => repairExpression(expression, written, tell),
  };
}
