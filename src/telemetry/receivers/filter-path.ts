/**
 * The parts of an answer that `filter_path` of Elasticsearch names ("Common options, response filtering"): paths with `*`
 * for one name and `**` for any number, separated by commas, those with a `-` in front left out. Without any, all of it.
 */
export function filteredBy(answer: unknown, filterPath: string | undefined): unknown {
  const paths = (filterPath ?? "").split(",").filter((path) => path !== "");
  const wanted = paths.filter((path) => !path.startsWith("-")).map(namesOf);
  const unwanted = paths.filter((path) => path.startsWith("-")).map((path) => namesOf(path.slice(1)));
  const kept = wanted.length === 0 ? answer : keep(answer, wanted);
  return unwanted.length === 0 ? (kept ?? {}) : (drop(kept, unwanted) ?? {});
}

type Path = readonly string[];

function namesOf(path: string): Path {
  return path.split(".");
}

/** The paths that go on below a name; an empty one ends there. */
function below(paths: readonly Path[], name: string): Path[] {
  return paths.flatMap((path) => {
    const [first, ...rest] = path;
    if (first === undefined) return [];
    // `**` may stand for no name, for this one, or for this one and more.
    if (first === "**") return [path, ...below([rest], name), ...(rest.length === 0 ? [[]] : [])];
    return matches(first, name) ? [rest] : [];
  });
}

function matches(pattern: string, name: string): boolean {
  if (!pattern.includes("*")) return pattern === name;
  const [start = "", ...parts] = pattern.split("*");
  const end = parts.pop() ?? "";
  if (!name.startsWith(start) || !name.endsWith(end) || name.length < start.length + end.length) return false;
  let at = start.length;
  for (const part of parts) {
    const found = name.indexOf(part, at);
    if (found === -1 || found + part.length > name.length - end.length) return false;
    at = found + part.length;
  }
  return true;
}

/** Lists have no names of their own: the paths go through them. */
function keep(value: unknown, paths: readonly Path[]): unknown {
  if (paths.length === 0) return undefined;
  if (paths.some((path) => path.length === 0)) return value;
  if (Array.isArray(value)) {
    const kept = value.map((each) => keep(each, paths)).filter((each) => each !== undefined);
    return kept.length === 0 ? undefined : kept;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const kept = Object.entries(value).flatMap(([name, inner]) => {
    const rest = keep(inner, below(paths, name));
    return rest === undefined ? [] : [[name, rest] as const];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function drop(value: unknown, paths: readonly Path[]): unknown {
  if (paths.length === 0) return value;
  if (paths.some((path) => path.length === 0)) return undefined;
  if (Array.isArray(value))
    return value.map((each) => drop(each, paths)).filter((each) => each !== undefined);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => {
      const rest = drop(inner, below(paths, name));
      return rest === undefined ? [] : [[name, rest] as const];
    }),
  );
}
