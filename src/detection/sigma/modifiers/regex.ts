import { kindOf, ModifierProblem, type Modifier, type RegexFlag } from "../values.js";

function flag(name: RegexFlag): Modifier {
  return (value) => {
    if (value.type !== "regex") {
      throw new ModifierProblem("modifier-misplaced", `"${name}" needs "re" before it`, `write |re|${name}`);
    }
    return [{ ...value, flags: new Set([...value.flags, name]) }];
  };
}

/** `re` and its flags; `ignorecase`, `multiline` and `dotall` are pySigma's long names for them. */
export const regexModifiers: Readonly<Record<string, Modifier>> = {
  re: (value, { before }) => {
    if (before.some((name) => name !== "all" && name !== "neq" && name !== "expand")) {
      throw new ModifierProblem("modifier-misplaced", '"re" must be the first modifier', "");
    }
    if (value.type === "number") return [{ type: "regex", source: value.text, flags: new Set() }];
    // The reader hands over the rule's own text: backslashes belong to the expression.
    if (value.type === "regex") return [value];
    throw new ModifierProblem("modifier-type", `"re" needs a text, not ${kindOf(value)}`, "");
  },
  i: flag("i"),
  m: flag("m"),
  s: flag("s"),
  ignorecase: flag("i"),
  multiline: flag("m"),
  dotall: flag("s"),
};
