import { surround } from "../pattern.js";
import { ModifierProblem, type Modifier, type ModifierContext, type RuleValue } from "../values.js";
import { encodingModifiers } from "./encoding.js";
import { genericModifiers } from "./generic.js";
import { networkModifiers } from "./network.js";
import { numericModifiers } from "./numeric.js";
import { regexModifiers } from "./regex.js";
import { specificModifiers } from "./specific.js";
import { windashModifiers } from "./windash.js";

/** Every modifier of the specification 2.1, by name. */
export const modifiers: ReadonlyMap<string, Modifier> = new Map(
  Object.entries({
    ...genericModifiers,
    ...windashModifiers,
    ...regexModifiers,
    ...encodingModifiers,
    ...numericModifiers,
    ...networkModifiers,
    ...specificModifiers,
  }),
);

/** A keyword is looked for anywhere in a value. */
function asKeyword(value: RuleValue): RuleValue {
  if (value.type === "text") return { ...value, pattern: surround(value.pattern, true, true) };
  if (value.type === "number" || value.type === "boolean") {
    const text = value.type === "number" ? value.text : String(value.value);
    return { type: "text", pattern: surround([{ type: "literal", text }], true, true), binary: false };
  }
  return value;
}

/**
 * What a value becomes through the modifiers, in their order: any of the results may match. Sets the context's flags.
 * Throws {@link ModifierProblem} for an unknown modifier or a misuse.
 */
export function applyModifiers(
  value: RuleValue,
  names: readonly string[],
  context: Omit<ModifierContext, "before">,
): RuleValue[] {
  let meanings = [value];
  for (const [index, name] of names.entries()) {
    const modifier = modifiers.get(name);
    if (modifier === undefined)
      throw new ModifierProblem("unknown-modifier", `unknown modifier "${name}"`, "");
    const before = names.slice(0, index);
    meanings = meanings.flatMap((meaning) => modifier(meaning, { ...context, before }));
  }
  return context.field === null ? meanings.map(asKeyword) : meanings;
}
