import {
  convertCorrelation,
  placesOf,
  type ConvertResult,
  type QueryLanguage,
} from "../../../src/detection/convert/index.js";
import { compiledCorrelations, withRules } from "../sigma/correlation/workbench.js";

/** The fields' names, as Google SecOps has them. */
const udmNames: Readonly<Record<string, string>> = {
  kind: "principal.application",
  user: "principal.user.userid",
  host: "principal.hostname",
  ip: "principal.ip",
  n: "network.sent_bytes",
};

export function inUdm(text: string): string {
  return text.replaceAll(/\b(?:kind|user|host|ip|n)\b/g, (name) => udmNames[name] ?? name);
}

/** The correlation named `test` over rules named a, b and c, whose events have the rule's name in the field `kind`. */
export function converted(section: string, language: QueryLanguage, source?: string): ConvertResult {
  const text = language === "yara-l" ? inUdm(withRules(section)) : withRules(section);
  const { collection, named } = compiledCorrelations(text);
  const correlation = named("test");
  const rules = correlation.counted.map((counted) => {
    const found = collection.rules.find(({ rule }) => counted.type === "rule" && rule === counted.rule);
    return found === undefined ? null : { rule: found.tree, place: placesOf(text, "rules/file1.yml") };
  });
  return convertCorrelation(correlation, rules, language, source === undefined ? {} : { source });
}

export function queryOf(section: string, language: QueryLanguage, source?: string): string {
  const { conversion, diagnostics } = converted(section, language, source);
  if (conversion === null) throw new Error(JSON.stringify(diagnostics));
  return conversion.query;
}

export const failures = `
type: event_count
rules: [a]
group-by: [user, host]
timespan: 5m
condition: { gte: 10 }`;
export const addresses = `
type: value_count
rules: [a]
group-by: [user]
timespan: 1h
condition: { field: ip, gt: 3 }`;
export const together = `
type: temporal
rules: [a, b]
group-by: [user]
timespan: 5m`;
/** A correlation of numbers of the field `n`. */
export function numbers(type: string, condition: string): string {
  return failures.replace("event_count", type).replace("gte: 10", `field: n, ${condition}`);
}
export const either = `
type: temporal
rules: [a, b, c]
timespan: 5m
condition: a and (b or c)`;
