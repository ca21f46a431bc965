import type { Parameters } from "../parameters.js";
import type { PlaceholderAnswer, Transformation } from "../pipeline.js";

function readAnswer(kind: PlaceholderAnswer["kind"]): (from: Parameters) => Transformation {
  return (from) => {
    const include = from.optionalTexts("include");
    const exclude = from.optionalTexts("exclude");
    if (include !== null && exclude !== null) {
      from.error("exclude", "condition-conflict", '"include" and "exclude" exclude each other', "keep one");
    }
    const handles = (name: string): boolean =>
      include === null ? exclude === null || !exclude.includes(name) : include.includes(name);
    return ({ placeholders }) => {
      placeholders.push({ kind, handles });
    };
  };
}

/**
 * Placeholders are filled in when a rule is read, before its modifiers are applied: `expand|contains` looks for what the
 * placeholder stands for. These steps therefore only say what they answer; see `placeholdersOf`.
 */
export const placeholderTransformations: Readonly<Record<string, (from: Parameters) => Transformation>> = {
  wildcard_placeholders: readAnswer("wildcard"),
  value_placeholders: readAnswer("values"),
};
