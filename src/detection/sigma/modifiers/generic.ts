import { surround } from "../pattern.js";
import { kindOf, ModifierProblem, type Modifier, type ReferencePart } from "../values.js";

function place(name: string, before: boolean, after: boolean, part: ReferencePart): Modifier {
  return (value) => {
    if (value.type === "text") return [{ ...value, pattern: surround(value.pattern, before, after) }];
    // A number is taken as its digits, as every SIEM does.
    if (value.type === "number") {
      return [
        {
          type: "text",
          pattern: surround([{ type: "literal", text: value.text }], before, after),
          binary: false,
        },
      ];
    }
    if (value.type === "reference") return [{ ...value, part }];
    if (value.type === "regex") {
      throw new ModifierProblem(
        "modifier-misplaced",
        `"${name}" cannot be combined with "re"`,
        "a regular expression is searched for anywhere in the value; anchor it with ^ or $",
      );
    }
    throw new ModifierProblem("modifier-type", `"${name}" needs a text, not ${kindOf(value)}`, "");
  };
}

/** Modifiers of the specification's first group, which say where a value stands and how values are linked. */
export const genericModifiers: Readonly<Record<string, Modifier>> = {
  startswith: place("startswith", false, true, "start"),
  endswith: place("endswith", true, false, "end"),
  contains: place("contains", true, true, "inside"),

  all: (value, { flags, valueCount }) => {
    if (valueCount < 2) {
      throw new ModifierProblem(
        "modifier-misplaced",
        '"all" needs a list of two or more values',
        'remove "all", or give more values',
      );
    }
    flags.all = true;
    return [value];
  },

  cased: (value, { flags }) => {
    if (value.type !== "text" && value.type !== "reference") {
      throw new ModifierProblem(
        "modifier-type",
        `"cased" needs a text, not ${kindOf(value)}`,
        value.type === "regex" ? 'regular expressions are case-sensitive without "i"' : "",
      );
    }
    flags.cased = true;
    return [value];
  },

  /** Negates the item as a whole: not any of the values. True when the field is absent. */
  neq: (value, { flags }) => {
    if (value.type === "presence" || value.type === "comparison") {
      throw new ModifierProblem(
        "modifier-misplaced",
        `"neq" cannot follow a ${value.type}`,
        "write the opposite",
      );
    }
    flags.negated = true;
    return [value];
  },

  exists: (value, { before, field, valueCount }) => {
    if (field === null) throw new ModifierProblem("modifier-misplaced", '"exists" needs a field', "");
    if (before.length > 0 || value.type !== "boolean" || valueCount !== 1) {
      throw new ModifierProblem(
        "modifier-type",
        '"exists" stands alone and takes one value, true or false',
        `write ${field}|exists: true`,
      );
    }
    return [{ type: "presence", wanted: value.value }];
  },
};
