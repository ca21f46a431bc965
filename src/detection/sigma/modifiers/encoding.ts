import { expandDashes, literalPattern, mapLiterals, plainText, type Pattern } from "../pattern.js";
import { kindOf, ModifierProblem, type Modifier, type RuleValue } from "../values.js";

/** More texts than this from one value is a mistake: dashes multiply by five. */
const mostTexts = 625;

function textOf(name: string, value: RuleValue): { pattern: Pattern; binary: boolean } {
  if (value.type === "text") return value;
  if (value.type === "number") return { pattern: literalPattern(value.text), binary: false };
  throw new ModifierProblem("modifier-type", `"${name}" needs a text, not ${kindOf(value)}`, "");
}

/** The patterns without dashes that a pattern stands for. */
function undashed(name: string, pattern: Pattern): Pattern[] {
  const patterns = expandDashes(pattern, mostTexts);
  if (patterns !== null) return patterns;
  throw new ModifierProblem(
    "value-too-many",
    `"windash" before "${name}" gives more than ${mostTexts} texts`,
    "",
  );
}

/** The bytes of each text that the value stands for. Bytes are kept as characters 0 to 255 of a binary text. */
function bytesOf(name: string, value: RuleValue): Buffer[] {
  const { pattern, binary } = textOf(name, value);
  return undashed(name, pattern).map((each) => {
    const text = plainText(each);
    if (text === null) {
      throw new ModifierProblem(
        "modifier-type",
        `"${name}" cannot encode wildcards`,
        `put "contains" after "${name}", and escape * and ? that are meant as themselves`,
      );
    }
    if (text === "") throw new ModifierProblem("value-empty", `"${name}" needs a text that is not empty`, "");
    return Buffer.from(text, binary ? "latin1" : "utf8");
  });
}

function wide(name: string, bigEndian: boolean, mark: boolean): Modifier {
  return (value) => {
    const { pattern, binary } = textOf(name, value);
    if (binary)
      throw new ModifierProblem(
        "modifier-misplaced",
        `"${name}" encodes a value that is encoded already`,
        "",
      );
    return undashed(name, pattern).map((each) => {
      const encoded = mapLiterals(each, (text) => {
        const bytes = Buffer.from(text, "utf16le");
        return literalPattern((bigEndian ? bytes.swap16() : bytes).toString("latin1"));
      });
      return {
        type: "text",
        pattern: mark ? [...literalPattern("\u00ff\u00fe"), ...encoded] : encoded,
        binary: true,
      };
    });
  };
}

/**
 * The parts of the base64 text that do not depend on what stands before and after the value, for the three places at
 * which a value can begin within a group of three bytes.
 */
function offsetsOf(bytes: Buffer): string[] {
  const starts = [0, 2, 3];
  const ends = [undefined, -3, -2];
  return starts.map((start, offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset, " "), bytes]).toString("base64");
    return encoded.slice(start, ends[(bytes.length + offset) % 3]);
  });
}

/** Encodings. They apply in the order in which the rule names them: `wide|base64offset|contains`. */
export const encodingModifiers: Readonly<Record<string, Modifier>> = {
  utf16le: wide("utf16le", false, false),
  wide: wide("wide", false, false),
  utf16be: wide("utf16be", true, false),
  utf16: wide("utf16", false, true),

  base64: (value) =>
    bytesOf("base64", value).map((bytes) => ({
      type: "text",
      pattern: literalPattern(bytes.toString("base64")),
      binary: false,
    })),

  base64offset: (value) =>
    bytesOf("base64offset", value)
      .flatMap(offsetsOf)
      .map((text) => {
        // An empty text would be contained in everything.
        if (text === "")
          throw new ModifierProblem("value-empty", '"base64offset" needs two bytes or more', "");
        return { type: "text", pattern: literalPattern(text), binary: false };
      }),
};
