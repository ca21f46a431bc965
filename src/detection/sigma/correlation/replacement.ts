import { isScalar, stringify, type YAMLMap } from "yaml";
import {
  ConditionProblem,
  leavesOf,
  namesOf,
  parseCondition,
  type AggregationProblem,
  type Condition,
} from "../condition.js";
import { entry } from "../yaml-file.js";
import type { Operator } from "./bounds.js";

const comparisons: Readonly<Record<string, Operator>> = {
  ">": "gt",
  ">=": "gte",
  "<": "lt",
  "<=": "lte",
  "=": "eq",
  "==": "eq",
  "!=": "neq",
};

/** The condition that a version 1 function becomes, beside its comparison. */
const functions: Readonly<Record<string, { readonly type: string; readonly percentile?: number }>> = {
  sum: { type: "value_sum" },
  avg: { type: "value_avg" },
  // The percentiles 0 and 100 are the smallest and the largest value.
  min: { type: "value_percentile", percentile: 0 },
  max: { type: "value_percentile", percentile: 100 },
};

const days: Readonly<Record<string, number>> = { w: 7, M: 30, y: 365 };

/**
 * What to write instead of a condition of version 1: the correlation as a document that can be pasted, or why none can
 * stand for it.
 */
export function replacementHint(root: YAMLMap, detection: YAMLMap, problem: AggregationProblem): string {
  const near = /^near\s+(.+)$/is.exec(problem.after)?.[1];
  if (near !== undefined) return nearHint(root, detection, problem.before, near);
  const match =
    /^(count|sum|min|max|avg)\s*\(\s*([^()]*?)\s*\)\s*(?:by\s+(.+?)\s*)?(>=|<=|==|!=|=|>|<)\s*(-?\d+(?:\.\d+)?)$/is.exec(
      problem.after,
    );
  const [, name = "", field = "", by = "", comparison = "", number = ""] = match ?? [];
  const operator = comparisons[comparison];
  if (operator === undefined) {
    return "keep the condition before the pipe, and write a correlation: what stands behind the pipe is no aggregation of version 1, such as count() by User > 10";
  }
  const aggregation = name.toLowerCase();
  const isCount = aggregation === "count";
  if (!isCount && field === "")
    return `"${name}" needs a field in version 1, too: name it, then a correlation can replace it`;
  if (isCount && !isLasting(aggregation, operator)) {
    return `no correlation says "${comparison} ${number}": its window slides, and the first events of each group pass through every small count. That a value is rare over a whole period is a hunt over stored events`;
  }
  const kind = isCount ? { type: field === "" ? "event_count" : "value_count" } : functions[aggregation];
  const caution = isLasting(aggregation, operator)
    ? ""
    : " (it says nearly the same: version 1 looked at a whole timeframe, a correlation looks at each event and the timespan before it, so that a group's first event may meet the condition alone)";
  const { timespan, note } = timespanOf(detection);
  const { reference, advice } = referenceOf(root);
  const document = {
    title: `${titleOf(root)} (correlation)`,
    correlation: {
      type: kind?.type,
      rules: [reference],
      ...(by === "" ? {} : { "group-by": by.split(/[\s,]+/).filter((group) => group !== "") }),
      timespan,
      condition: {
        ...(field === "" ? {} : { field }),
        ...(kind !== undefined && "percentile" in kind ? { percentile: kind.percentile } : {}),
        [operator]: Number(number),
      },
    },
    ...levelOf(root),
  };
  const remove = entry(detection, "timeframe") === null ? "the pipe" : "the pipe and the timeframe";
  return `keep the condition "${problem.before}" without ${remove}${advice}, and add this document${note}${caution}:\n---\n${stringify(document)}`;
}

/** Whether a comparison that some events meet is met as well when further events come: then it does not matter when one looks. */
function isLasting(aggregation: string, operator: Operator): boolean {
  return operator.startsWith(aggregation === "min" ? "lt" : "gt") && aggregation !== "avg";
}

/** `a | near b and c`: a rule for each, and a correlation over them. */
function nearHint(root: YAMLMap, detection: YAMLMap, before: string, near: string): string {
  const others = near.split(/\s+and\s+/i).map((part) => part.trim());
  if (others.some((other) => /^not\s/i.test(other))) {
    return 'no correlation says that an event does not come near another: leave out what follows "not", and write a correlation of type temporal over the rest';
  }
  const selections = detection.toJSON() as Record<string, unknown>;
  const title = titleOf(root);
  const logsource =
    (entry(root, "logsource")?.node as { toJSON?: () => unknown } | undefined)?.toJSON?.() ?? {};
  const parts = [before, ...others].map((condition, index) => {
    const used = selectionsOf(condition, Object.keys(selections));
    const name = `${slugOf(title)}_${index + 1}`;
    const detected = Object.fromEntries(used.map((selection) => [selection, selections[selection]]));
    return { title: `${title}: ${condition}`, name, logsource, detection: { ...detected, condition } };
  });
  if (parts.some(({ detection: { condition: _, ...used } }) => Object.keys(used).length === 0)) {
    return "write a rule for each selection, and a correlation of type temporal over them: what stands at the pipe names no selection of this rule";
  }
  const { timespan, note } = timespanOf(detection);
  const id = textAt(root, "id");
  const correlation = {
    title,
    ...(id === null ? {} : { id }),
    correlation: { type: "temporal", rules: parts.map(({ name }) => name), timespan },
    ...levelOf(root),
  };
  const text = [...parts, correlation].map((document) => `---\n${stringify(document)}`).join("");
  return `write these documents instead; give the correlation a group-by, such as the host, or events of different hosts are near to each other${note}:\n${text}`;
}

/** The selections that a condition uses; none when it is no condition. */
function selectionsOf(text: string, names: readonly string[]): string[] {
  const known = names.filter((name) => name !== "condition" && name !== "timeframe");
  let condition: Condition;
  try {
    condition = parseCondition(text);
  } catch (thrown) {
    if (thrown instanceof ConditionProblem) return [];
    throw thrown;
  }
  const used = leavesOf(condition).flatMap((leaf) =>
    leaf.type === "of" ? namesOf(leaf.pattern, known) : known.filter((name) => name === leaf.name),
  );
  return [...new Set(used)];
}

function timespanOf(detection: YAMLMap): { timespan: string; note: string } {
  const text = textAt(detection, "timeframe");
  if (text === null)
    return { timespan: "1d", note: " (a correlation needs a timespan, the rule has none: 1d is a proposal)" };
  if (/^\d+[smhd]$/.test(text)) return { timespan: text, note: "" };
  const [, count = "", unit = ""] = /^(\d+)([wMy])$/.exec(text) ?? [];
  const length = days[unit];
  if (length === undefined) return { timespan: "1d", note: ` ("${text}" is no timespan: 1d is a proposal)` };
  const note =
    unit === "w" ? "" : ` (months and years differ in length: ${Number(count) * length}d is a proposal)`;
  return { timespan: `${Number(count) * length}d`, note };
}

/** How the correlation refers to the rule, and what the rule needs for that. */
function referenceOf(root: YAMLMap): { reference: string; advice: string } {
  const known = textAt(root, "id") ?? textAt(root, "name");
  if (known !== null) return { reference: known, advice: "" };
  const name = slugOf(titleOf(root));
  return { reference: name, advice: `, give the rule "name: ${name}"` };
}

function titleOf(root: YAMLMap): string {
  return textAt(root, "title") ?? "Untitled";
}

function levelOf(root: YAMLMap): { level?: string } {
  const level = textAt(root, "level");
  return level === null ? {} : { level };
}

function textAt(map: YAMLMap, key: string): string | null {
  const node = entry(map, key)?.node;
  return isScalar(node) && typeof node.value === "string" && node.value.trim() !== "" ? node.value : null;
}

function slugOf(title: string): string {
  const slug = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_+|_+$/g, "")
    .slice(0, 60);
  return /^[a-z]/.test(slug) ? slug : `rule_${slug}`;
}
