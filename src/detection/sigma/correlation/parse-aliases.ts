import { isMap, isScalar, type YAMLMap } from "yaml";
import { offsetOf } from "../detection.js";
import type { Findings } from "../findings.js";
import { entry } from "../yaml-file.js";
import type { FieldAlias, RuleReference } from "./tree.js";

/** Reads the aliases of a correlation (specification, "Field Name Aliases"). */
export function readAliases(map: YAMLMap, findings: Findings): FieldAlias[] {
  const found = entry(map, "aliases");
  if (found === null) return [];
  if (!isMap(found.node)) {
    const hint = "for each alias a map of a rule's name to the field in its events";
    findings.error(found.at, "wrong-type", '"aliases" must be a map', hint);
    return [];
  }
  return found.node.items.flatMap(({ key, value }): FieldAlias[] => {
    const at = offsetOf(key, found.at);
    const name = isScalar(key) && typeof key.value === "string" ? key.value : "";
    if (name === "" || !isMap(value) || value.items.length === 0) {
      const hint = "write the alias, and under it each rule's name with the field in its events";
      findings.error(at, "alias-invalid", `the alias "${name}" is no map of rules to fields`, hint);
      return [];
    }
    const fields = value.items.flatMap((pair) => readField(pair.key, pair.value, at, findings));
    return [{ name, position: findings.position(at), fields }];
  });
}

function readField(
  key: unknown,
  value: unknown,
  parent: number,
  findings: Findings,
): { rule: RuleReference; field: string }[] {
  const at = offsetOf(key, parent);
  const rule = isScalar(key) && typeof key.value === "string" ? key.value : "";
  const field = isScalar(value) && typeof value.value === "string" ? value.value : "";
  if (rule !== "" && field !== "") return [{ rule: { text: rule, position: findings.position(at) }, field }];
  findings.error(at, "alias-invalid", "an alias takes a rule's name with the name of one field", "");
  return [];
}
