import { nearestWord } from "../../sigma/text.js";
import { SplProblem } from "../problem.js";

/** A search macro: the names of its arguments, and its text, in which `$name$` stands for an argument. */
export interface MacroDefinition {
  readonly arguments?: readonly string[];
  readonly definition: string;
}

/** Macros by name, those with arguments by name and count as in Splunk: `drop_dm_object_name(1)`. */
export type MacroTable = Readonly<Record<string, MacroDefinition>>;

interface MacroCall {
  readonly name: string;
  readonly values: readonly string[];
}

/** An argument without the quotes around it, which only keep its commas together. */
function withoutQuotes(text: string, at: number): string {
  const quoted = /^"((?:[^"\\]|\\[\s\S])*)"$/.exec(text);
  if (quoted !== null) return (quoted[1] ?? "").replaceAll('\\"', '"');
  if (!text.includes('"')) return text;
  throw new SplProblem(
    "macro-argument-quoted",
    at,
    "a part of a macro's argument is in quotes, and it is not sure that Splunk leaves them there",
    "write the whole argument in quotes, or the macro's definition in its place",
  );
}

function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === "\\") index++;
    else if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === "(") depth++;
    else if (character === ")") depth--;
    else if (character === "," && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, text.slice(start)].map((part) => part.trim());
}

function parseCall(text: string, at: number): MacroCall {
  const match = /^\s*([A-Za-z0-9_:.-]+)\s*(?:\(([\s\S]*)\))?\s*$/.exec(text);
  if (match === null) {
    throw new SplProblem(
      "macro-syntax",
      at,
      "expected a macro such as `name` or `name(argument)` between the backticks",
      "three backticks on each side make a comment",
    );
  }
  return { name: match[1] ?? "", values: match[2] === undefined ? [] : splitArguments(match[2]) };
}

/** Detections of security_content end in a macro of their own, in which a site writes its exceptions. It ships as this. */
const emptyFilter: MacroDefinition = { definition: "search *" };

function find(call: MacroCall, macros: MacroTable, at: number): MacroDefinition {
  const key = call.values.length === 0 ? call.name : `${call.name}(${call.values.length})`;
  const found = Object.hasOwn(macros, key) ? macros[key] : undefined;
  if (found !== undefined) return found;
  if (call.values.length === 0 && call.name.endsWith("_filter")) return emptyFilter;
  const nearest = nearestWord(key, Object.keys(macros));
  throw new SplProblem(
    "unknown-macro",
    at,
    `the macro \`${key}\` is not defined`,
    nearest === null ? "give its definition with the query" : `did you mean \`${nearest}\`?`,
  );
}

/** The text that a macro call (what stands between the backticks) stands for. Throws {@link SplProblem} at the call. */
export function expandMacro(text: string, macros: MacroTable, at: number): string {
  const call = parseCall(text, at);
  const macro = find(call, macros, at);
  const names = macro.arguments ?? [];
  const values = new Map<string, string>();
  for (const [index, value] of call.values.entries()) {
    const named = /^([A-Za-z_]\w*)\s*=\s*([\s\S]*)$/.exec(value);
    const name = named !== null && names.includes(named[1] ?? "") ? (named[1] ?? "") : (names[index] ?? "");
    values.set(name, withoutQuotes(name === named?.[1] ? (named[2] ?? "") : value, at));
  }
  return macro.definition.replaceAll(/\$(\w+)\$/g, (whole, name: string) => values.get(name) ?? whole);
}
