import { withInner, type Correlation } from "./correlation.js";
import { carriedFields } from "./match-fields.js";
import type { Entry, GroupWindow } from "./window.js";

/** One correlation's state. */
export interface Node {
  readonly correlation: Correlation;
  readonly carried: readonly string[];
  readonly outer: readonly { readonly node: Node; readonly index: number }[];
  /** How long entries are kept: its own timespan, and that of the correlations that read it. Milliseconds. */
  readonly retention: number;
  readonly groups: Map<string, GroupWindow>;
  /** Entries of the time that is worked on, by group. */
  readonly waiting: Map<string, { readonly group: readonly string[]; readonly entries: Map<string, Entry> }>;
  sweptAt: number;
}

/** The state of correlations and of those that they read, inner ones first. */
export function makeNodes(correlations: readonly Correlation[]): Node[] {
  const ordered = withInner(correlations);
  const carried = carriedFields(ordered);
  const nodes = new Map<Correlation, Node>();
  // Outer correlations first: an inner one needs to know who reads it.
  for (const correlation of ordered.toReversed()) {
    const outer = [...nodes.values()].flatMap((node) =>
      node.correlation.counted.flatMap((counted, index) =>
        counted.type === "correlation" && counted.correlation === correlation ? [{ node, index }] : [],
      ),
    );
    const longest = outer.reduce((most, { node }) => Math.max(most, node.retention), 0);
    nodes.set(correlation, {
      correlation,
      carried: carried.get(correlation) ?? [],
      outer,
      retention: correlation.tree.timespan + longest,
      groups: new Map(),
      waiting: new Map(),
      sweptAt: -Infinity,
    });
  }
  return ordered.flatMap((correlation) => nodes.get(correlation) ?? []);
}
