import type { Row } from "../evaluate/row.js";
import { pipelinesOf } from "../evaluate/run.js";
import { compileSearch } from "../evaluate/search.js";
import type { Scope } from "../evaluate/scope.js";
import { processRow } from "../events/processes.js";
import type { Query, SearchExpression } from "../syntax/tree.js";

/** Fields that say what kind of event it is, not what happened. */
const routing = ["index", "sourcetype", "source", "EventCode", "EventID", "signature_id"];

/** Whether a condition holds as far as the kind of the event tells; null when that leaves it open. */
type KindTest = (row: Row) => boolean | null;

function kindTest(search: SearchExpression, scope: Scope): KindTest {
  switch (search.type) {
    case "not": {
      const test = kindTest(search.operand, scope);
      return (row) => {
        const holds = test(row);
        return holds === null ? null : !holds;
      };
    }
    case "and":
    case "or": {
      const decides = search.type === "or";
      const tests = search.operands.map((operand) => kindTest(operand, scope));
      return (row) => {
        const results = tests.map((test) => test(row));
        if (results.includes(decides)) return decides;
        return results.includes(null) ? null : !decides;
      };
    }
    case "eventtype":
      return kindTest(search.search, scope);
    case "compare":
    case "in":
      return routing.includes(search.field) ? compileSearch(search, scope) : () => null;
    case "keyword":
    case "time":
    case "subsearch":
      return () => null;
  }
}

function pipelineTest({ commands }: Query, scope: Scope): (row: Row) => boolean {
  const tests: KindTest[] = [];
  for (const node of commands) {
    if (node.name === "tstats") tests.push((row) => processRow(row) !== null);
    else if (node.name === "inputlookup" && !node.append) tests.push(() => false);
    else if (node.name === "search") {
      if (node.condition !== null) tests.push(kindTest(node.condition, scope));
      continue;
    }
    break;
  }
  return (row) => tests.every((test) => test(row) !== false);
}

/**
 * Whether an event is of a kind that a query reads: what the searches before any other command of one of its pipelines say
 * about index, sourcetype, source and event code does not rule it out.
 */
export function readsTest(query: Query, scope: Scope): (row: Row) => boolean {
  const tests = pipelinesOf(query).map((pipeline) => pipelineTest(pipeline, scope));
  return (row) => tests.some((test) => test(row));
}
