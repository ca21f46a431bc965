import { isMap, isScalar, type YAMLMap } from "yaml";
import type { Findings } from "../findings.js";
import { checkKeys, readHead } from "../rule-head.js";
import { didYouMean } from "../text.js";
import { entry } from "../yaml-file.js";
import { readBounds, readExpression, warnAboutReach } from "./parse-condition.js";
import { readAliases } from "./parse-aliases.js";
import { readNames, readReferences, refuseUnknown } from "./parse-names.js";
import { correlationTypes, type CorrelationTree } from "./tree.js";

const topKeys = [
  ...["title", "id", "name", "status", "description", "author", "references", "date", "modified", "taxonomy"],
  ...["related", "license", "correlation", "falsepositives", "level", "tags", "fields", "scope", "generate"],
];
const sectionKeys = ["type", "rules", "aliases", "group-by", "timespan", "condition", "generate"];
const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads a document that is a correlation; null when the findings say why not (specification, "Correlation section"). */
export function readCorrelation(root: YAMLMap, text: string, findings: Findings): CorrelationTree | null {
  checkKeys(root, topKeys, findings);
  const head = readHead(root, "correlation", findings);
  for (const key of ["detection", "logsource"]) {
    const found = entry(root, key);
    if (found === null) continue;
    const hint = "write the rule over events as a document of its own, and name it under rules";
    findings.error(found.keyAt, "correlation-mixed", `a correlation has no "${key}"`, hint);
  }
  const found = entry(root, "correlation");
  if (found === null || !isMap(found.node)) {
    findings.error(found?.at ?? 0, "wrong-type", '"correlation" must be a map', "");
    return null;
  }
  refuseUnknown(found.node, sectionKeys, "a correlation", findings);
  const type = readType(found.node, found.keyAt, findings);
  const timespan = readTimespan(found.node, found.keyAt, findings);
  const generate = readGenerate(root, found.node, findings);
  const groupBy = readNames(found.node, "group-by", "field", findings) ?? [];
  const listed = readReferences(found.node, findings);
  const aliases = readAliases(found.node, findings);
  if (type === null) return null;
  const section = { map: found.node, at: found.keyAt, type, text };
  const conditionNode = entry(found.node, "condition");
  const condition =
    isScalar(conditionNode?.node) && typeof conditionNode.node.value === "string"
      ? readExpression(section, listed, findings)
      : readBounds(section, listed, findings);
  const rules = condition?.rules ?? listed;
  if (rules === null && condition !== null && entry(found.node, "rules") === null)
    findings.error(found.keyAt, "missing-rules", "the correlation names no rules", "list them under rules");
  if (head.title === null || timespan === null || condition === null || rules === null) return null;
  warnAboutUnused(aliases, [...groupBy, ...condition.fields], findings, found.at);
  const tree: CorrelationTree = {
    ...head,
    title: head.title,
    position: findings.position(found.keyAt),
    type,
    rules,
    groupBy,
    aliases,
    ...timespan,
    condition: condition.condition,
    fields: condition.fields,
    percentile: condition.percentile,
    generate,
  };
  warnAboutReach(tree, conditionNode?.at ?? found.keyAt, findings);
  return tree;
}

function readType(map: YAMLMap, start: number, findings: Findings): CorrelationTree["type"] | null {
  const found = entry(map, "type");
  if (found === null) {
    const hint = `one of ${correlationTypes.join(", ")}`;
    findings.error(start, "correlation-type", "the correlation has no type", hint);
    return null;
  }
  const text = isScalar(found.node) ? String(found.node.value) : "";
  const type = correlationTypes.find((name) => name === text);
  if (type === undefined) {
    const hint = didYouMean(text, correlationTypes, `one of ${correlationTypes.join(", ")}`);
    findings.error(found.at, "correlation-type", `unknown type of correlation "${text}"`, hint);
    return null;
  }
  return type;
}

function readTimespan(
  map: YAMLMap,
  start: number,
  findings: Findings,
): { timespan: number; timespanText: string } | null {
  const found = entry(map, "timespan");
  if (found === null) {
    const hint = "how near to each other the events must be, such as 5m";
    findings.error(start, "timespan", "the correlation has no timespan", hint);
    return null;
  }
  const text = isScalar(found.node) ? String(found.node.value) : "";
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  const timespan = Number(match?.[1]) * (units[match?.[2] ?? ""] ?? NaN);
  if (match !== null && timespan > 0) return { timespan, timespanText: text };
  const weeks = /^(\d{1,9})w$/.exec(text)?.[1];
  const hint =
    weeks === undefined
      ? "a whole number above 0 and s, m, h or d in lower case: 1h30 is 90m"
      : `weeks are written in days: ${Number(weeks) * 7}d`;
  findings.error(found.at, "timespan", `"${text}" is no timespan`, hint);
  return null;
}

function readGenerate(root: YAMLMap, map: YAMLMap, findings: Findings): boolean {
  // The specification and its schema have the key at the top, pySigma in the section.
  const values = [entry(root, "generate"), entry(map, "generate")].flatMap((found) => {
    if (found === null) return [];
    if (isScalar(found.node) && typeof found.node.value === "boolean") return [found.node.value];
    findings.error(found.at, "wrong-type", '"generate" must be true or false', "");
    return [];
  });
  if (values.includes(true) && values.includes(false)) {
    const at = entry(map, "generate")?.at ?? 0;
    findings.error(at, "generate-contradictory", '"generate" is given twice, with two answers', "keep one");
  }
  return values.includes(true);
}

function warnAboutUnused(
  aliases: CorrelationTree["aliases"],
  used: readonly string[],
  findings: Findings,
  at: number,
): void {
  for (const { name } of aliases) {
    if (used.includes(name)) continue;
    const hint = "name it under group-by, or remove it, unless a correlation that reads this one asks for it";
    findings.warn(at, "alias-unused", `this correlation does not use its alias "${name}"`, hint);
  }
}
