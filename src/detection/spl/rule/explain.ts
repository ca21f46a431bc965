import type { NearestEvent } from "../../../model/verdict.js";
import { printQuery } from "../commands/index.js";
import type { PreparedQuery } from "../evaluate/run.js";
import { Row } from "../evaluate/row.js";
import type { Stage } from "../evaluate/scope.js";
import { textsOf } from "../evaluate/values.js";
import { processRow } from "../events/processes.js";
import type { SplEvent } from "../events/spl-event.js";
import type { CommandNode } from "../syntax/commands.js";
import { explainExpression } from "./explain-expression.js";
import { explainSearch, shownField } from "./explain-search.js";
import { all, cut, nothing, type Outcome } from "./outcome.js";

function unmet(
  clause: string,
  wanted: string,
  change: string,
  field: string | null = null,
  found: string | null = null,
): Outcome {
  return { met: 0, needed: 1, unmet: [{ clause, field, wanted, found, change }], matched: [] };
}

/** What a command that filters says about a row; null for a command that does not filter by a condition. */
function filterOutcome(node: CommandNode, row: Row, query: PreparedQuery, stage: Stage): Outcome | null {
  switch (node.name) {
    case "search":
      return node.condition === null ? nothing : explainSearch(node.condition, row, query, false);
    case "where":
      return explainExpression(node.condition, row, query, false);
    case "regex": {
      const kept = [...stage([row.copy()])].length > 0;
      if (kept) return { met: 1, needed: 1, unmet: [], matched: [] };
      const wanted = `${node.negated ? "no match of" : "a match of"} ${node.pattern}`;
      return unmet(`regex: ${node.field}`, wanted, "", node.field, shownField(row, node.field));
    }
    default:
      return null;
  }
}

/** The outcome of `tstats` for an event: whether it is of the data model, and the model's conditions. */
function modelOutcome(node: CommandNode & { name: "tstats" }, row: Row, query: PreparedQuery): Outcome {
  const model = processRow(row);
  if (model === null) {
    const change = "the event is no process creation";
    return unmet(`tstats: datamodel=${node.datamodel}`, "an event of the data model", change);
  }
  return node.condition === null ? nothing : explainSearch(node.condition, model, query, false);
}

/** One line that tells a reader which event this is. */
function summaryOf(row: Row, event: SplEvent): string {
  for (const name of ["CommandLine", "Image", ...Object.keys(event.fields)]) {
    const [text] = textsOf(row.get(name));
    if (text !== undefined && text !== "")
      return name === "CommandLine" ? cut(text) : `${name}: ${cut(text)}`;
  }
  return "an event without values";
}

/** Walks an event through the pipeline. A row that a filter would have taken out goes on, so that later clauses count. */
function walk(query: PreparedQuery, event: SplEvent): Outcome {
  const outcomes: Outcome[] = [];
  const stages = query.stages();
  let row = Row.ofEvent(event);
  for (const [index, node] of query.query.commands.entries()) {
    const stage = stages[index];
    if (stage === undefined) break;
    const filtered = filterOutcome(node, row, query, stage);
    if (filtered !== null) {
      outcomes.push(filtered);
      continue;
    }
    if (node.name === "tstats") outcomes.push(modelOutcome(node, row, query));
    const [next] = stage([row.copy()]);
    if (next === undefined) {
      if (node.name !== "tstats") {
        const change = `this event alone gives no row behind ${node.name}`;
        outcomes.push(unmet(`${node.name}: ${cut(printQuery({ commands: [node] }))}`, "a row", change));
      }
      break;
    }
    row = next;
  }
  return all(outcomes);
}

/** Which clauses of a query an event meets and which not. `needed - met` is 0 exactly when the rule matches. */
export function explainEvent(query: PreparedQuery, event: SplEvent, matches: boolean): NearestEvent {
  const outcome = walk(query, event);
  const head = { event: event.id, summary: summaryOf(Row.ofEvent(event), event) };
  if (matches) {
    return { ...head, met: outcome.needed, needed: outcome.needed, unmet: [], matched: [...outcome.matched] };
  }
  const alone = unmet(
    "the whole query",
    "a row that stems from this event",
    "the query needs other events too",
  );
  const { met, needed, unmet: clauses } = outcome.unmet.length === 0 ? all([outcome, alone]) : outcome;
  return { ...head, met, needed, unmet: [...clauses] };
}
