import type { Scope, Stage } from "../evaluate/scope.js";
import type { CommandName, CommandNode } from "../syntax/commands.js";
import type { Query } from "../syntax/tree.js";
import type { CommandDefinition } from "./definition.js";
import { convert } from "./convert.js";
import { makemv, mvexpand, spath } from "./extraction.js";
import { dedup, evalCommand, head, regex, reverse, search, where } from "./filters.js";
import { rex } from "./rex.js";
import { bin, fields, filldown, fillnull, rename, table } from "./shaping.js";
import { sort } from "./sort.js";
import { stats, streamstats } from "./stats.js";
import { append, join } from "./subsearches.js";
import { inputlookup, lookup } from "./tables.js";
import { tstats } from "./tstats.js";

/** The node of a command: some nodes stand for two commands. */
type NodeOf<Name extends CommandName, Node = CommandNode> = Node extends { readonly name: infer Names }
  ? Name extends Names
    ? Node
    : never
  : never;

const definitions: { readonly [Name in CommandName]: CommandDefinition<NodeOf<Name>> } = {
  append,
  bin,
  convert,
  dedup,
  eval: evalCommand,
  eventstats: stats,
  fields,
  filldown,
  fillnull,
  head,
  inputlookup,
  join,
  lookup,
  makemv,
  mvexpand,
  regex,
  rename,
  reverse,
  rex,
  search,
  sort,
  spath,
  stats,
  streamstats,
  table,
  tail: head,
  tstats,
  where,
};

/** Other names of commands. */
const otherNames: Readonly<Record<string, CommandName>> = { bucket: "bin" };

/** Commands that make rows themselves, and so may stand behind a pipe that begins the query. */
export const generating: readonly CommandName[] = ["search", "tstats", "inputlookup"];

/** Why commands of Splunk that detections use are not evaluated, and what to write instead. */
export const refusedCommands: Readonly<Record<string, string>> = {
  datamodel: "use tstats … from datamodel=Endpoint.Processes, or a search over the events",
  from: "use a search over the events, or inputlookup",
  transaction: "use stats with earliest(_time), latest(_time) and a group",
  map: "it runs a search for each row; use join or stats",
  makeresults: "it makes rows of its own, which no event stands behind",
  timechart: "it draws a chart; use bin _time and stats",
  chart: "it draws a chart; use stats",
  top: "use stats count, sort and head",
  rare: "use stats count, sort and head",
  transpose: "it turns rows to columns for a reader",
  foreach: "write an eval for each field",
  multisearch: "use OR in one search",
  union: "use append",
  set: "use stats",
  return: "a subsearch ends with the fields that it gives: use fields or table",
  format: "a subsearch gives its rows without it",
  collect: "it writes to an index",
  outputlookup: "it writes to a lookup table",
  sendalert: "it acts on the world",
  rest: "it asks the Splunk server",
  metadata: "it asks the Splunk server",
  tscollect: "it writes to a store",
  mstats: "it reads metrics",
  anomalydetection: "it is not exact",
  cluster: "it is not exact",
  predict: "it is not exact",
  fit: "it trains a model",
  apply: "it applies a trained model",
  iplocation: "it needs a database of addresses; use lookup",
  geostats: "it draws a map",
  addtotals: "use eval",
  addinfo: "it adds facts about the search itself; use now()",
  appendpipe: "use append",
  appendcols: "use join",
  delta: "use streamstats",
  autoregress: "use streamstats",
  xpath: "use rex",
  xmlkv: "use rex",
  kv: "the fields are given with the event",
  extract: "the fields are given with the event",
  multikv: "use rex",
  nomv: "use eval with mvjoin()",
  mvcombine: "use stats values()",
  replace: "use eval with replace()",
  uniq: "use dedup",
  untable: "it turns columns to rows for a reader",
  xyseries: "it draws a chart",
  fieldformat: "use eval",
  fieldsummary: "use stats",
  abstract: "it shortens events for a reader",
  highlight: "it marks words for a reader",
  tags: "tags are a site's own; search for the fields that they stand for",
  localize: "use stats",
  selfjoin: "use join",
  eventcount: "it asks the Splunk server",
  loadjob: "it reads results that Splunk keeps",
  savedsearch: "write the search in its place",
};

/** What is known about a command, by its name in lower case; null when it is none that can be evaluated. */
export function commandOf(name: string): CommandDefinition<CommandNode> | null {
  const long = Object.hasOwn(otherNames, name) ? otherNames[name] : name;
  if (long === undefined || !Object.hasOwn(definitions, long)) return null;
  // A definition is given only nodes that it has read itself.
  return definitions[long as CommandName] as unknown as CommandDefinition<CommandNode>;
}

export function commandNames(): string[] {
  return [...Object.keys(definitions), ...Object.keys(otherNames)];
}

function definitionOf(node: CommandNode): CommandDefinition<CommandNode> {
  const definition = commandOf(node.name);
  if (definition === null) throw new Error(`no command "${node.name}"`);
  return definition;
}

/** Makes a command ready. Throws `SplProblem`. */
export function stageOf(node: CommandNode, scope: Scope): Stage {
  return definitionOf(node).run(node, scope);
}

/** A pipeline as text. Reading it gives the same pipeline. */
export function printQuery(query: Query): string {
  return query.commands
    .map((node, index) => {
      const text = `${node.name} ${definitionOf(node).print(node, { query: printQuery })}`.trim();
      return index === 0 && node.name !== "search" ? `| ${text}` : text;
    })
    .join("\n| ");
}
