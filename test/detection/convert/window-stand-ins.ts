import type { RuleEvent } from "../../../src/detection/rule.js";
import { splGroups, type FindsGroups } from "./correlation-stand-ins.js";
import { compares, textOf, type Fields } from "./condition-reader.js";
import { kqlFinds } from "./kql-stand-in.js";

/**
 * Tyrian's own SPL, which has no windows by time: over events that all lie within the timespan, the window before an event is
 * all that came before it.
 */
export const splWindowGroups: FindsGroups = (query, events) => {
  if (!query.includes("| streamstats time_window=5m ")) throw new Error("no windows of 5m");
  return splGroups(query.replace(" time_window=5m", ""), events);
};

interface Counted {
  readonly time: number;
  readonly groups: readonly string[];
  readonly number: number;
}

/** What the conditions `isnotempty(a) and isnotnull(todouble(b))` and `project` make of the events. */
function countedBy(line: string, project: string, found: readonly RuleEvent[]): Counted[] {
  const names = [...line.matchAll(/isnotempty\((\w+)\)/g)].map(([, name = ""]) => name);
  const [, field = ""] = /isnotnull\(todouble\((\w+)\)\)/.exec(line) ?? [];
  const groups = [...project.matchAll(/tyrian_\d+_group=(\w+)/g)].map(([, name = ""]) => name);
  if (groups.join() !== names.join() || !project.includes(`tyrian_number=todouble(${field})`))
    throw new Error(`not the same fields: ${line}\n${project}`);
  return found.flatMap(({ time, fields }) => {
    const values = groups.map((name) => textOf(fields, name) ?? "");
    const text = textOf(fields, field);
    return text === null || values.includes("")
      ? []
      : [{ time: time ?? 0, groups: values, number: Number(text) }];
  });
}

type Measure = (numbers: readonly number[]) => number;

/** `sum`, `avg`, and the lines over `make_list` that place a percentile among the numbers in order. */
function measureOf(lines: readonly string[]): Measure {
  const [first = "", rank = ""] = lines;
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  if (first.includes("=sum(")) return sum;
  if (first.includes("=avg(")) return (numbers) => sum(numbers) / numbers.length;
  const [, share = ""] =
    /^extend tyrian_rank=([\d.]+) \/ 100\.0 \* \(array_length\(tyrian_numbers\) - 1\)$/.exec(rank) ?? [];
  if (share === "") throw new Error(`no place of a percentile: ${rank}`);
  return (numbers) => {
    const sorted = numbers.toSorted((one, other) => one - other);
    const place = (Number(share) / 100) * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(place)] ?? NaN, sorted[Math.ceil(place)] ?? NaN];
    return below + (above - below) * (place - Math.floor(place));
  };
}

/** Microsoft Learn: "join operator" (kind=inner), "between operator", "summarize operator". */
export const kqlWindowGroups: FindsGroups = (query, events) => {
  const [source = "", windows = ""] = query.replace("let tyrian_events = ", "").split(";\n");
  const [table = "", where = "", present = "", project = ""] = source.split("\n| ");
  const [, , , between = "", ...rest] = windows.split("\n| ");
  if (between !== "where tyrian_time1 between ((tyrian_time - 5m) .. tyrian_time)") throw new Error(between);
  const finds = kqlFinds(`${table}\n| ${where}`);
  const counted = countedBy(
    present,
    project,
    events.filter(({ fields }) => finds(fields) === true),
  );
  const measure = measureOf(rest.slice(0, -2));
  const bounds = [...(rest.at(-2) ?? "").matchAll(/tyrian_value (==|!=|<=|>=|<|>) (-?[\d.]+)/g)];
  const names = [...(rest.at(-1) ?? "").matchAll(/(\w+)=tyrian_\d+_group/g)].map(([, name = ""]) => name);
  const met = counted.filter(({ time, groups }) => {
    const window = counted.filter(
      (each) =>
        each.groups.join("\n") === groups.join("\n") && each.time >= time - 300_000 && each.time <= time,
    );
    const value = measure(window.map(({ number }) => number));
    return bounds.every(([, sign = "", bound]) =>
      sign === "!=" ? value !== Number(bound) : compares(sign, value, Number(bound)),
    );
  });
  return met.map(({ groups }): Fields =>
    Object.fromEntries(names.map((name, index) => [name, groups[index]])),
  );
};
