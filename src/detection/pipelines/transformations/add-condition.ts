import { isMap, LineCounter, visit, type YAMLMap } from "yaml";
import { readSearch } from "../../sigma/detection.js";
import { Findings } from "../../sigma/findings.js";
import type { Search } from "../../sigma/rule-tree.js";
import { keepFromPatterns } from "../condition-change.js";
import type { Parameters } from "../parameters.js";
import type { Transformation } from "../pipeline.js";
import { PipelineProblem } from "../problem.js";
import { processed, type Run } from "../run.js";
import { mapLeaves, nodeOf } from "../work-rule.js";

const logsourceVariable = /\$(?:\$|\{(category|product|service)\}|(category|product|service)(?!\w))/g;

/** The conditions with `$category`, `$product` and `$service` replaced by the rule's own. `$$` is a dollar sign. */
function withLogsource(conditions: YAMLMap, { rule }: Run): YAMLMap {
  const filled = conditions.clone() as YAMLMap;
  visit(filled, {
    Scalar(key, node) {
      if (key === "key" || typeof node.value !== "string") return;
      node.value = node.value.replaceAll(logsourceVariable, (_, braced?: string, bare?: string) => {
        const name = (braced ?? bare) as "category" | "product" | "service" | undefined;
        if (name === undefined) return "$";
        const text = rule.logsource[name];
        if (text !== null) return text;
        throw new PipelineProblem(
          "pipeline-template",
          `the condition that is added asks for the rule's ${name}, and it has none`,
          `limit the step to rules with a ${name}, by a condition of type logsource`,
        );
      });
    },
  });
  return filled;
}

function readConditions(from: Parameters, conditions: unknown): Search | null {
  if (conditions === undefined || !isMap(conditions)) {
    from.error("conditions", "wrong-type", `${from.what} needs "conditions", a map of fields to values`);
    return null;
  }
  return readSearch(conditions, from.atOf("conditions"), { findings: from.findings, placeholders: {} });
}

/** A name that the rule does not use, as near as can be to the wanted one. */
function freeName(wanted: string, taken: { has(name: string): boolean }): string {
  if (!taken.has(wanted)) return wanted;
  let number = 2;
  while (taken.has(`${wanted}_${number}`)) number++;
  return `${wanted}_${number}`;
}

/** `add_condition`: what an event must satisfy besides (with `negated`, must not). */
export function readAddCondition(from: Parameters): Transformation {
  const conditions = from.node("conditions");
  const name = from.optionalText("name");
  const template = from.flag("template");
  const negated = from.flag("negated");
  const fixed = readConditions(from, conditions);
  const position = from.findings.position(from.atOf("conditions"));
  if (name !== null && !/^[\w.-]+$/.test(name)) {
    from.error(
      "name",
      "wrong-type",
      `"${name}" cannot be the name of a selection`,
      "use letters, digits and _",
    );
  }
  return (run, item) => {
    let search = fixed;
    if (template && isMap(conditions)) {
      // Read with the variables once already: only their place is lost here, and the pipeline's own is told.
      const findings = new Findings(position.file, new LineCounter());
      search = readSearch(withLogsource(conditions, run), 0, { findings, placeholders: {} });
    }
    if (search === null) {
      throw new PipelineProblem(
        "pipeline-template",
        "the condition that is added cannot be read for this rule",
      );
    }
    const added = freeName(
      name ?? `_cond_${item.id?.replaceAll(/[^\w]/g, "_") ?? "pipeline"}`,
      run.rule.searches,
    );
    const node = nodeOf(search, () => position, true);
    const condition = keepFromPatterns(run.rule.condition, [...run.rule.searches.keys()], added);
    run.rule.searches.set(added, mapLeaves(node, (leaf) => processed(leaf, item)) ?? node);
    run.rule.added.set(added, { name: name ?? item.id ?? "a condition", by: "pipeline" });
    const identifier = { type: "identifier", name: added, at: 0 } as const;
    run.rule.condition = {
      type: "and",
      operands: [negated ? { type: "not", operand: identifier } : identifier, condition],
    };
  };
}
