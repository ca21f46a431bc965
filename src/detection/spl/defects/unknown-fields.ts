import type { CommandNode, RexCommand } from "../syntax/commands.js";
import type { SearchExpression } from "../syntax/tree.js";
import { rewriteCommand, type Report } from "./rewrite.js";

/** Names that no add-on gives to a field, and the field that is meant. */
const misnamed: Readonly<Record<string, string>> = {
  command_line: "CommandLine",
  commandline: "CommandLine",
  Command_Line: "CommandLine",
  parent_image: "ParentImage",
  parent_command_line: "ParentCommandLine",
  process_image: "Image",
};

/** Fields that no event has and that can be taken out of another one. */
const derived: Readonly<
  Record<string, { readonly from: string; readonly pattern: string; readonly what: string }>
> = {
  script_name: {
    from: "CommandLine",
    pattern: String.raw`(?i)(?<script_name>[^\s"'|;&<>]+\.(?:ps1|psm1|sh|py|rb|js|vbs))(?:[\s"'|;&<>]|$)`,
    what: "the script in the command line",
  },
};

function meantName(name: string, given: ReadonlySet<string>): string | undefined {
  return Object.hasOwn(misnamed, name) && !given.has(name) ? misnamed[name] : undefined;
}

/** The fields that a command names in its conditions and expressions, with their positions. */
function fieldsNamed(node: CommandNode): { name: string; at: number }[] {
  const found: { name: string; at: number }[] = [];
  rewriteCommand(node, {
    search: (leaf) => {
      if (leaf.type === "compare" || leaf.type === "in") found.push({ name: leaf.field, at: leaf.at });
      return leaf;
    },
    expression: (expression) => {
      if (expression.type === "field") found.push({ name: expression.name, at: expression.at });
      return expression;
    },
  });
  return found;
}

function renameIn(node: CommandNode, given: ReadonlySet<string>, tell: Report): CommandNode {
  const told = (name: string, at: number): string | undefined => {
    const meant = meantName(name, given);
    if (meant !== undefined) {
      tell(at, "field-misnamed", `no add-on gives events a field "${name}"`, `write ${meant}`);
    }
    return meant;
  };
  return rewriteCommand(node, {
    search: (leaf: SearchExpression) => {
      if (leaf.type !== "compare" && leaf.type !== "in") return leaf;
      const meant = told(leaf.field, leaf.at);
      return meant === undefined ? leaf : { ...leaf, field: meant };
    },
    expression: (expression) => {
      if (expression.type !== "field") return expression;
      const meant = told(expression.name, expression.at);
      return meant === undefined ? expression : { ...expression, name: meant };
    },
  });
}

/** The command with fields by the names that events have, and before it what takes out the fields that they have not. */
export function knownFields(node: CommandNode, given: ReadonlySet<string>, tell: Report): CommandNode[] {
  const before: RexCommand[] = [];
  for (const { name, at } of fieldsNamed(node)) {
    const source = Object.hasOwn(derived, name) && !given.has(name) ? derived[name] : undefined;
    if (source === undefined || before.some(({ pattern }) => pattern === source.pattern)) continue;
    const { from: field, pattern, what } = source;
    tell(
      at,
      "field-unknown",
      `no add-on gives events a field "${name}"`,
      `take ${what} out with rex field=${field}`,
    );
    before.push({ name: "rex", field, pattern, most: 1, sed: null, at });
  }
  return [...before, renameIn(node, given, tell)];
}
