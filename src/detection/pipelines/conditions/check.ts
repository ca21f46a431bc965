import { compileRegex, RegexProblem } from "../../regex/index.js";
import type { Parameters } from "../parameters.js";
import type { StateValue } from "../pipeline.js";
import type { Run } from "../run.js";
import type { Leaf } from "../work-rule.js";

/** A condition on the rule as a whole, as it is when the step's turn comes. */
export type RuleCheck = (run: Run) => boolean;

/** A condition on one line of the rule. */
export type LeafCheck = (leaf: Leaf, run: Run) => boolean;

/** What conditions on names of fields look at besides the name. */
export interface FieldContext {
  readonly state: ReadonlyMap<string, StateValue>;
  /** Ids of the steps that changed a name. */
  readonly fieldProcessedBy: { get(name: string): ReadonlySet<string> | undefined };
}

/** A condition on the name of a field. */
export interface FieldCheck {
  /** Of a name that stands by itself or is referred to; null stands for keywords. */
  readonly ofName: (name: string | null, context: FieldContext) => boolean;
  /** Of a line: its field, or a field that one of its values refers to. */
  readonly ofLeaf: (leaf: Leaf, run: Run) => boolean;
}

/** The names of the fields that the values of a line refer to. */
function referredFields({ item }: Leaf): readonly string[] {
  return item.values.flatMap(({ meanings }) =>
    meanings.flatMap((meaning) => (meaning.type === "reference" ? [meaning.field] : [])),
  );
}

/** The condition on a field's name, asked of names and of lines alike. */
export function fieldCheck(ofName: FieldCheck["ofName"]): FieldCheck {
  return {
    ofName,
    ofLeaf: (leaf, run) =>
      ofName(leaf.item.field, run) || referredFields(leaf).some((name) => ofName(name, run)),
  };
}

/**
 * The test of an expression at the start of a text, as pySigma's conditions do. An expression that cannot be matched in
 * linear time is a finding, and the test is then never true.
 */
export function testAtStart(source: string, key: string, from: Parameters): (text: string) => boolean {
  try {
    compileRegex(source, new Set());
    const regex = compileRegex(`^(?:${source})`, new Set());
    return (text) => regex.test(text);
  } catch (thrown) {
    if (!(thrown instanceof RegexProblem)) throw thrown;
    from.error(key, thrown.code, `${source}: ${thrown.message}`, thrown.hint);
    return () => false;
  }
}
