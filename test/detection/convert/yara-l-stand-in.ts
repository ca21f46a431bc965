import type { RuleEvent } from "../../../src/detection/rule.js";
import { readCondition, textOf, type Condition, type Fields } from "./condition-reader.js";
import type { FindsGroups } from "./correlation-stand-ins.js";
import { udmFinds } from "./logs-stand-ins.js";

/**
 * A stand-in for Google SecOps over events that all lie within one window: reads and evaluates the rules over several events
 * that the converter writes, by Google's pages on the sections of a rule. What is absent is empty, or 0.
 */

function sectionsOf(rule: string): Readonly<Record<string, readonly string[]>> {
  const sections: Record<string, string[]> = {};
  let current: string[] = [];
  for (const line of rule.split("\n").slice(1, -1)) {
    const [, name] = /^ {2}(\w+):$/.exec(line) ?? [];
    if (name !== undefined) sections[name] = current = [];
    else current.push(line.trim());
  }
  return sections;
}

/** An event variable: what its events satisfy, and the fields that its placeholders stand for. */
interface Variable {
  readonly finds: Condition;
  readonly placeholders: Readonly<Record<string, string>>;
}

function variableOf(name: string, lines: readonly string[]): Variable {
  const own = lines.filter((line) => line.includes(`${name}.`) && !line.includes("event_timestamp"));
  const isPlaceholder = /^\$\w+\.([\w.]+) = (\$\w+)$/;
  const placeholders = own.flatMap((line) => {
    const [, field, placeholder] = isPlaceholder.exec(line) ?? [];
    return field === undefined || placeholder === undefined ? [] : [[placeholder, field] as const];
  });
  const tests = own
    .filter((line) => !isPlaceholder.test(line))
    .map((line) => udmFinds(line.replaceAll(`${name}.`, "")));
  return {
    finds: (fields) => tests.every((test) => test(fields) === true),
    placeholders: Object.fromEntries(placeholders),
  };
}

/** The values of placeholders; null where one is empty, which a match leaves out ("Zero values in match section"). */
function valuesOf({ placeholders }: Variable, names: readonly string[], fields: Fields): string[] | null {
  const values = names.map((name) => textOf(fields, placeholders[name] ?? "") ?? "");
  return values.includes("") ? null : values;
}

function outcomeOf(line: string, rows: readonly Fields[]): readonly [name: string, value: number] {
  const [, name = "", summed, condition] =
    /^(\$\w+) = (?:sum\(\$e\.([\w.]+)\)|max\(if\((.*), 1, 0\)\))$/.exec(line) ?? [];
  if (summed !== undefined)
    return [name, rows.reduce((sum, row) => sum + Number(textOf(row, summed) ?? "0"), 0)];
  if (condition === undefined) throw new Error(`no outcome: ${line}`);
  const finds = udmFinds(condition.replaceAll("$e.", ""));
  return [name, rows.some((row) => finds(row) === true) ? 1 : 0];
}

/** A condition over counts (`#`) and outcomes; an event variable alone is that there is one. */
function holds(condition: string, values: Readonly<Record<string, number>>): boolean {
  const test = readCondition(condition, {
    and: / and /,
    or: / or /,
    not: /\b\B/,
    comparison: (cursor) => {
      const [, name = "", sign = ">", bound = "0"] = cursor.expect(/([$#]\w+)(?: (>=|>) (-?[\d.]+))?/);
      const value = values[name];
      if (value === undefined) throw new Error(`unknown ${name}`);
      return () => (sign === ">" ? value > Number(bound) : value >= Number(bound));
    },
  });
  return test({}) === true;
}

function follows(variables: readonly Variable[], rows: readonly RuleEvent[]): boolean {
  let after = -1;
  // Taking the first event that fits leaves the most for the variables behind it.
  return variables.every(({ finds }) => {
    const next = rows.find((row) => Math.floor((row.time ?? 0) / 1000) > after && finds(row.fields) === true);
    after = Math.floor((next?.time ?? 0) / 1000);
    return next !== undefined;
  });
}

export const yaraGroups: FindsGroups = (rule, events) => {
  const { events: lines = [], match = [], outcome = [], condition = [] } = sectionsOf(rule);
  const [, list = ""] = /^(.*) over 5m$/.exec(match[0] ?? "") ?? [];
  const names = list.split(", ");
  const variableNames = [...new Set((condition[0] ?? "").match(/[$#]e\d*/g) ?? [])].map((name) =>
    name.replace("#", "$"),
  );
  const variables = variableNames.map((name) => variableOf(name, lines));
  const [first] = variables;
  if (first === undefined) throw new Error(`no event variable: ${rule}`);
  const ordered = events.toSorted((one, other) => (one.time ?? 0) - (other.time ?? 0));
  const keys = new Set(
    ordered.flatMap(({ fields }) => JSON.stringify(valuesOf(first, names, fields)).replace("null", "") || []),
  );
  const found = [...keys].filter((key) => {
    const inGroup = (variable: Variable): RuleEvent[] =>
      ordered.filter(
        ({ fields }) =>
          JSON.stringify(valuesOf(variable, names, fields)) === key && variable.finds(fields) === true,
      );
    if (variables.length > 1) {
      const orders = lines.filter((line) => line.includes("event_timestamp.seconds <"));
      if (orders.length !== variables.length - 1) throw new Error("not in order");
      const own = variables.map((variable) => ({ ...variable, events: new Set(inGroup(variable)) }));
      return follows(
        own.map((variable) => ({
          ...variable,
          finds: (fields) => [...variable.events].some((event) => event.fields === fields),
        })),
        ordered,
      );
    }
    const rows = inGroup(first).map(({ fields }) => fields);
    const values = new Set(rows.map((row) => textOf(row, first.placeholders["$value"] ?? "")));
    return holds(condition[0] ?? "", {
      $e: rows.length,
      "#e": rows.length,
      "#value": values.size,
      ...Object.fromEntries(outcome.map((line) => outcomeOf(line, rows))),
    });
  });
  return found.map((key) => {
    const values = JSON.parse(key) as string[];
    return Object.fromEntries(names.map((name, index) => [first.placeholders[name] ?? "", values[index]]));
  });
};
