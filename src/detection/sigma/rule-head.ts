import { isMap, isScalar, isSeq, type YAMLMap } from "yaml";
import { offsetOf } from "./detection.js";
import type { Findings } from "./findings.js";
import type { Level, SigmaRule } from "./rule-tree.js";
import { didYouMean, nearestWord } from "./text.js";
import { entry, textOf } from "./yaml-file.js";

/** What every kind of Sigma document says of itself: rules, correlations and filters. */
export interface RuleHead {
  readonly id: string | null;
  readonly name: string | null;
  /** Null when it is refused. */
  readonly title: string | null;
  readonly level: Level;
  readonly tags: readonly string[];
}

const levels: readonly Level[] = ["informational", "low", "medium", "high", "critical"];
const statuses = ["stable", "test", "experimental", "deprecated", "unsupported"];
/** Keys of real rules that are near a known key and right all the same. */
const otherKeys = [
  "reference",
  "references",
  "enrichment",
  "simulation",
  "regression_tests_path",
  "modifier",
];
const logsourceKeys = ["product", "category", "service", "definition"];

/** Refuses keys that are almost a known one: others are allowed by the specification, but these are slips that change the rule. */
export function checkKeys(map: YAMLMap, known: readonly string[], findings: Findings): void {
  for (const { key } of map.items) {
    const at = offsetOf(key, 0);
    if (!isScalar(key) || typeof key.value !== "string") {
      findings.error(at, "wrong-type", "expected a key", "");
      continue;
    }
    if (known.includes(key.value) || otherKeys.includes(key.value)) continue;
    const nearest = key.value.length < 4 ? null : nearestWord(key.value, known);
    if (nearest !== null)
      findings.error(at, "unknown-key", `unknown key "${key.value}"`, `did you mean "${nearest}"?`);
  }
}

/** Reads id, name, title, level and tags; `what` is how messages call the document. */
export function readHead(root: YAMLMap, what: string, findings: Findings): RuleHead {
  const start = offsetOf(root, 0);
  if (entry(root, "title") === null) findings.error(start, "missing-title", `the ${what} has no title`, "");
  const title = textOf(root, "title", findings);
  const level = readLevel(root, findings);
  checkStatus(root, findings);
  const tags = readTags(root, findings);
  const id = textOf(root, "id", findings);
  return { id, name: textOf(root, "name", findings), title, level, tags };
}

function checkStatus(root: YAMLMap, findings: Findings): void {
  const status = entry(root, "status");
  if (status === null || (isScalar(status.node) && statuses.includes(String(status.node.value)))) return;
  const word = isScalar(status.node) ? String(status.node.value) : "";
  findings.warn(
    status.at,
    "unknown-status",
    "unknown status",
    didYouMean(word, statuses, `one of ${statuses.join(", ")}`),
  );
}

function readLevel(root: YAMLMap, findings: Findings): Level {
  const text = textOf(root, "level", findings);
  const level = levels.find((name) => name === text);
  if (text !== null && level === undefined) {
    const at = entry(root, "level")?.at ?? 0;
    findings.error(
      at,
      "unknown-level",
      `unknown level "${text}"`,
      didYouMean(text, levels, `one of ${levels.join(", ")}`),
    );
  }
  return level ?? "informational";
}

function readTags(root: YAMLMap, findings: Findings): string[] {
  const found = entry(root, "tags");
  if (found === null || (isScalar(found.node) && found.node.value === null)) return [];
  if (!isSeq(found.node)) {
    findings.error(found.at, "wrong-type", '"tags" must be a list of texts', "");
    return [];
  }
  return found.node.items.flatMap((item) => {
    if (isScalar(item) && typeof item.value === "string") return [item.value];
    findings.error(
      offsetOf(item, found.at),
      "wrong-type",
      "a tag must be a text such as attack.t1059.004",
      "",
    );
    return [];
  });
}

/** Reads the log source of a rule or filter; null when it is refused. */
export function readLogsource(
  root: YAMLMap,
  what: string,
  findings: Findings,
): SigmaRule["logsource"] | null {
  const found = entry(root, "logsource");
  if (found === null) {
    findings.error(
      offsetOf(root, 0),
      "missing-logsource",
      `the ${what} has no logsource`,
      "add at least a product or a category",
    );
    return null;
  }
  const { node } = found;
  if (!isMap(node)) {
    findings.error(found.at, "wrong-type", '"logsource" must be a map with product, category or service', "");
    return null;
  }
  checkKeys(node, logsourceKeys, findings);
  const read = (key: string): string | null => textOf(node, key, findings);
  const logsource = { product: read("product"), category: read("category"), service: read("service") };
  if (logsource.product === null && logsource.category === null && logsource.service === null) {
    findings.error(found.at, "missing-logsource", "the logsource names no product, category or service", "");
    return null;
  }
  return logsource;
}
