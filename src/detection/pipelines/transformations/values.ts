import { isScalar } from "yaml";
import { compileRegex, RegexProblem } from "../../regex/index.js";
import {
  literalPattern,
  mapLiterals,
  parsePattern,
  plainText,
  surround,
  type Pattern,
} from "../../sigma/pattern.js";
import type { RuleValue } from "../../sigma/values.js";
import type { Parameters } from "../parameters.js";
import { asKeyword, bareKeyword, patternKey, printedPattern, writtenOut } from "../pattern-text.js";
import type { Transformation } from "../pipeline.js";
import { PipelineProblem } from "../problem.js";
import { processed } from "../run.js";
import type { Leaf } from "../work-rule.js";
import { regexOf, regexMethods } from "./pattern-regex.js";

/** What a value becomes; null leaves it as it is. */
type ValueChange = (meaning: RuleValue, leaf: Leaf) => readonly RuleValue[] | null;

function keyword(meaning: RuleValue, { item, position }: Leaf): RuleValue {
  const made = asKeyword(item.field, meaning);
  if (made !== null) return made;
  throw new PipelineProblem(
    "pipeline-value",
    `a keyword cannot become ${meaning.type}: that needs a field`,
    "limit the step to fields, by a condition of type include_fields",
    position,
  );
}

/**
 * A transformation of the values of lines, each meaning by itself. What the rule wrote stays for the explanation. Keywords
 * are changed as the rule gives them, without the wildcards that make them texts anywhere.
 */
export function changeValues(change: ValueChange): Transformation {
  return (run, item) => {
    run.rule.mapLeaves((leaf) => {
      if (!run.wants(item, leaf)) return leaf;
      let changed = false;
      const values = leaf.item.values.map((value) => ({
        ...value,
        meanings: value.meanings.flatMap((meaning) => {
          const made = change(bareKeyword(leaf.item.field, meaning), leaf);
          changed ||= made !== null;
          return made?.map((each) => keyword(each, leaf)) ?? [meaning];
        }),
      }));
      return changed ? processed({ ...leaf, item: { ...leaf.item, values } }, item) : leaf;
    });
  };
}

/**
 * A transformation of texts; `windash` is written out first. What `base64offset` made are pieces of encoded text, which
 * stay as they are, as in pySigma.
 */
export function changeTexts(
  change: (pattern: Pattern, leaf: Leaf) => readonly RuleValue[] | null,
): Transformation {
  return changeValues((meaning, leaf) => {
    if (meaning.type !== "text" || leaf.item.modifiers.includes("base64offset")) return null;
    const patterns = writtenOut(meaning.pattern);
    const made = patterns.map((pattern) => change(pattern, leaf));
    if (made.every((each) => each === null)) return null;
    return made.flatMap(
      (each, index): readonly RuleValue[] => each ?? [{ ...meaning, pattern: patterns[index] ?? [] }],
    );
  });
}

export function textValue(pattern: Pattern): RuleValue {
  return { type: "text", pattern, binary: false };
}

function numberValue(text: string): RuleValue | null {
  const value = Number(text);
  return text.trim() === "" || !Number.isFinite(value)
    ? null
    : { type: "number", value, text: String(value) };
}

/** The one value that `set_value` sets. */
function readSetValue(from: Parameters): RuleValue {
  const force = from.has("force_type") ? from.choice("force_type", ["str", "num"], null) : null;
  const node = from.node("value");
  if (node === undefined) {
    from.findings.error(from.at, "missing-key", `${from.what} needs "value"`, "value: null for no value");
  }
  const value = isScalar(node) ? node.value : null;
  if (force === null) {
    if (typeof value === "string") return textValue(parsePattern(value));
    if (typeof value === "number") return { type: "number", value, text: String(value) };
    if (typeof value === "boolean") return { type: "boolean", value };
    if (isScalar(node) || node === undefined) return { type: "null" };
    from.error("value", "wrong-type", '"value" must be a text, a number, true, false or null');
    return { type: "null" };
  }
  if (typeof value !== "string" && typeof value !== "number") {
    from.error("value", "wrong-type", '"force_type" needs a text or a number');
    return { type: "null" };
  }
  if (force === "str") return textValue(parsePattern(String(value)));
  const number = numberValue(String(value));
  if (number === null) from.error("value", "wrong-type", `"${value}" is no number`);
  return number ?? { type: "null" };
}

function toNumber(meaning: RuleValue, leaf: Leaf): readonly RuleValue[] | null {
  if (meaning.type !== "text") return null;
  const text = plainText(meaning.pattern);
  const number = text === null ? null : numberValue(text);
  if (number !== null) return [number];
  throw new PipelineProblem(
    "pipeline-value",
    `"${printedPattern(meaning.pattern)}" is no number, and convert_type wants one`,
    "limit the step to the fields that hold numbers",
    leaf.position,
  );
}

const cases = {
  lower: (text: string) => text.toLowerCase(),
  upper: (text: string) => text.toUpperCase(),
  snake_case: (text: string) => text.replaceAll(/(?<!^)(?=[A-Z])/g, "_").toLowerCase(),
} as const;

/** Transformations of values. They see values as the modifiers left them: with the wildcards of `contains`, for example. */
export const valueTransformations: Readonly<Record<string, (from: Parameters) => Transformation>> = {
  map_string: (from) => {
    const mapping = new Map(
      [...from.mapping("mapping", false)].map(([text, to]) => [
        patternKey(parsePattern(text ?? "")),
        to.map((each) => textValue(parsePattern(each))),
      ]),
    );
    return changeTexts((pattern) => mapping.get(patternKey(pattern)) ?? null);
  },

  set_value: (from) => {
    const value = readSetValue(from);
    return (run, item) => {
      run.rule.mapLeaves((leaf) => {
        if (!run.wants(item, leaf)) return leaf;
        // All values are the same one now; a list of null would mean nothing.
        const [first] = leaf.item.values;
        const values = first === undefined ? [] : [{ ...first, meanings: [keyword(value, leaf)] }];
        return processed({ ...leaf, item: { ...leaf.item, values } }, item);
      });
    };
  },

  convert_type: (from) =>
    from.choice("target_type", ["str", "num"], null) === "num"
      ? changeValues(toNumber)
      : changeValues((meaning) =>
          meaning.type === "number" ? [textValue(literalPattern(meaning.text))] : null,
        ),

  case: (from) => {
    const change = cases[from.choice("method", ["lower", "upper", "snake_case"], "lower")];
    return changeTexts((pattern) => [
      textValue(mapLiterals(pattern, (text) => literalPattern(change(text)))),
    ]);
  },

  regex: (from) => {
    const method = from.choice("method", regexMethods, "ignore_case_brackets");
    return changeTexts((pattern, leaf) => {
      if (pattern.length === 0) return null;
      // A line with "cased" asks for the case as it is; a keyword stands anywhere.
      const wanted = leaf.item.field === null ? surround(pattern, true, true) : pattern;
      const regex = regexOf(wanted, leaf.item.cased ? "plain" : method);
      try {
        compileRegex(regex.source, regex.flags);
      } catch (thrown) {
        if (!(thrown instanceof RegexProblem)) throw thrown;
        throw new PipelineProblem(
          thrown.code,
          `${regex.source}: ${thrown.message}`,
          thrown.hint,
          leaf.position,
        );
      }
      return [regex];
    });
  },
};
