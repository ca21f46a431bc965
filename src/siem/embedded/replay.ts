import { setImmediate } from "node:timers/promises";
import type { CompiledRule } from "../../detection/rule.js";
import { type HostEvent, sentinelOf } from "../../model/event.js";
import type { BackgroundBook } from "./background.js";
import { BackgroundCorrelations } from "./background-correlations.js";
import { RuleSet } from "./rules.js";

/** Events that are run over at once. */
const AT_ONCE = 500;

/** Runs rules that were added later over the history, for their background only. */
export async function replayHistory(
  rules: readonly CompiledRule[],
  history: AsyncIterable<HostEvent[]> | Iterable<HostEvent[]>,
  book: BackgroundBook,
  onProblem: (problem: string) => void,
): Promise<void> {
  const set = new RuleSet(rules, onProblem);
  const correlations = new BackgroundCorrelations(set.correlations, book);
  const hosts = new Set<string>();
  await setImmediate();
  for await (const events of history) {
    for (const [index, event] of events.entries()) {
      if (index % AT_ONCE === AT_ONCE - 1) await setImmediate();
      hosts.add(event.host);
      if (sentinelOf(event) !== null) continue;
      const { rules: matched, bases } = set.match(event);
      for (const rule of matched) book.matched(rule.id, event);
      correlations.observe(event, bases);
    }
  }
  for (const host of hosts) correlations.settle(host);
}
