import { textOf, type Json } from "./json.js";

/**
 * The classic log of PowerShell (channel "Windows PowerShell"; events 400, 403, 600 and 800) has its data in unnamed texts,
 * of which one has a line `<tab>Name=value` for each value, in this order. Not all events have all of them.
 */
const order: readonly string[] = [
  ...["NewEngineState", "PreviousEngineState", "ProviderName", "NewProviderState", "NewCommandState"],
  ...["DetailSequence", "DetailTotal", "SequenceNumber", "UserId", "HostName", "HostVersion", "HostId"],
  ...["HostApplication", "EngineVersion", "RunspaceId", "PipelineId", "CommandName", "CommandType"],
  ...["ScriptName", "CommandPath", "CommandLine"],
];

const line = /^\t([A-Z][A-Za-z]+)=(.*)$/;

/**
 * The lines by their names, beside the texts. A value can have line ends (a host application is a whole command line), so a
 * line that begins no name goes on with the value before. Where a name stands twice or out of order, nothing tells which
 * was written inside of a value: such names are left out.
 */
export function classicLines(fields: Json): Json {
  const data: readonly unknown[] = Array.isArray(fields["Data"])
    ? (fields["Data"] as unknown[])
    : [fields["Data"]];
  const details = data.find(
    (text): text is string => typeof text === "string" && /^\t[A-Z][A-Za-z]+=/.test(text),
  );
  if (details === undefined) return fields;
  const values: { readonly name: string; text: string }[] = [];
  for (const each of details.replaceAll("\r\n", "\n").split("\n")) {
    const [, name, value] = line.exec(each) ?? [];
    const last = values.at(-1);
    if (name !== undefined && value !== undefined && order.includes(name)) values.push({ name, text: value });
    else if (last !== undefined) last.text += `\n${each}`;
  }
  const named: Record<string, unknown> = { ...fields };
  const uncertain = uncertainNames(values.map(({ name }) => name));
  for (const { name, text } of values) {
    // Empty lines stand between groups of values.
    if (!uncertain.has(name) && textOf(named[name]) === null) named[name] = text.replace(/\n+$/, "");
  }
  return named;
}

/**
 * Names that may have been written inside of a value: a name that stands out of the order, all that stand before it and
 * belong behind it, and the one before those, whose value may be theirs.
 */
function uncertainNames(names: readonly string[]): ReadonlySet<string> {
  const places = names.map((name) => order.indexOf(name));
  const uncertain = new Set<string>();
  places.forEach((place, index) => {
    const first = places.findIndex((other) => other >= place);
    if (first === index) return;
    for (const name of names.slice(Math.max(0, first - 1), index + 1)) uncertain.add(name);
  });
  return uncertain;
}
