import type { Parameters } from "../parameters.js";
import type { Transformation } from "../pipeline.js";
import { PipelineProblem } from "../problem.js";

/** Transformations of whole lines of a rule. */
export const lineTransformations: Readonly<Record<string, (from: Parameters) => Transformation>> = {
  drop_detection_item: () => (run, item) => {
    run.rule.mapLeaves((leaf) => (run.wants(item, leaf) ? null : leaf));
  },

  detection_item_failure: (from) => {
    const message = from.text("message").replace(/[.!?]$/, "");
    return (run, item) => {
      const leaf = run.rule.leaves().find((each) => run.wants(item, each));
      if (leaf !== undefined) throw new PipelineProblem("pipeline-refused", message, "", leaf.position);
    };
  },
};
