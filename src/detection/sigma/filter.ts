import { isMap, isScalar, isSeq, type YAMLMap } from "yaml";
import type { Position } from "../../errors.js";
import type { Condition } from "./condition.js";
import { readReferences } from "./correlation/parse-names.js";
import type { RuleReference } from "./correlation/tree.js";
import { readSelections } from "./detection-section.js";
import { offsetOf } from "./detection.js";
import type { Findings } from "./findings.js";
import type { ParseOptions } from "./parse.js";
import { checkKeys, readHead, readLogsource } from "./rule-head.js";
import { itemsOf, type Search, type SigmaRule } from "./rule-tree.js";
import { entry } from "./yaml-file.js";

/** A filter as read from its document (specification, "Sigma Filters"). Its condition is ANDed to that of the rules. */
export interface FilterTree {
  readonly id: string | null;
  readonly name: string | null;
  readonly title: string;
  readonly logsource: SigmaRule["logsource"];
  /** Null: every rule of the log source. */
  readonly rules: readonly RuleReference[] | null;
  readonly searches: ReadonlyMap<string, Search>;
  readonly condition: Condition;
  /** Where the filter section starts. */
  readonly position: Position;
}

const topKeys = [
  ...["title", "id", "name", "status", "description", "author", "references", "date", "modified", "taxonomy"],
  ...["related", "license", "logsource", "filter", "falsepositives", "level", "tags"],
];

/** Reads a document that is a filter; null when the findings say why not. */
export function readFilter(
  root: YAMLMap,
  text: string,
  findings: Findings,
  options: ParseOptions,
): FilterTree | null {
  checkKeys(root, topKeys, findings);
  const head = readHead(root, "filter", findings);
  const detection = entry(root, "detection");
  if (detection !== null) {
    const hint = "write the selections and the condition under filter";
    findings.error(detection.keyAt, "filter-mixed", 'a filter has no "detection"', hint);
  }
  const logsource = readLogsource(root, "filter", findings);
  const found = entry(root, "filter");
  if (found === null || !isMap(found.node)) {
    const hint = "rules, selections and a condition";
    findings.error(found?.at ?? 0, "wrong-type", '"filter" must be a map', hint);
    return null;
  }
  const rules = readRules(found.node, found.keyAt, findings);
  const section = { root, map: found.node, start: offsetOf(found.node, found.keyAt), text };
  const condition = entry(found.node, "condition");
  if (isSeq(condition?.node)) {
    findings.error(condition.at, "wrong-type", "a filter has one condition, not a list", "join them with or");
    return null;
  }
  const placeholders = options.placeholders ?? {};
  const selections = readSelections(section, ["rules"], { findings, placeholders });
  if (head.title === null || logsource === null || rules === undefined || selections === null) return null;
  if (!excludes(selections.condition, selections.searches)) {
    const hint = 'to leave events out write "not" before the selection';
    const message = "the rules will match only events that meet this filter: its condition is added with and";
    findings.warn(condition?.at ?? found.keyAt, "filter-keeps-only", message, hint);
  }
  const { id, name, title } = head;
  return { id, name, title, logsource, rules, ...selections, position: findings.position(found.keyAt) };
}

/** Undefined when it is refused. */
function readRules(map: YAMLMap, at: number, findings: Findings): FilterTree["rules"] | undefined {
  const found = entry(map, "rules");
  if (found === null) {
    const hint = "list the ids or names of the rules, or write any for every rule of the log source";
    findings.error(at, "missing-rules", "the filter names no rules", hint);
    return undefined;
  }
  if (isScalar(found.node) && String(found.node.value).toLowerCase() === "any") return null;
  return readReferences(map, findings) ?? undefined;
}

/** Whether the filter can leave events out as its author must mean it: there is a negation somewhere. */
function excludes(condition: Condition, searches: ReadonlyMap<string, Search>): boolean {
  if (condition.type === "not") return true;
  if (condition.type === "and" || condition.type === "or")
    return condition.operands.some((operand) => excludes(operand, searches));
  return [...searches.values()].some((search) => itemsOf(search).some(({ negated }) => negated));
}
