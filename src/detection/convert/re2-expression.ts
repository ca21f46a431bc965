import { compileRegex } from "../regex/index.js";
import type { RuleValue } from "../sigma/values.js";
import type { ConvertContext } from "./language.js";
import { withFlags } from "./pattern-expression.js";
import { isPortable } from "./portable-expression.js";
import { isCarried } from "./text-shape.js";

type RegexValue = RuleValue & { readonly type: "regex" };

/** A regular expression of a rule that all engines read alike, with its flags before it; refused when it is none. */
export function portableExpression(
  { source, flags }: RegexValue,
  at: number,
  context: ConvertContext,
): string {
  if (!isPortable(source) || !isCarried(source)) {
    return context.refuse(
      at,
      "the regular expression holds what the language's engine reads otherwise or not at all",
      String.raw`write it with classes, plain groups, quantifiers below 1000 and the escapes \d \w \s \b \A \z \t \n \r \xHH`,
    );
  }
  return withFlags(source, flags);
}

/** The same for a language whose engine is RE2. */
export function re2Expression(value: RegexValue, at: number, context: ConvertContext): string {
  if (/\\[sS]|\$/.test(value.source)) {
    context.assume(
      String.raw`In regular expressions $ does not stand before a line break at the end, and \s is no vertical tab`,
    );
  }
  return portableExpression(value, at, context);
}

/** Whether an expression is found in the empty text, which some systems take an absent field for. */
export function takesEmptyText({ source, flags }: RegexValue): boolean {
  return compileRegex(source, flags).test("");
}
