import type { Parameters } from "../parameters.js";
import type { Transformation } from "../pipeline.js";
import { readAddCondition } from "./add-condition.js";
import { fieldTransformations } from "./fields.js";
import { readHashesFields } from "./hashes.js";
import { lineTransformations } from "./lines.js";
import { placeholderTransformations } from "./placeholders.js";
import { readReplaceString } from "./replace-string.js";
import { fieldListTransformations, ruleTransformations } from "./rule.js";
import { valueTransformations } from "./values.js";

/** How a transformation is read, and whether conditions on lines and on names of fields mean anything to it. */
export interface TransformationKind {
  readonly read: (from: Parameters) => Transformation;
  readonly scope: "rule" | "lines";
}

function kinds(
  scope: TransformationKind["scope"],
  readers: Readonly<Record<string, TransformationKind["read"]>>,
): [string, TransformationKind][] {
  return Object.entries(readers).map(([name, read]) => [name, { read, scope }]);
}

/** Every transformation but `nest`, by its name in the file. */
export const transformations: ReadonlyMap<string, TransformationKind> = new Map([
  ...kinds("lines", fieldTransformations),
  ...kinds("lines", valueTransformations),
  ...kinds("lines", lineTransformations),
  ...kinds("lines", { hashes_fields: readHashesFields, replace_string: readReplaceString }),
  ...kinds("rule", ruleTransformations),
  ...kinds("rule", fieldListTransformations),
  ...kinds("rule", placeholderTransformations),
  ...kinds("rule", { add_condition: readAddCondition }),
]);
