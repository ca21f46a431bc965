/**
 * An evaluator of correlations that is as simple as it can be: for each group and each time it looks at every entry again.
 * It shares no code with the program.
 */
export interface NaiveCorrelation {
  readonly name: string;
  readonly type: string;
  /** Letters of base rules, or names of correlations earlier in the list. */
  readonly rules: readonly string[];
  readonly groupBy: readonly ("g" | "h")[];
  readonly timespan: number;
  readonly operator: string;
  readonly bound: number;
  readonly percentile: number;
}

export interface NaiveEvent {
  readonly id: string;
  readonly time: number;
  readonly kind: string;
  readonly fields: Readonly<Partial<Record<"g" | "h" | "v", number | readonly number[]>>>;
}

export interface NaiveMatch {
  readonly group: string;
  readonly to: number;
  readonly value: number;
  readonly sources: readonly string[];
  readonly repeats: boolean;
}

interface Entry {
  readonly event: string | null;
  readonly time: number;
  readonly rules: readonly string[];
  readonly sources: ReadonlySet<string>;
  readonly fields: Readonly<Record<string, readonly string[]>>;
}

type Hit = NaiveMatch & { readonly fields: Entry["fields"] };

function compare(value: number, operator: string, bound: number): boolean {
  if (operator === "gt") return value > bound;
  if (operator === "gte") return value >= bound;
  if (operator === "lt") return value < bound;
  if (operator === "lte") return value <= bound;
  return operator === "eq" ? value === bound : value !== bound;
}

function inOrder(rules: readonly string[], entries: readonly Entry[], chosen: readonly Entry[]): boolean {
  const wanted = rules[chosen.length];
  if (wanted === undefined) return true;
  const last = chosen.at(-1)?.time ?? -Infinity;
  return entries.some(
    (entry) =>
      entry.rules.includes(wanted) &&
      entry.time >= last &&
      !chosen.includes(entry) &&
      !chosen.some(
        (before) => before.event === null && entry.event !== null && before.sources.has(entry.event),
      ) &&
      inOrder(rules, entries, [...chosen, entry]),
  );
}

function measure(correlation: NaiveCorrelation, window: readonly Entry[]): number {
  const { type, rules, percentile } = correlation;
  const values = window.flatMap(({ fields }) => fields["v"] ?? []);
  const numbers = values.map(Number).toSorted((left, right) => left - right);
  if (type === "event_count") return window.length;
  if (type === "value_count") return new Set(values).size;
  if (type === "value_sum") return numbers.reduce((sum, number) => sum + number, 0);
  if (type === "value_avg") return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  if (type === "value_percentile") {
    const rank = ((numbers.length - 1) * percentile) / 100;
    const below = numbers[Math.floor(rank)] ?? NaN;
    const above = numbers[Math.ceil(rank)] ?? NaN;
    return below + (above - below) * (rank - Math.floor(rank));
  }
  if (type === "temporal") return new Set(window.flatMap((entry) => entry.rules)).size;
  let reached = 0;
  while (reached < rules.length && inOrder(rules.slice(0, reached + 1), window, [])) reached++;
  return reached;
}

function texts(value: number | readonly number[] | undefined): string[] {
  if (value === undefined) return [];
  return (typeof value === "number" ? [value] : value).map(String);
}

function groupsOf({ groupBy }: NaiveCorrelation, fields: Entry["fields"]): string[] {
  return groupBy.reduce<string[]>(
    (keys, name) =>
      keys.flatMap((key) => [...new Set(fields[name] ?? [])].map((value) => `${key}${name}=${value};`)),
    [""],
  );
}

/** The matches of each correlation, by name. */
export function naiveMatches(
  correlations: readonly NaiveCorrelation[],
  events: readonly NaiveEvent[],
): Map<string, NaiveMatch[]> {
  const found = new Map<string, Hit[]>();
  for (const correlation of correlations) {
    const takesValue = correlation.type.startsWith("value");
    const entries: Entry[] = events.flatMap((event) => {
      const rules = correlation.rules.filter((rule) => event.kind.includes(rule));
      const fields = { g: texts(event.fields.g), h: texts(event.fields.h), v: texts(event.fields.v) };
      if (rules.length === 0 || (takesValue && fields.v.length === 0)) return [];
      return [{ event: event.id, time: event.time, rules, sources: new Set([event.id]), fields }];
    });
    for (const rule of correlation.rules) {
      for (const hit of found.get(rule) ?? []) {
        if (correlation.type === "event_count" && hit.repeats) continue;
        if (takesValue && (hit.fields["v"] ?? []).length === 0) continue;
        entries.push({
          event: null,
          time: hit.to,
          rules: [rule],
          sources: new Set(hit.sources),
          fields: hit.fields,
        });
      }
    }
    const hits: Hit[] = [];
    for (const group of new Set(entries.flatMap(({ fields }) => groupsOf(correlation, fields)))) {
      const own = entries.filter(({ fields }) => groupsOf(correlation, fields).includes(group));
      let reported = -Infinity;
      for (const time of [...new Set(own.map((entry) => entry.time))].toSorted(
        (left, right) => left - right,
      )) {
        const window = own.filter((entry) => entry.time <= time && entry.time >= time - correlation.timespan);
        const value = measure(correlation, window);
        const holds =
          correlation.type === "temporal_ordered"
            ? value === correlation.rules.length
            : compare(value, correlation.operator, correlation.bound);
        if (!holds) continue;
        const repeats = reported >= time - correlation.timespan;
        if (!repeats) reported = time;
        const fieldOf = (name: string): string[] => {
          const fixed = new RegExp(`${name}=(-?[\\d.]+);`).exec(group)?.[1];
          if (fixed !== undefined) return [fixed];
          return [...new Set(window.flatMap(({ fields }) => fields[name] ?? []))];
        };
        const sources = [...new Set(window.flatMap((entry) => [...entry.sources]))].toSorted();
        const fields = { g: fieldOf("g"), h: fieldOf("h"), v: fieldOf("v") };
        hits.push({ group, to: time, value, sources, repeats, fields });
      }
    }
    found.set(correlation.name, hits);
  }
  return new Map([...found].map(([name, hits]) => [name, hits.map(({ fields: _, ...match }) => match)]));
}
