import { isNode } from "yaml";
import type { Parameters } from "../parameters.js";
import type { StateValue, Transformation } from "../pipeline.js";
import { PipelineProblem } from "../problem.js";

/** Any value of the file: a text, number, true, false, null, or lists and maps of them. */
function readAny(from: Parameters, key: string): StateValue {
  const node = from.node(key);
  if (node === undefined) {
    from.findings.error(from.at, "missing-key", `${from.what} needs "${key}"`, `${key}: null for no value`);
    return null;
  }
  return isNode(node) ? (node.toJSON() as StateValue) : null;
}

/** Transformations of the rule as a whole. */
export const ruleTransformations: Readonly<Record<string, (from: Parameters) => Transformation>> = {
  change_logsource: (from) => {
    const logsource = {
      product: from.optionalText("product"),
      category: from.optionalText("category"),
      service: from.optionalText("service"),
    };
    if (Object.values(logsource).every((text) => text === null)) {
      from.findings.error(
        from.at,
        "missing-key",
        `${from.what} needs a category, product or service`,
        "what is not given is taken away: without any the rule would read every event",
      );
    }
    return ({ rule }) => {
      rule.logsource = logsource;
    };
  },

  set_state: (from) => {
    const key = from.text("key");
    const value = readAny(from, "val");
    return ({ state }) => {
      state.set(key, value);
    };
  },

  set_custom_attribute: (from) => {
    const attribute = from.text("attribute");
    const value = readAny(from, "value");
    return ({ custom }) => {
      custom.set(attribute, value);
    };
  },

  rule_failure: (from) => {
    const message = from.text("message").replace(/[.!?]$/, "");
    return () => {
      throw new PipelineProblem("pipeline-refused", message);
    };
  },

  strict_field_mapping_failure:
    () =>
    ({ rule, mapped }) => {
      // What a pipeline added names the fields of the events already.
      const leaves = rule
        .leaves()
        .filter(({ item, added }) => !added && item.field !== null && !mapped.has(item.field));
      const [first] = leaves;
      if (first === undefined) return;
      const names = [...new Set(leaves.map(({ item }) => item.field))];
      throw new PipelineProblem(
        "pipeline-field-unmapped",
        `the pipeline maps no field for ${names.join(", ")}`,
        "map the field, to itself when the events have it under the same name",
        first.position,
      );
    },
};

/** Transformations of the rule's list of fields that an analyst wants to see. They change nothing that is matched. */
export const fieldListTransformations: Readonly<Record<string, (from: Parameters) => Transformation>> = {
  add_field: (from) => {
    const added = from.texts("field", true);
    return ({ rule }) => {
      rule.fields = [...rule.fields, ...added];
    };
  },

  remove_field: (from) => {
    const removed = from.texts("field", true);
    return ({ rule }) => {
      rule.fields = rule.fields.filter((name) => !removed.includes(name));
    };
  },

  set_field: (from) => {
    const fields = from.texts("fields");
    return ({ rule }) => {
      rule.fields = fields;
    };
  },
};
