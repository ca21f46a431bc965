import type { CompiledRule, RuleEvent } from "../../rule.js";
import { viewOf, type EventView } from "../event-view.js";
import { contributionOf, type Contribution, type Uncounted } from "./contribution.js";
import type { Correlation } from "./correlation.js";
import { fieldOfMatch } from "./match-fields.js";
import { makeNodes, type Node } from "./node.js";
import { Pending } from "./pending.js";
import { sourcesOf } from "./sources.js";
import { GroupWindow, type Entry, type WindowMatch } from "./window.js";

/** A correlation that matched: in one group, in the timespan that ended at one event. */
export interface CorrelationMatch {
  readonly correlation: Correlation;
  /** Values of the group-by fields, by their names. */
  readonly group: Readonly<Record<string, string>>;
  /** Times of the first and the last of the source events, in milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** The number that the condition was compared with; for temporal types the number of rules that matched. */
  readonly value: number;
  /** Ids of the source events, by their times; of many the latest. */
  readonly sources: readonly string[];
  /** How many source events there are, listed or not. */
  readonly sourceCount: number;
  /**
   * A match of the same group was not a repetition and ended at most a timespan before. One alert for each timespan is
   * one for each match that does not repeat.
   */
  readonly repeats: boolean;
}

/** What was not counted, and why. Each event is told of once for each rule of a correlation that it matched. */
export interface UncountedEvents {
  /** It came after the tolerance for late events had run out. */
  readonly late: number;
  /** Its time is not known. */
  readonly undated: number;
  /** It has no value in a group-by field. */
  readonly noGroup: number;
  /** It has no value, or no number, in the field of the condition. */
  readonly noValue: number;
  /** Its fields have more than 256 combinations of values. */
  readonly tooManyValues: number;
}

export interface EvaluatorOptions {
  /**
   * How much later than an event of a later time an event may come, in milliseconds of event time; 0 by default. One event
   * with a time far in the future makes all others late: with Infinity only `advance` moves on, for streams whose reader
   * has a better clock than its events.
   */
  readonly tolerance?: number;
  /** The most source events that a match lists; 1,000 by default. */
  readonly mostSources?: number;
  /** Told of every window that was looked at, whether it matched or not. */
  readonly onWindow?: (window: GroupWindow, time: number, match: WindowMatch | null) => void;
  /** Told of every event that was not counted. */
  readonly onUncounted?: (correlation: Correlation, index: number, why: Uncounted) => void;
}

/** Source events that a match lists, unless asked otherwise. */
const mostSources = 1000;

/** An event's contribution to a correlation, until its time is worked on. */
interface Arrival {
  readonly node: Node;
  readonly index: number;
  readonly event: string;
  readonly contribution: Contribution;
}

/**
 * Evaluates correlations over a stream of events that matched their rules. Windows slide with the times of the events:
 * each event ends a window that reaches a timespan back. Events may come in any order within the tolerance: what a time
 * has is looked at when nothing of that time can come any more, so the matches are the same for each such order. That is
 * when an event comes that is later by more than the tolerance, or when {@link advance} or {@link finish} says so.
 *
 * A correlation that reads correlations gets their matches as events at the end of their windows. `event_count` counts of
 * them only those that do not repeat, so a burst counts once.
 */
export class CorrelationEvaluator {
  readonly #nodes: readonly Node[];
  readonly #reported: ReadonlySet<Correlation>;
  readonly #byRule = new Map<CompiledRule, { node: Node; index: number }[]>();
  readonly #pending = new Pending<Arrival>();
  readonly #options: EvaluatorOptions;
  readonly #uncounted = { late: 0, undated: 0, noGroup: 0, noValue: 0, tooManyValues: 0 };
  #latest = -Infinity;
  /** Times before it are done. */
  #horizon = -Infinity;

  /** Matches of the given correlations are reported; those that they read are evaluated with them. */
  constructor(correlations: readonly Correlation[], options: EvaluatorOptions = {}) {
    this.#options = options;
    this.#reported = new Set(correlations);
    this.#nodes = makeNodes(correlations);
    for (const node of this.#nodes) {
      for (const [index, counted] of node.correlation.counted.entries()) {
        if (counted.type !== "rule") continue;
        const places = this.#byRule.get(counted.rule) ?? [];
        places.push({ node, index });
        this.#byRule.set(counted.rule, places);
      }
    }
  }

  /**
   * Takes an event and the rules that it matched, and gives the matches that are certain now. `time` is the event's own,
   * in milliseconds since 1970; null when it is not known: such an event is not counted.
   */
  add(event: RuleEvent, time: number | null, rules: Iterable<CompiledRule>): CorrelationMatch[] {
    const view = viewOf(event);
    for (const rule of rules) {
      for (const place of this.#byRule.get(rule) ?? []) this.#arrive(place, view, time);
    }
    if (time === null || !Number.isFinite(time) || time <= this.#latest) return [];
    this.#latest = time;
    return this.advance(time - (this.#options.tolerance ?? 0));
  }

  /** States that no event from before a time will come any more, and gives the matches that are certain with that. */
  advance(time: number): CorrelationMatch[] {
    if (!(time > this.#horizon)) return [];
    this.#horizon = time;
    const matches: CorrelationMatch[] = [];
    for (let next = this.#pending.takeBefore(time); next !== null; next = this.#pending.takeBefore(time))
      this.#work(next.time, next.items, matches);
    this.#sweep(Number.isFinite(time) ? time : this.#latest);
    return matches;
  }

  /** States that no event will come any more. */
  finish(): CorrelationMatch[] {
    return this.advance(Infinity);
  }

  /** What was not counted so far. */
  uncounted(): UncountedEvents {
    return { ...this.#uncounted };
  }

  /** How many entries are held, those that wait for late events included. */
  get size(): number {
    let size = this.#pending.size;
    for (const { groups } of this.#nodes) for (const window of groups.values()) size += window.size;
    return size;
  }

  #arrive({ node, index }: { node: Node; index: number }, view: EventView, time: number | null): void {
    if (time === null || !Number.isFinite(time)) {
      this.#uncounted.undated++;
      return;
    }
    if (time < this.#horizon) {
      this.#uncounted.late++;
      return;
    }
    const contribution = contributionOf(
      node.correlation,
      index,
      node.carried,
      (field) => view.field(field).texts,
    );
    if (typeof contribution === "string") this.#leaveOut(node, index, contribution);
    else this.#pending.add(time, { node, index, event: view.event.id, contribution });
  }

  #leaveOut({ correlation }: Node, index: number, why: Uncounted): void {
    const kinds = {
      "no-group": "noGroup",
      "no-value": "noValue",
      "too-many-values": "tooManyValues",
    } as const;
    this.#uncounted[kinds[why]]++;
    this.#options.onUncounted?.(correlation, index, why);
  }

  /** Works on everything of one time: inner correlations first, so that their matches are there for the outer ones. */
  #work(time: number, arrivals: readonly Arrival[], matches: CorrelationMatch[]): void {
    // In the order of the rules, so that nothing depends on which rule was told of first.
    const inOrder = arrivals.toSorted((left, right) => left.index - right.index);
    for (const { node, index, event, contribution } of inOrder)
      this.#wait(node, index, contribution, { id: event, time, match: null });
    for (const node of this.#nodes) {
      if (node.waiting.size === 0) continue;
      // By their values, so that matches of one time stand in the same order, whatever came first.
      const waiting = [...node.waiting].toSorted(([key], [other]) => (key < other ? -1 : 1));
      node.waiting.clear();
      for (const [key, { group, entries }] of waiting) {
        let window = node.groups.get(key);
        if (window === undefined) {
          window = new GroupWindow(node.correlation, group, node.carried.length);
          node.groups.set(key, window);
        }
        window.forget(time - node.retention);
        const match = window.slide(time, [...entries.values()]);
        this.#options.onWindow?.(window, time, match);
        if (match === null) continue;
        if (this.#reported.has(node.correlation)) matches.push(this.#report(match));
        this.#passOn(node, key, match);
      }
    }
  }

  #wait(
    node: Node,
    index: number,
    { groups, ...brought }: Contribution,
    origin: Pick<Entry, "id" | "time" | "match">,
  ): void {
    for (const group of groups) {
      const key = JSON.stringify(group);
      const waiting = node.waiting.get(key) ?? { group, entries: new Map<string, Entry>() };
      node.waiting.set(key, waiting);
      // An event that matches several of the rules is one event.
      const known = waiting.entries.get(origin.id);
      if (known === undefined) waiting.entries.set(origin.id, { ...origin, ...brought, rules: [index] });
      else if (!known.rules.includes(index)) waiting.entries.set(origin.id, merged(known, index, brought));
    }
  }

  #passOn(node: Node, key: string, match: WindowMatch): void {
    for (const { node: outer, index } of node.outer) {
      if (outer.correlation.tree.type === "event_count" && match.repeats) continue;
      const contribution = contributionOf(
        outer.correlation,
        index,
        outer.carried,
        fieldOfMatch(match, node.carried),
      );
      if (typeof contribution === "string") this.#leaveOut(outer, index, contribution);
      // The names of correlations' matches cannot be those of events: ids have no line breaks in front.
      else this.#wait(outer, index, contribution, { id: `\n${index}\n${key}`, time: match.to, match });
    }
  }

  #report(match: WindowMatch): CorrelationMatch {
    const { correlation, group } = match.window;
    const sources = sourcesOf(match, this.#options.mostSources ?? mostSources);
    return {
      correlation,
      group: Object.fromEntries(correlation.tree.groupBy.map((name, index) => [name, group[index] ?? ""])),
      from: sources.from,
      to: match.to,
      value: match.value,
      sources: sources.ids,
      sourceCount: sources.count,
      repeats: match.repeats,
    };
  }

  /** Forgets groups that no window can reach any more. Each is visited a few times at most before it is forgotten. */
  #sweep(time: number): void {
    for (const node of this.#nodes) {
      if (time - node.sweptAt < node.retention / 4) continue;
      node.sweptAt = time;
      for (const [key, window] of node.groups) {
        window.slideAway(time);
        window.forget(time - node.retention);
        if (window.size === 0) node.groups.delete(key);
      }
    }
  }
}

function merged(
  known: Entry,
  index: number,
  { values, numbers, carried }: Omit<Contribution, "groups">,
): Entry {
  return {
    ...known,
    rules: [...known.rules, index],
    values: [...new Set([...known.values, ...values])],
    numbers: known.numbers.length > 0 ? known.numbers : numbers,
    carried: known.carried.map((list, place) => [...new Set([...list, ...(carried[place] ?? [])])]),
  };
}

/** All matches of correlations over a set of events, in the order of their times; the order of the events is of no account. */
export function correlate(
  correlations: readonly Correlation[],
  events: Iterable<{
    readonly event: RuleEvent;
    readonly time: number | null;
    readonly rules: Iterable<CompiledRule>;
  }>,
  options: Omit<EvaluatorOptions, "tolerance"> = {},
): CorrelationMatch[] {
  const evaluator = new CorrelationEvaluator(correlations, { ...options, tolerance: Infinity });
  for (const { event, time, rules } of events) evaluator.add(event, time, rules);
  return evaluator.finish();
}
