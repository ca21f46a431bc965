import { foldCase, nearestWord } from "../../sigma/text.js";
import { compileExpression } from "../evaluate/expressions.js";
import type { Row } from "../evaluate/row.js";
import { compileSearch } from "../evaluate/search.js";
import type { Scope } from "../evaluate/scope.js";
import { textsOf } from "../evaluate/values.js";
import { printQuery } from "../commands/index.js";
import type { Expression } from "../syntax/expression.js";
import { printExpression, printSearch } from "../syntax/printer.js";
import type { SearchExpression } from "../syntax/tree.js";
import { cut } from "./outcome.js";

const longestShown = 120;

function absent(field: string, row: Row): string {
  const near = nearestWord(field, row.names());
  return near === null
    ? `the event has no field ${field}`
    : `the event has no field ${field}; it has ${near}`;
}

/** Wildcards under which a value finds a text that it does not equal; the narrowest first. */
function widened(value: string, text: string): { value: string; why: string }[] {
  const folded = foldCase(text);
  const name = foldCase(value.slice(Math.max(value.lastIndexOf("/"), value.lastIndexOf("\\")) + 1));
  const separator = text.includes("\\") ? "\\" : "/";
  const why = /[/\\]/.test(value) ? "the folder differs" : "the event has a full path";
  const candidates: { value: string; why: string }[] = [];
  for (const ending of [name, `${name}.exe`]) {
    const wanted = `${separator}${ending}`;
    const written = text.slice(text.length - wanted.length);
    if (folded.endsWith(wanted)) candidates.push({ value: `*${written}`, why });
  }
  const inner = foldCase(value.replaceAll(/^\*+|\*+$/g, ""));
  if (inner !== "" && folded.includes(inner)) {
    const at = folded.indexOf(inner);
    const written = text.length === folded.length ? text.slice(at, at + inner.length) : inner;
    candidates.push({ value: `*${written}*`, why: "it is there, but not as the whole value" });
  }
  return candidates;
}

function isMetadata(field: string): boolean {
  return ["sourcetype", "source", "index", "host"].includes(field);
}

/** The smallest change to a term of a search under which the row meets it, in words; what stands in the way otherwise. */
export function suggestSearch(leaf: SearchExpression, row: Row, scope: Scope): string {
  if (leaf.type === "keyword") return "the event's text does not have it";
  if (leaf.type === "time") return "the event is outside of the range of time";
  if (leaf.type !== "compare" && leaf.type !== "in") return "";
  const { field } = leaf;
  const texts = textsOf(row.get(field));
  if (texts.length === 0) return absent(field, row);
  if (leaf.type === "compare" && leaf.operator !== "=") return `the event has ${cut(texts.join(", "))}`;
  if (isMetadata(field)) return `the event is of another ${field}: ${cut(texts.join(", "))}`;
  const values = leaf.type === "in" ? leaf.values : [leaf.value];
  for (const text of texts.filter((each) => each.length < 10_000)) {
    for (const value of values.slice(0, 200)) {
      for (const { value: wider, why } of widened(value, text)) {
        const candidate: SearchExpression = {
          type: "compare",
          field,
          operator: "=",
          value: wider,
          cased: false,
          at: leaf.at,
        };
        // A star in the text would be a wildcard, so the candidate is tried as it is.
        if (compileSearch(candidate, scope)(row)) return `${why}: use ${printSearch(candidate, printQuery)}`;
      }
    }
  }
  const [text = ""] = texts;
  const long = text.length > longestShown;
  return `the event has another value${long ? "" : `: ${leaf.type === "in" ? "add" : "it is"} "${text}"`}`;
}

function call(name: string, values: readonly Expression[], at: number): Expression {
  return { type: "call", name, arguments: values, at };
}

/** Other ways to write a condition of `where`, each with what it overcomes. */
function alternatives(leaf: Expression): { expression: Expression; why: string }[] {
  const { at } = leaf;
  if (leaf.type === "binary" && leaf.operator === "=" && leaf.right.type === "string") {
    const { left, right } = leaf;
    const lower: Expression = { ...right, value: right.value.toLowerCase() };
    const inside: Expression = { ...right, value: `%${right.value}%` };
    return [
      {
        expression: { ...leaf, left: call("lower", [left], at), right: lower },
        why: "only the case differs",
      },
      { expression: call("like", [left, inside], at), why: "it is there, but not as the whole value" },
    ];
  }
  const pattern = leaf.type === "call" ? leaf.arguments[1] : undefined;
  if (leaf.type !== "call" || pattern?.type !== "string") return [];
  const [subject] = leaf.arguments;
  if (subject === undefined) return [];
  if (leaf.name === "like") {
    const lower: Expression = { ...pattern, value: pattern.value.toLowerCase() };
    const inside: Expression = { ...pattern, value: `%${pattern.value}%` };
    return [
      { expression: call("like", [call("lower", [subject], at), lower], at), why: "only the case differs" },
      { expression: call("like", [subject, inside], at), why: "it is there, but not as the whole value" },
    ];
  }
  if (leaf.name !== "match") return [];
  const anyCase: Expression = { ...pattern, value: `(?i)${pattern.value}` };
  return [{ expression: call("match", [subject, anyCase], at), why: "only the case differs" }];
}

function fieldIn(expression: Expression | undefined): string | null {
  if (expression?.type === "field") return expression.name;
  if (expression?.type === "call") return fieldIn(expression.arguments[0]);
  return null;
}

/** The smallest change to a condition of `where` under which the row meets it, in words; empty when none is known. */
export function suggestExpression(leaf: Expression, row: Row, scope: Scope): string {
  const subject = leaf.type === "binary" ? leaf.left : leaf.type === "call" ? leaf.arguments[0] : undefined;
  const field = fieldIn(subject);
  if (field !== null && row.get(field) === null) return absent(field, row);
  for (const { expression, why } of alternatives(leaf)) {
    if (compileExpression(expression, scope)(row) === true)
      return `${why}: use ${printExpression(expression)}`;
  }
  const other = leaf.type === "binary" && leaf.right.type === "field" ? leaf.right.name : null;
  if (other !== null && row.get(other) === null) {
    return `${other} without quotes is a field, which the event does not have: is "${other}" meant?`;
  }
  return "";
}
