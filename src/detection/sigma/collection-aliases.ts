import type { Diagnostic, Position } from "../../errors.js";
import type { DocumentIndex, Entered } from "./collection-index.js";
import type { CorrelationTree, FieldAlias } from "./correlation/tree.js";

/** For each alias of a correlation the field of each of its rules, in their order; undefined where it names none. */
export interface ResolvedAliases {
  readonly fields: ReadonlyMap<string, readonly (string | undefined)[]>;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Resolves the rules that aliases are for. `rules` and `aliases` may name a rule differently, one by id and one by name.
 * `targets` are the rules of the correlation in their order.
 */
export function resolveAliases(
  tree: CorrelationTree,
  targets: readonly Entered[],
  index: DocumentIndex,
): ResolvedAliases {
  const diagnostics: Diagnostic[] = [];
  const resolved = tree.aliases.map((alias) => {
    const fields = fieldsOf(alias, targets, index, diagnostics);
    for (const [place, reference] of tree.rules.entries()) {
      if (fields[place] !== undefined) continue;
      const message = `the alias "${alias.name}" names no field of "${reference.text}"`;
      const hint = `in events of "${reference.text}" the field "${alias.name}" itself is read: add the rule to the alias if the field has another name there`;
      diagnostics.push(found("warning", alias.position, "alias-incomplete", message, hint));
    }
    return [alias.name, fields] as const;
  });
  return { fields: new Map(resolved), diagnostics };
}

function fieldsOf(
  alias: FieldAlias,
  targets: readonly Entered[],
  index: DocumentIndex,
  diagnostics: Diagnostic[],
): (string | undefined)[] {
  const fields = targets.map((): string | undefined => undefined);
  for (const { rule, field } of alias.fields) {
    const named = index.find(rule);
    const place = targets.findIndex((target) => named.includes(target));
    if (place === -1) {
      const message = `the alias "${alias.name}" is for "${rule.text}", which is no rule of the correlation`;
      const hint = "use a reference that stands under rules";
      diagnostics.push(
        named.length === 0
          ? index.missing(rule, "error")
          : found("error", rule.position, "alias-invalid", message, hint),
      );
    } else if (fields[place] !== undefined) {
      const message = `the alias "${alias.name}" is twice for the same rule`;
      diagnostics.push(found("error", rule.position, "alias-invalid", message, "keep one"));
    } else fields[place] = field;
  }
  return fields;
}

function found(
  severity: Diagnostic["severity"],
  position: Position,
  code: string,
  message: string,
  hint: string,
): Diagnostic {
  return { ...position, severity, code, message, hint };
}
