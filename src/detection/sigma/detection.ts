import { isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from "yaml";
import { didYouMean } from "./text.js";
import type { Findings } from "./findings.js";
import { applyModifiers, modifiers as knownModifiers } from "./modifiers/index.js";
import { parsePattern } from "./pattern.js";
import { compileRegex, RegexProblem } from "../regex/index.js";
import type { Item, ItemValue, Search } from "./rule-tree.js";
import { ModifierProblem, type ItemFlags, type RuleValue } from "./values.js";

/** What the reading of a detection section needs to know. */
export interface DetectionContext {
  readonly findings: Findings;
  readonly placeholders: Readonly<Record<string, readonly string[]>>;
}

const mostValues = 20_000;

/** Offset of a node in the text; that of its parent when it has none (an empty value). */
export function offsetOf(node: unknown, parent: number): number {
  return isScalar(node) || isMap(node) || isSeq(node) ? (node.range?.[0] ?? parent) : parent;
}

/** Reads what stands behind a search identifier. Null when it is refused; the findings say why. */
export function readSearch(node: unknown, at: number, context: DetectionContext): Search | null {
  const { findings } = context;
  if (isMap(node)) return readMap(node, context);
  if (isSeq(node)) {
    if (node.items.length === 0) {
      findings.error(offsetOf(node, at), "detection-empty", "the list is empty", "give at least one value");
      return null;
    }
    if (node.items.every((item) => isScalar(item))) {
      return asSearch(readItem("", node.items, offsetOf(node, at), context));
    }
    const alternatives = node.items.map((item) => {
      const place = offsetOf(item, offsetOf(node, at));
      if (isMap(item)) return readMap(item, context);
      if (isScalar(item)) return asSearch(readItem("", [item], place, context));
      findings.error(place, "wrong-type", "expected a map of fields or a text in this list", "");
      return null;
    });
    return alternatives.includes(null)
      ? null
      : { type: "alternatives", alternatives: alternatives as Search[] };
  }
  if (isScalar(node) && node.value !== null)
    return asSearch(readItem("", [node], offsetOf(node, at), context));
  findings.error(offsetOf(node, at), "wrong-type", "expected a map of fields, a list or a text", "");
  return null;
}

function asSearch(item: Item | null): Search | null {
  return item === null ? null : { type: "items", items: [item] };
}

function readMap(map: YAMLMap, context: DetectionContext): Search | null {
  const at = offsetOf(map, 0);
  if (map.items.length === 0) {
    context.findings.error(at, "detection-empty", "the map is empty", "give at least one field");
    return null;
  }
  const items = map.items.map((pair) => readPair(pair, at, context));
  return items.includes(null) ? null : { type: "items", items: items as Item[] };
}

function readPair(pair: Pair, parent: number, context: DetectionContext): Item | null {
  const { findings } = context;
  const at = offsetOf(pair.key, parent);
  if (!isScalar(pair.key) || pair.key.value === null || pair.key.value === "") {
    findings.error(at, "wrong-type", "expected the name of a field", "");
    return null;
  }
  const key =
    typeof pair.key.value === "string" ? pair.key.value : (pair.key.source ?? String(pair.key.value));
  const { value } = pair;
  if (value === null || isScalar(value)) return readItem(key, [value], at, context);
  if (isSeq(value)) {
    if (value.items.length === 0) {
      findings.error(
        offsetOf(value, at),
        "detection-empty",
        `the list of "${key}" is empty`,
        "give at least one value",
      );
      return null;
    }
    const nested = value.items.find((item) => !isScalar(item));
    if (nested === undefined) return readItem(key, value.items, at, context);
    findings.error(offsetOf(nested, at), "wrong-type", `expected a plain value in the list of "${key}"`, "");
    return null;
  }
  findings.error(
    offsetOf(value, at),
    "wrong-type",
    `expected a plain value or a list of them for "${key}"`,
    isMap(value) ? `a nested field is written with dots: ${key}.name` : "",
  );
  return null;
}

/** The value that a YAML scalar is, before modifiers. */
function plainValue(
  node: Scalar | null,
  keepText: boolean,
  findings: Findings,
  at: number,
): RuleValue | null {
  const value = node?.value ?? null;
  if (value === null) return { type: "null" };
  if (typeof value === "boolean") return { type: "boolean", value };
  if (typeof value === "string") {
    return keepText
      ? { type: "regex", source: value, flags: new Set() }
      : { type: "text", pattern: parsePattern(value), binary: false };
  }
  if (typeof value === "number" || typeof value === "bigint") {
    const source = node?.source ?? String(value);
    if (!/^[-+]?[\d.]+(e[-+]?\d+)?$/i.test(source)) {
      findings.warn(
        at,
        "number-base",
        `${source} is read as the number ${value}`,
        `events usually carry such values as text: write '${source}'`,
      );
    }
    const number = Number(value);
    // Digits that a number cannot hold, or that it would not keep as they are written, are compared as text.
    if ((Number.isInteger(number) && !Number.isSafeInteger(number)) || /^[-+]?0\d/.test(source)) {
      return { type: "text", pattern: [{ type: "literal", text: source }], binary: false };
    }
    return { type: "number", value: number, text: String(number) };
  }
  findings.error(at, "wrong-type", "expected a text, a number, true, false or null", "");
  return null;
}

function splitKey(
  key: string,
  at: number,
  findings: Findings,
): { field: string | null; names: string[] } | null {
  const [field = "", ...names] = key.split("|").map((part) => part.trim());
  let offset = at + key.indexOf("|") + 1;
  for (const [index, name] of names.entries()) {
    if (!knownModifiers.has(name)) {
      const hint = didYouMean(
        name,
        knownModifiers.keys(),
        `known are ${[...knownModifiers.keys()].join(", ")}`,
      );
      findings.error(
        offset,
        "unknown-modifier",
        name === "" ? "a modifier is missing after |" : `unknown modifier "${name}"`,
        hint,
      );
      return null;
    }
    if (names.indexOf(name) !== index) {
      findings.error(offset, "modifier-misplaced", `"${name}" is given twice`, "");
      return null;
    }
    offset += name.length + 1;
  }
  return { field: field === "" ? null : field, names };
}

function readItem(
  key: string,
  nodes: readonly unknown[],
  at: number,
  context: DetectionContext,
): Item | null {
  const { findings } = context;
  const parts = splitKey(key, at, findings);
  if (parts === null) return null;
  if (nodes.length > mostValues) {
    findings.error(at, "value-too-many", `more than ${mostValues} values`, "");
    return null;
  }
  const { field, names } = parts;
  const flags: ItemFlags = { all: false, negated: false, cased: false };
  const values: ItemValue[] = [];
  for (const node of nodes) {
    const scalar = isScalar(node) ? node : null;
    const place = offsetOf(node as Node | null, at);
    const value = readValue(scalar, place, nodes.length, { field, names, flags }, context);
    if (value !== null) values.push(value);
  }
  if (values.length !== nodes.length) return null;
  return {
    key,
    field,
    modifiers: names,
    ...flags,
    values,
    at,
  };
}

interface ItemHead {
  readonly field: string | null;
  readonly names: readonly string[];
  readonly flags: ItemFlags;
}

function readValue(
  node: Scalar | null,
  at: number,
  valueCount: number,
  { field, names, flags }: ItemHead,
  { findings, placeholders }: DetectionContext,
): ItemValue | null {
  const first = plainValue(node, names.includes("re"), findings, at);
  if (first === null) return null;
  const written = writtenValue(node);
  if (first.type === "null" && (valueCount > 1 || field === null)) {
    findings.error(
      at,
      "null-misplaced",
      field === null ? "null needs a field" : "null cannot stand in a list",
      "write '' for an empty text, or use a selection of its own for the absent field",
    );
    return null;
  }
  try {
    const meanings = applyModifiers(first, names, { flags, field, valueCount, placeholders });
    return checkMeanings(meanings, written, at, findings) ? { written, meanings } : null;
  } catch (thrown) {
    if (!(thrown instanceof ModifierProblem)) throw thrown;
    findings.error(at, thrown.code, thrown.message, thrown.hint);
    return null;
  }
}

function checkMeanings(
  meanings: readonly RuleValue[],
  written: string,
  at: number,
  findings: Findings,
): boolean {
  for (const meaning of meanings) {
    if (meaning.type === "regex") {
      try {
        compileRegex(meaning.source, meaning.flags);
      } catch (thrown) {
        if (!(thrown instanceof RegexProblem)) throw thrown;
        findings.error(at, thrown.code, `${written}: ${thrown.message}`, thrown.hint);
        return false;
      }
    }
    const everything =
      meaning.type === "text" &&
      meaning.pattern.length === 1 &&
      meaning.pattern[0]?.type === "run" &&
      written !== "*";
    if (everything) {
      findings.warn(at, "value-matches-all", `this value matches every text`, "write * if that is meant");
    }
  }
  return true;
}

/** The value as the rule writes it, without the quotes. */
function writtenValue(node: Scalar | null): string {
  const value = node?.value ?? null;
  if (typeof value === "string") return value;
  return node?.source === undefined || node.source === "" ? String(value) : node.source;
}
