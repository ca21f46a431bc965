import { stageOf } from "../commands/index.js";
import { defaultLimits, type Limits } from "../limits.js";
import { SplProblem } from "../problem.js";
import type { SplEvent } from "../events/spl-event.js";
import type { CommandNode } from "../syntax/commands.js";
import { searchLeaves, type Query } from "../syntax/tree.js";
import { Row } from "./row.js";
import type { LookupTable, Scope, Stage } from "./scope.js";

export interface RunOptions {
  /** The time as of which the query is evaluated, milliseconds since 1970; without it, what needs it is refused. */
  readonly now?: number;
  /** The user's time zone, minutes east of UTC; UTC when not given. */
  readonly timeZoneMinutes?: number;
  /** Lookup tables by name. */
  readonly tables?: Readonly<Record<string, LookupTable>>;
  readonly limits?: Partial<Limits>;
}

/** The subsearches of a command's condition. */
function subsearchesOf(node: CommandNode): Query[] {
  if (node.name !== "search" && node.name !== "inputlookup" && node.name !== "tstats") return [];
  return searchLeaves(node.condition).flatMap((leaf) => (leaf.type === "subsearch" ? [leaf.query] : []));
}

/** The pipelines in a command: of subsearches, append and join. They read the events another time. */
function innerPipelines(node: CommandNode): Query[] {
  return node.name === "append" || node.name === "join" ? [node.query] : subsearchesOf(node);
}

const ordered = ["head", "tail", "reverse", "dedup", "streamstats", "filldown"];
const orderedAggregates = ["first", "last", "list", "mode"];

/** Whether what a command gives depends on the order in which rows come. */
function dependsOnOrder(node: CommandNode): boolean {
  if (ordered.includes(node.name)) return true;
  if (node.name !== "stats" && node.name !== "eventstats") return false;
  return node.aggregations.some(({ function: name }) => orderedAggregates.includes(name));
}

/** The pipeline and every inner one: of subsearches, append and join. */
export function pipelinesOf(query: Query): Query[] {
  const inner = query.commands.flatMap(innerPipelines);
  return [query, ...inner.flatMap(pipelinesOf)];
}

/** The commands of every pipeline of a query. */
export function commandsOf(query: Query): CommandNode[] {
  return pipelinesOf(query).flatMap(({ commands }) => commands);
}

/** Splunk gives events newest first. */
function newestFirst(events: readonly SplEvent[]): SplEvent[] {
  return events.toSorted((left, right) => (right.time ?? -Infinity) - (left.time ?? -Infinity) || 0);
}

function collectEvents(events: Iterable<SplEvent>, limits: Limits): SplEvent[] {
  const collected: SplEvent[] = [];
  for (const event of events) {
    if (collected.length >= limits.rows) {
      const hint = "narrow the events, or raise the limit";
      throw new SplProblem("row-limit", 0, `the query must hold more than ${limits.rows} events`, hint);
    }
    collected.push(event);
  }
  return collected;
}

/** A query made ready to be run over events, again and again. It holds the events of one run at a time. */
export class PreparedQuery implements Scope {
  readonly limits: Limits;
  readonly now: number | null;
  readonly zone: number;
  readonly tables: Readonly<Record<string, LookupTable>>;
  readonly #inOrder: boolean;
  readonly #rereads: boolean;
  readonly #stages: readonly Stage[];
  #events: Iterable<SplEvent> = [];

  /** Throws {@link SplProblem} for what is wrong whatever the events. */
  constructor(
    readonly query: Query,
    options: RunOptions,
  ) {
    this.limits = { ...defaultLimits, ...options.limits };
    this.now = options.now ?? null;
    this.zone = options.timeZoneMinutes ?? 0;
    this.tables = options.tables ?? {};
    const all = commandsOf(query);
    this.#inOrder = all.some(dependsOnOrder);
    this.#rereads = all.some((node) => innerPipelines(node).length > 0);
    for (const node of all) stageOf(node, this);
    this.#stages = this.#makeStages();
  }

  /** The rows that the query gives, one after the other. Throws {@link SplProblem}. */
  *run(events: Iterable<SplEvent>): Iterable<Row> {
    this.#events = events;
    if (this.#inOrder || this.#rereads) {
      const collected = collectEvents(events, this.limits);
      this.#events = this.#inOrder ? newestFirst(collected) : collected;
    }
    yield* pipe(this.stages(), this.replay());
  }

  /** The commands made ready. Those that hold the rows of a subsearch are made anew for each run. */
  stages(): readonly Stage[] {
    return this.#rereads ? this.#makeStages() : this.#stages;
  }

  *replay(): Iterable<Row> {
    for (const event of this.#events) yield Row.ofEvent(event);
  }

  subsearch(query: Query, at: number): readonly Row[] {
    const rows: Row[] = [];
    const stages = query.commands.map((node) => stageOf(node, this));
    for (const row of pipe(stages, this.replay())) {
      if (rows.length >= this.limits.subsearchRows) {
        throw new SplProblem(
          "subsearch-limit",
          at,
          `the subsearch gives more than ${this.limits.subsearchRows} rows`,
          "narrow it, or end it with stats",
        );
      }
      rows.push(row);
    }
    return rows;
  }

  #makeStages(): Stage[] {
    return this.query.commands.map((node) => stageOf(node, this));
  }
}

function pipe(stages: readonly Stage[], rows: Iterable<Row>): Iterable<Row> {
  return stages.reduce((given, stage) => stage(given), rows);
}
