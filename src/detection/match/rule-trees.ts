import type { CompiledRule } from "../rule.js";
import type { SigmaRule } from "../sigma/rule-tree.js";

const trees = new WeakMap<CompiledRule, SigmaRule>();

/** Remembers what a rule was compiled from. A rule that wraps another, and so may answer differently, has nothing. */
export function rememberTree(rule: CompiledRule, tree: SigmaRule): void {
  trees.set(rule, tree);
}

/** What a rule was compiled from; null for rules of which it is not known, which can only be asked as a whole. */
export function treeOf(rule: CompiledRule): SigmaRule | null {
  return trees.get(rule) ?? null;
}
