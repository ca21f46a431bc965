import { isScalar, isSeq, type YAMLMap } from "yaml";
import { offsetOf } from "../detection.js";
import type { Findings } from "../findings.js";
import { didYouMean } from "../text.js";
import { entry } from "../yaml-file.js";
import type { RuleReference } from "./tree.js";

/** Refuses every key but the known ones: these maps have no room for keys of one's own. */
export function refuseUnknown(
  map: YAMLMap,
  known: readonly string[],
  what: string,
  findings: Findings,
): void {
  for (const { key } of map.items) {
    const name = isScalar(key) ? String(key.value) : "";
    if (known.includes(name)) continue;
    const hint = didYouMean(name, known, `known are ${known.join(", ")}`);
    findings.error(offsetOf(key, offsetOf(map, 0)), "unknown-key", `${what} has no "${name}"`, hint);
  }
}

/** A text or a list of texts without repetition; null when the key is absent or refused. */
export function readNames(map: YAMLMap, key: string, what: string, findings: Findings): string[] | null {
  const places = readTexts(map, key, what, findings);
  return places?.map(({ text }) => text) ?? null;
}

function readTexts(
  map: YAMLMap,
  key: string,
  what: string,
  findings: Findings,
): { text: string; at: number }[] | null {
  const found = entry(map, key);
  if (found === null) return null;
  const nodes: readonly unknown[] = isSeq(found.node) ? found.node.items : [found.node];
  if (nodes.length === 0) {
    findings.error(found.at, "wrong-type", `the list "${key}" is empty`, `name at least one ${what}`);
    return null;
  }
  const texts: { text: string; at: number }[] = [];
  for (const node of nodes) {
    const at = offsetOf(node, found.at);
    if (!isScalar(node) || typeof node.value !== "string" || node.value.trim() === "") {
      findings.error(at, "wrong-type", `"${key}" takes a ${what} or a list of them, each a text`, "");
    } else if (texts.some(({ text }) => text === node.value)) {
      findings.error(at, "name-repeated", `"${node.value}" stands in "${key}" twice`, "remove one");
    } else texts.push({ text: node.value, at });
  }
  return texts.length === nodes.length ? texts : null;
}

/** The references under `rules`; null when there are none, or they are refused. */
export function readReferences(map: YAMLMap, findings: Findings): RuleReference[] | null {
  const texts = readTexts(map, "rules", "rule's id or name", findings);
  return texts?.map(({ text, at }) => ({ text, position: findings.position(at) })) ?? null;
}
