import { isMap, isScalar, isSeq, LineCounter, type YAMLMap } from "yaml";
import type { Diagnostic } from "../../errors.js";
import { readDetection } from "./detection-section.js";
import { offsetOf } from "./detection.js";
import { Findings } from "./findings.js";
import type { Level, SigmaRule } from "./rule-tree.js";
import { didYouMean, nearestWord } from "./text.js";
import { entry, readYamlMap, textOf } from "./yaml-file.js";

export interface ParseOptions {
  /** Values of placeholders (`%name%` with the modifier `expand`). A rule with others is refused. */
  readonly placeholders?: Readonly<Record<string, readonly string[]>>;
}

export interface ParseResult {
  readonly rule: SigmaRule | null;
  readonly diagnostics: readonly Diagnostic[];
}

const levels: readonly Level[] = ["informational", "low", "medium", "high", "critical"];
const statuses = ["stable", "test", "experimental", "deprecated", "unsupported"];
const topKeys = [
  ...[
    "title",
    "id",
    "name",
    "related",
    "taxonomy",
    "status",
    "description",
    "license",
    "references",
    "author",
    "date",
  ],
  ...["modified", "logsource", "detection", "fields", "falsepositives", "level", "tags", "scope"],
  ...["correlation", "filter"],
];
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

/** Reads one Sigma rule. Never throws on a text, whatever it holds; what is not understood is refused with its position. */
export function parseSigma(text: string, file: string, options: ParseOptions = {}): ParseResult {
  const lines = new LineCounter();
  const findings = new Findings(file, lines);
  const root = readYamlMap(text, findings, lines);
  const rule = root === null ? null : readRule(root, text, findings, options);
  return { rule: findings.failed ? null : rule, diagnostics: findings.list() };
}

function checkKeys(map: YAMLMap, known: readonly string[], findings: Findings): void {
  for (const { key } of map.items) {
    const at = offsetOf(key, 0);
    if (!isScalar(key) || typeof key.value !== "string") {
      findings.error(at, "wrong-type", "expected a key", "");
      continue;
    }
    if (known.includes(key.value) || otherKeys.includes(key.value)) continue;
    // Other keys are allowed by the specification, but one that is almost a known key is a slip that changes the rule.
    const nearest = key.value.length < 4 ? null : nearestWord(key.value, known);
    if (nearest !== null)
      findings.error(at, "unknown-key", `unknown key "${key.value}"`, `did you mean "${nearest}"?`);
  }
}

function readRule(root: YAMLMap, text: string, findings: Findings, options: ParseOptions): SigmaRule | null {
  for (const key of ["correlation", "filter"] as const) {
    const found = entry(root, key);
    if (found === null) continue;
    const message =
      key === "correlation" ? "correlation rules are not evaluated yet" : "filters are not evaluated yet";
    findings.error(found.keyAt, `${key}-unsupported`, message, "");
    return null;
  }
  const action = entry(root, "action");
  if (action !== null) {
    findings.error(
      action.keyAt,
      "action-unsupported",
      '"action" was removed from Sigma',
      "write each rule out",
    );
    return null;
  }
  checkKeys(root, topKeys, findings);
  const start = offsetOf(root, 0);
  if (entry(root, "title") === null) findings.error(start, "missing-title", "the rule has no title", "");
  const title = textOf(root, "title", findings);
  const logsource = readLogsource(root, start, findings);
  const detection = readDetection(root, start, text, findings, options.placeholders ?? {});
  const level = readLevel(root, findings);
  const status = entry(root, "status");
  if (status !== null && !(isScalar(status.node) && statuses.includes(String(status.node.value)))) {
    const word = isScalar(status.node) ? String(status.node.value) : "";
    findings.warn(
      status.at,
      "unknown-status",
      "unknown status",
      didYouMean(word, statuses, `one of ${statuses.join(", ")}`),
    );
  }
  const tags = readTags(root, findings);
  const id = textOf(root, "id", findings);
  if (title === null || logsource === null || detection === null) return null;
  return { id, title, level, tags, logsource, ...detection };
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

function readLogsource(root: YAMLMap, start: number, findings: Findings): SigmaRule["logsource"] | null {
  const found = entry(root, "logsource");
  if (found === null) {
    findings.error(
      start,
      "missing-logsource",
      "the rule has no logsource",
      "add at least a product or a category",
    );
    return null;
  }
  if (!isMap(found.node)) {
    findings.error(found.at, "wrong-type", '"logsource" must be a map with product, category or service', "");
    return null;
  }
  checkKeys(found.node, logsourceKeys, findings);
  const read = (key: string): string | null => textOf(found.node as YAMLMap, key, findings);
  const logsource = { product: read("product"), category: read("category"), service: read("service") };
  if (logsource.product === null && logsource.category === null && logsource.service === null) {
    findings.error(found.at, "missing-logsource", "the logsource names no product, category or service", "");
    return null;
  }
  return logsource;
}
