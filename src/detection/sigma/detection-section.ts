import { isMap, isScalar, isSeq, type YAMLMap } from "yaml";
import {
  AggregationProblem,
  ConditionProblem,
  leavesOf,
  namesOf,
  parseCondition,
  type Condition,
} from "./condition.js";
import { replacementHint } from "./correlation/replacement.js";
import { offsetOf, readSearch, type DetectionContext } from "./detection.js";
import type { Findings } from "./findings.js";
import type { Search } from "./rule-tree.js";
import { didYouMean, nearestWord } from "./text.js";
import { entry } from "./yaml-file.js";

/** A detection section: its selections by name, and its condition. */
export interface DetectionSection {
  readonly searches: ReadonlyMap<string, Search>;
  readonly condition: Condition;
}

/** Reads the detection section of a rule; null when there is none to go on with. */
export function readDetection(
  root: YAMLMap,
  text: string,
  findings: Findings,
  placeholders: Readonly<Record<string, readonly string[]>>,
): DetectionSection | null {
  const found = entry(root, "detection");
  if (found === null) {
    findings.error(offsetOf(root, 0), "missing-detection", "the rule has no detection", "");
    return null;
  }
  if (!isMap(found.node)) {
    findings.error(found.at, "wrong-type", '"detection" must be a map with selections and a condition', "");
    return null;
  }
  return readSelections({ root, map: found.node, start: offsetOf(found.node, found.keyAt), text }, [], {
    findings,
    placeholders,
  });
}

/** A map of selections with their condition: that of a rule's `detection` or of a `filter`. */
export interface SelectionMap {
  /** The document that the map stands in. */
  readonly root: YAMLMap;
  readonly map: YAMLMap;
  readonly start: number;
  readonly text: string;
}

/** Reads selections and their condition; `otherKeys` are keys of the map that are neither. */
export function readSelections(
  section: SelectionMap,
  otherKeys: readonly string[],
  context: DetectionContext,
): DetectionSection | null {
  const { findings } = context;
  const searches = new Map<string, Search>();
  const places = new Map<string, number>();
  for (const pair of section.map.items) {
    const at = offsetOf(pair.key, section.start);
    if (!isScalar(pair.key) || pair.key.value === null) {
      findings.error(at, "wrong-type", "expected the name of a selection", "");
      continue;
    }
    const name = String(pair.key.value);
    if (name === "condition" || otherKeys.includes(name)) continue;
    if (name === "timeframe") {
      const hint =
        "a time window belongs to a correlation: keep the condition, and give the correlation a timespan";
      findings.error(at, "timeframe-unsupported", '"timeframe" was removed from Sigma with version 2', hint);
      continue;
    }
    places.set(name, at);
    const search = readSearch(pair.value, at, context);
    if (search !== null) searches.set(name, search);
  }
  const condition = readCondition(section, places, findings);
  return condition === null ? null : { searches, condition };
}

function readCondition(
  { root, map, start, text }: SelectionMap,
  places: ReadonlyMap<string, number>,
  findings: Findings,
): Condition | null {
  const found = entry(map, "condition");
  if (found === null) {
    const slip = nearestWord("condition", [...places.keys()]);
    findings.error(
      start,
      "missing-condition",
      "the detection has no condition",
      slip === null ? "" : `is "${slip}" meant?`,
    );
    return null;
  }
  const nodes: readonly unknown[] = isSeq(found.node) ? found.node.items : [found.node];
  const used = new Set<string>();
  const conditions = nodes.flatMap((node) => {
    const at = offsetOf(node, found.at);
    if (!isScalar(node) || typeof node.value !== "string" || node.value.trim() === "") {
      findings.error(at, "wrong-type", "a condition is a text, or a list of texts of which any may hold", "");
      return [];
    }
    // Positions inside the condition are exact when the text stands as written, which quotes and folds change.
    const source = node.value;
    const inner = text.indexOf(source, at);
    const base = inner !== -1 && inner <= at + 1 ? inner : null;
    const place = (offset: number): number => (base === null ? at : base + offset);
    try {
      const condition = parseCondition(source);
      checkNames(condition, place, places, used, findings);
      return [condition];
    } catch (thrown) {
      if (!(thrown instanceof ConditionProblem)) throw thrown;
      const hint = thrown instanceof AggregationProblem ? replacementHint(root, map, thrown) : thrown.hint;
      findings.error(place(thrown.at), thrown.code, thrown.message, hint);
      return [];
    }
  });
  if (nodes.length === 0)
    findings.error(found.at, "missing-condition", "the list of conditions is empty", "");
  if (conditions.length !== nodes.length || conditions.length === 0) return null;
  for (const [name, at] of places) {
    if (used.has(name)) continue;
    findings.warn(
      at,
      "selection-unused",
      `the condition does not use "${name}"`,
      "remove it or add it to the condition",
    );
  }
  const [first] = conditions;
  return conditions.length === 1 && first !== undefined ? first : { type: "or", operands: conditions };
}

function checkNames(
  condition: Condition,
  place: (offset: number) => number,
  places: ReadonlyMap<string, number>,
  used: Set<string>,
  findings: Findings,
): void {
  const known = `the detection has ${[...places.keys()].join(", ") || "no selections"}`;
  for (const leaf of leavesOf(condition)) {
    if (leaf.type === "identifier") {
      used.add(leaf.name);
      if (places.has(leaf.name)) continue;
      const hint = didYouMean(leaf.name, places.keys(), known);
      findings.error(place(leaf.at), "unknown-identifier", `the detection has no "${leaf.name}"`, hint);
    } else {
      const names = namesOf(leaf.pattern, places.keys());
      for (const name of names) used.add(name);
      if (names.length > 0) continue;
      const hint = didYouMean(leaf.pattern.replaceAll("*", ""), places.keys(), known);
      findings.error(
        place(leaf.at),
        "pattern-matches-nothing",
        `no selection is named by "${leaf.pattern}"`,
        hint,
      );
    }
  }
}
