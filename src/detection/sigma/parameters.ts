import { isMap, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import { offsetOf } from "./detection.js";
import type { Findings } from "./findings.js";
import { entry } from "./yaml-file.js";

const hint = "write a name with a list of texts, such as `temporary_folders: [/tmp/, /var/tmp/]`";

/**
 * A rule's tunable parameters: lists of values by name, under the key `parameters` of ours. They are what the rule's placeholders
 * (`%name%` with the modifier `expand`) stand for where nobody gives them other values.
 */
export function readParameters(root: YAMLMap, findings: Findings): Record<string, readonly string[]> {
  const found = entry(root, "parameters");
  if (found === null) return {};
  if (!isMap(found.node)) {
    findings.error(found.at, "wrong-type", '"parameters" must be a map', hint);
    return {};
  }
  return Object.fromEntries(
    found.node.items.flatMap(({ key, value }) => {
      const name = isScalar(key) && typeof key.value === "string" ? key.value : null;
      const values = textsOf(value as Node | null);
      if (name !== null && values !== null) return [[name, values]];
      findings.error(offsetOf(key, found.at), "wrong-type", "a parameter must be a list of texts", hint);
      return [];
    }),
  );
}

function textsOf(node: Node | null): readonly string[] | null {
  if (!isSeq(node) || node.items.length === 0) return null;
  const values = node.items.map((item) => (isScalar(item) ? item.value : null));
  return values.every((value) => typeof value === "string") ? values : null;
}
