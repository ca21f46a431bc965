import type { Position } from "../../errors.js";
import type { AddedSearch, Item, Search, SigmaRule } from "../sigma/rule-tree.js";
import { dropFromCondition } from "./condition-change.js";
import { PipelineProblem } from "./problem.js";

/** One line of a rule while pipelines work on it. */
export interface Leaf {
  readonly type: "leaf";
  readonly item: Item;
  /** Ids of the processing items that changed it. */
  readonly processedBy: ReadonlySet<string>;
  /** Where it stands: in the rule, or in the pipeline that added it. */
  readonly position: Position;
  /** A pipeline added it, so that its field is one of the events already. */
  readonly added: boolean;
}

/** What a search identifier stands for while pipelines work on it: a mapping to several fields nests freely. */
export type Node = Leaf | { readonly type: "all" | "any"; readonly parts: readonly Node[] };

/** Larger rules come of mappings to several fields in selections of many lines: each field doubles the alternatives. */
const mostCombinations = 20_000;

/** How many lines may still be made of mappings to several fields, in all selections of a rule. */
interface Budget {
  left: number;
}

/** A search as a tree of lines. `place` tells where an item stands. */
export function nodeOf(search: Search, place: (item: Item) => Position, added: boolean): Node {
  if (search.type === "alternatives")
    return { type: "any", parts: search.alternatives.map((each) => nodeOf(each, place, added)) };
  const leaves = search.items.map((item): Leaf => ({
    type: "leaf",
    item,
    processedBy: new Set(),
    position: place(item),
    added,
  }));
  return { type: "all", parts: leaves };
}

/** Every line, from first to last. */
export function leavesOf(node: Node): readonly Leaf[] {
  return node.type === "leaf" ? [node] : node.parts.flatMap(leavesOf);
}

/** The tree with every line replaced; null for a line drops it, and what holds nothing any more goes with it. */
export function mapLeaves(node: Node, change: (leaf: Leaf) => Node | null): Node | null {
  if (node.type === "leaf") return change(node);
  const parts = node.parts.flatMap((part) => {
    const changed = mapLeaves(part, change);
    return changed === null ? [] : [changed];
  });
  return parts.length === 0 ? null : { type: node.type, parts };
}

/** The alternatives that a tree is, each a list of lines that must all hold. */
function alternativesOf(node: Node, budget: Budget): Leaf[][] {
  if (node.type === "leaf") return [[node]];
  if (node.type === "any") return node.parts.flatMap((part) => alternativesOf(part, budget));
  let alternatives: Leaf[][] = [[]];
  for (const part of node.parts) {
    const choices = alternativesOf(part, budget);
    const made = alternatives.length * choices.length;
    budget.left -= made === 1 ? 0 : made;
    if (budget.left < 0) {
      throw new PipelineProblem(
        "pipeline-too-large",
        `the mappings to several fields give more than ${mostCombinations} combinations`,
        "map the fields to fewer fields, or split the selection",
        part.type === "leaf" ? part.position : (leavesOf(part)[0]?.position ?? null),
      );
    }
    alternatives = alternatives.flatMap((start) => choices.map((choice) => [...start, ...choice]));
  }
  return alternatives;
}

/** The tree as a rule's search. What the pipelines left as it was comes out as it went in. */
function searchOf(node: Node, budget: Budget): Search {
  if (node.type === "any") {
    return { type: "alternatives", alternatives: node.parts.map((part) => searchOf(part, budget)) };
  }
  const searches = alternativesOf(node, budget).map((leaves): Search => ({
    type: "items",
    items: leaves.map(({ item }) => item),
  }));
  const [first] = searches;
  return searches.length === 1 && first !== undefined
    ? first
    : { type: "alternatives", alternatives: searches };
}

/** A rule while pipelines work on it. */
export class WorkRule {
  logsource: SigmaRule["logsource"];
  condition: SigmaRule["condition"];
  /** The rule's `fields`: what an analyst wants to see of a match. */
  fields: readonly string[];
  readonly searches: Map<string, Node>;
  /** The searches of filters and pipelines among them. */
  readonly added: Map<string, AddedSearch>;

  constructor(
    readonly original: SigmaRule,
    place: (item: Item) => Position,
    fields: readonly string[],
  ) {
    this.logsource = original.logsource;
    this.condition = original.condition;
    this.fields = fields;
    this.added = new Map(original.added);
    this.searches = new Map(
      [...original.searches].map(([name, search]) => [name, nodeOf(search, place, false)]),
    );
  }

  leaves(): readonly Leaf[] {
    return [...this.searches.values()].flatMap(leavesOf);
  }

  /** Replaces lines of every search; see {@link mapLeaves}. Searches that are left empty leave the condition. */
  mapLeaves(change: (leaf: Leaf) => Node | null): void {
    const emptied = new Set<string>();
    for (const [name, node] of this.searches) {
      const changed = mapLeaves(node, change);
      if (changed === null) emptied.add(name);
      else this.searches.set(name, changed);
    }
    if (emptied.size === 0) return;
    const condition = dropFromCondition(this.condition, [...this.searches.keys()], emptied);
    for (const name of emptied) this.searches.delete(name);
    if (condition === null) {
      throw new PipelineProblem(
        "pipeline-rule-empty",
        "the pipeline drops every line that the condition asks for",
        "drop fewer lines: a rule without any would match every event",
      );
    }
    this.condition = condition;
  }

  /** The rule as it is now. */
  finish(): SigmaRule {
    const budget = { left: mostCombinations };
    return {
      ...this.original,
      logsource: this.logsource,
      condition: this.condition,
      searches: new Map([...this.searches].map(([name, node]) => [name, searchOf(node, budget)])),
      ...(this.added.size === 0 ? {} : { added: this.added }),
    };
  }
}
