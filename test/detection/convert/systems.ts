import { expect } from "vitest";
import type { QueryLanguage } from "../../../src/detection/convert/index.js";
import { PreparedQuery } from "../../../src/detection/spl/evaluate/run.js";
import { parseSpl } from "../../../src/detection/spl/parse.js";
import type { Condition, Fields } from "./condition-reader.js";
import { eqlFinds } from "./eql-stand-in.js";
import { esqlFinds } from "./esql-stand-in.js";
import { kqlFinds } from "./kql-stand-in.js";
import { logqlFinds, logsqlFinds, udmFinds } from "./logs-stand-ins.js";
import { luceneFinds } from "./lucene-stand-in.js";
import { pplFinds } from "./ppl-stand-in.js";
import type { RuleCase } from "./rule-cases.js";

export const logsource = { product: "windows", category: "process_creation" };

/** The fields' names, as Google SecOps has them. */
const udmNames: Readonly<Record<string, string>> = {
  CommandLine: "target.process.command_line",
  Image: "target.process.file.full_path",
  Address: "principal.ip",
  Count: "network.sent_bytes",
};

function asUdm(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(asUdm);
  if (typeof part === "string") return udmNames[part] ?? part;
  if (typeof part !== "object" || part === null) return part;
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => [
      key.replace(/^\w+/, (name) => udmNames[name] ?? name),
      asUdm(value),
    ]),
  );
}

export function asGiven({ detection, events }: RuleCase): RuleCase {
  return { detection, events };
}

function renamed({ detection, events }: RuleCase): RuleCase {
  return {
    detection: asUdm(detection) as RuleCase["detection"],
    events: events.map((event) => asUdm(event) as Fields),
  };
}

/** Whether a value is one that the converters' assumptions allow. */
type Allowed = (name: string, value: unknown) => boolean;

/** Numbers in a field of numbers, addresses in one of addresses. */
const typed: Allowed = (name, value) =>
  /Count|bytes/.test(name)
    ? typeof value === "number"
    : !/Address|ip$/.test(name) || /^[\d.]+$|^[\da-f:]+$/.test(String(value));
const typedNotEmpty: Allowed = (name, value) => value !== "" && typed(name, value);
/** Texts in a field of numbers are allowed, ranges in one of addresses are not. */
const loose: Allowed = (name, value) =>
  value !== "" && !(name === "Address" && !/^[\d.]+$|^[\da-f:]+$/.test(String(value)));
/** No empty texts, no texts in a column of numbers, no ranges in one of addresses. */
const table: Allowed = (name, value) =>
  value !== "" &&
  !(name === "Address" && String(value).includes("/")) &&
  (name !== "Count" || typeof value === "number");

/** A query language with a stand-in for what speaks it. */
export interface System {
  readonly language: QueryLanguage;
  readonly finds: (query: string) => Condition;
  readonly source?: string;
  readonly allowed: Allowed;
  readonly shape?: (given: RuleCase) => RuleCase;
  /** For each rule that is tried: how many must have a query at least, and how many events must be found by them. */
  readonly least: readonly [converted: number, found: number];
}

/** Tyrian's own SPL, whose rows and findings are those of Splunk as far as its documentation tells. */
function splFinds(text: string): Condition {
  const { query, diagnostics } = parseSpl(text, "query.spl");
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  if (query === null) throw new Error("no query");
  const prepared = new PreparedQuery(query, {});
  return (fields) => [...prepared.run([{ id: "1", time: 0, fields, logsource }])].length === 1;
}

export const systems: readonly System[] = [
  { language: "spl", finds: splFinds, allowed: () => true, least: [0.62, 0.38] },
  {
    language: "kql",
    finds: kqlFinds,
    source: "Events",
    allowed: table,
    least: [0.5, 0.38],
  },
  {
    language: "lucene",
    finds: luceneFinds,
    allowed: typed,
    least: [0.38, 0.25],
  },
  {
    language: "esql",
    finds: esqlFinds,
    source: "events",
    allowed: typed,
    least: [0.38, 0.25],
  },
  { language: "eql", finds: eqlFinds, allowed: typed, least: [0.19, 0.12] },
  { language: "ppl", finds: pplFinds, source: "events", allowed: typed, least: [0.19, 0.12] },
  { language: "logsql", finds: logsqlFinds, allowed: loose, least: [0.19, 0.12] },
  {
    language: "logql",
    finds: logqlFinds,
    source: '{job="events"} | json',
    allowed: loose,
    least: [0.19, 0.12],
  },
  { language: "udm-search", finds: udmFinds, allowed: typedNotEmpty, shape: renamed, least: [0.19, 0.12] },
];
