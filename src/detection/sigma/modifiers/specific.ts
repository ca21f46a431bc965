import { mapLiterals, parsePattern, plainText, type Pattern } from "../pattern.js";
import { kindOf, ModifierProblem, type Modifier, type ModifierContext } from "../values.js";

const mostValues = 10_000;

/** Splits at `%name%`; `\%` is a plain percent sign. Even elements are text, odd ones are names. */
function splitPlaceholders(text: string): string[] {
  const parts: string[] = [];
  let plain = "";
  let end = 0;
  for (const match of text.matchAll(/\\%|%([\w.-]{1,128})%/g)) {
    plain += text.slice(end, match.index);
    end = match.index + match[0].length;
    if (match[1] === undefined) plain += "%";
    else {
      parts.push(plain, match[1]);
      plain = "";
    }
  }
  return [...parts, plain + text.slice(end)];
}

function valuesOf(name: string, { placeholders }: ModifierContext): readonly string[] {
  const values = Object.hasOwn(placeholders, name) ? placeholders[name] : undefined;
  if (values === undefined || values.length === 0) {
    throw new ModifierProblem(
      "placeholder-unresolved",
      `nothing is known of the placeholder %${name}%`,
      "give its values under `parameters` of the rule, or under `vars` of a processing pipeline with a step value_placeholders",
    );
  }
  return values;
}

/** Every combination of the values of the placeholders of a text. */
function expandText(text: string, context: ModifierContext): Pattern[] {
  let patterns: Pattern[] = [[]];
  for (const [index, part] of splitPlaceholders(text).entries()) {
    const choices: Pattern[] =
      index % 2 === 1
        ? valuesOf(part, context).map(parsePattern)
        : [part === "" ? [] : [{ type: "literal", text: part }]];
    if (patterns.length * choices.length > mostValues) {
      throw new ModifierProblem("value-too-many", `the placeholders give more than ${mostValues} values`, "");
    }
    patterns = patterns.flatMap((start) => choices.map((choice) => [...start, ...choice]));
  }
  return patterns;
}

/** Placeholders, and comparison with another field of the same event. */
export const specificModifiers: Readonly<Record<string, Modifier>> = {
  expand: (value, context) => {
    if (value.type !== "text" || value.binary) {
      throw new ModifierProblem(
        "modifier-type",
        `"expand" needs a text, not ${kindOf(value)}`,
        "put it first",
      );
    }
    let patterns: Pattern[] = [[]];
    for (const token of value.pattern) {
      const choices = token.type === "literal" ? expandText(token.text, context) : [[token]];
      if (patterns.length * choices.length > mostValues) {
        throw new ModifierProblem(
          "value-too-many",
          `the placeholders give more than ${mostValues} values`,
          "",
        );
      }
      patterns = patterns.flatMap((start) => choices.map((choice) => [...start, ...choice]));
    }
    return patterns.map((pattern) => ({
      ...value,
      pattern: mapLiterals(pattern, (text) => [{ type: "literal", text }]),
    }));
  },

  fieldref: (value, { field }) => {
    const name = value.type === "text" ? plainText(value.pattern) : null;
    if (name === null || name === "" || field === null) {
      throw new ModifierProblem(
        "modifier-type",
        '"fieldref" needs a field and, as its value, the name of another field without wildcards',
        'put "startswith", "endswith" or "contains" after "fieldref"',
      );
    }
    return [{ type: "reference", field: name, part: "whole" }];
  },
};
