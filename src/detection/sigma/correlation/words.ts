import { boundsInWords } from "./bounds.js";
import type { Correlation } from "./correlation.js";

/** Texts as an enumeration: `a, b and c`. */
export function enumerated(texts: readonly string[], word = "and"): string {
  return texts.length < 2 ? texts.join("") : `${texts.slice(0, -1).join(", ")} ${word} ${texts.at(-1)}`;
}

/** What the correlation counts or computes, in words. */
export function measureInWords({ tree, counted }: Correlation): string {
  const field = enumerated(tree.fields);
  switch (tree.type) {
    case "event_count":
      return "events";
    case "value_count":
      return `different values of ${field}`;
    case "temporal":
    case "temporal_ordered":
      return `of ${counted.length} rules`;
    case "value_sum":
      return `as the sum of ${field}`;
    case "value_avg":
      return `as the average of ${field}`;
    case "value_percentile":
      return `as the percentile ${tree.percentile ?? 50} of ${field}`;
    case "value_median":
      return `as the median of ${field}`;
  }
}

/** What a correlation needs, as a detection engineer would say it. */
export function wantedInWords(correlation: Correlation): string {
  const { tree, counted } = correlation;
  const rules = counted.map(({ reference }) => reference);
  const same = tree.groupBy.length === 0 ? "" : ` with the same ${enumerated(tree.groupBy)}`;
  const within = `within ${tree.timespanText}${same}`;
  if (tree.condition.type === "expression") return `${tree.condition.text} ${within}`;
  if (tree.type === "temporal_ordered") return `${rules.join(", then ")} ${within}`;
  const bounds = boundsInWords(tree.condition.bounds);
  if (tree.type === "temporal") {
    const isAll = tree.condition.bounds.gte === rules.length;
    return isAll
      ? `${rules.length === 1 ? "" : "all of "}${enumerated(rules)} ${within}`
      : `${bounds} of the rules ${enumerated(rules)} ${within}`;
  }
  return `${bounds} ${measureInWords(correlation)} of ${enumerated(rules, "or")} ${within}`;
}
