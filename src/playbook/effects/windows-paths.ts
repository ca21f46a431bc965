import { need, type Scope, type Value } from "./finding.js";

/** Stands in a Windows text for a piece that is not known before it runs. */
export const opaque = "\uE000";

/** Files outside the work folder that are the same on every Windows and hold no secret. */
const knownReadable =
  /^c:\\windows\\(win\.ini|system32\\(license\.rtf|drivers\\etc\\(hosts|services|protocol)))$/;

/** Places whose content runs again later. */
const persistent =
  /\\start menu\\programs\\startup(\\|$)|\\system32\\tasks(\\|$)|^c:\\windows\\tasks(\\|$)|profile\.ps1$|\\wbem\\|^(hk\w+|registry|wsman):|\\group ?policy\\/;
const systemFolders = /^c:\\(windows(?!\\temp\\)|program files|programdata|boot|recovery)/;

const secrets =
  /\\config\\(sam|system|security)|\\ntds(\.dit|\\)|\\microsoft\\(credentials|protect|vault|crypto)|login data|logins\.json|key[34]\.db|_history\.txt|[\\/]\.(ssh|aws|azure|kube|docker|netrc|git-credentials)|unattend|sysprep|\.(pem|key|p12|pfx|kdbx|ppk|rdp)$|lsass/;

/** Whether a text names a place where Windows or a program keeps secrets. */
export function namesWindowsSecret(text: string): boolean {
  return secrets.test(text.toLowerCase().replaceAll("/", "\\"));
}

type Place =
  | { readonly kind: "work"; readonly name: string }
  | { readonly kind: "null" | "network" }
  | { readonly kind: "elsewhere"; readonly path: string };

/** Where a path leads; whatever is not plainly in the work folder is elsewhere. */
function placeOf(scope: Scope, path: string): Place {
  const plain = path.replaceAll("/", "\\").toLowerCase();
  const work = scope.analysis.work.toLowerCase();
  if (plain === "nul" || plain === "$null") return { kind: "null" };
  if (/^\\\\(?![?.]\\)/.test(plain)) return { kind: "network" };
  const inWork = plain === work || plain.startsWith(`${work}\\`);
  const rest = inWork ? plain.slice(work.length).replace(/^\\/, "") : plain;
  const segments = rest.replace(/^(\.\\)+/, "").split("\\");
  // Streams (a:b), devices, and names that Windows trims are not what they look like.
  const odd = segments.some(
    (segment) =>
      segment === ".." ||
      /[:%!~"<>|]|[. ]$|^ /.test(segment.replace(/^\.$/, "")) ||
      /^(con|prn|aux|nul|conin\$|conout\$|com\d|lpt\d)(\.|$)/.test(segment),
  );
  const relative = inWork || (!plain.startsWith("\\") && !scope.analysis.unknownFolder);
  return relative && !odd
    ? { kind: "work", name: segments.filter((segment) => segment !== "").join("\\") }
    : { kind: "elsewhere", path: plain };
}

function each(
  scope: Scope,
  path: Value,
  use: (place: Place, shown: string) => void,
  unknown: () => void,
): void {
  if (path === null || path.some((one) => one.includes(opaque))) unknown();
  else for (const one of path) use(placeOf(scope, one), one);
}

/** The name of a file directly in the work folder; null for anything else. */
export function windowsNameInWork(scope: Scope, path: string): string | null {
  const place = placeOf(scope, path);
  if (place.kind !== "work" || place.name === "" || place.name.includes("\\")) return null;
  return [...scope.analysis.files.keys()].find((name) => name.toLowerCase() === place.name) ?? place.name;
}

export function readsWindowsPath(scope: Scope, path: Value, what: string, at: number): void {
  each(
    scope,
    path,
    (place, shown) => {
      if (place.kind === "network") need(scope, "network", `${what} opens ${shown}`, at);
      if (place.kind !== "elsewhere" || knownReadable.test(place.path)) return;
      need(scope, "credentials", `${what} reads ${shown}, which lint does not know to hold no secrets`, at);
    },
    () => need(scope, "computed-code", `${what} reads a file whose path is computed`, at),
  );
}

export function writesWindowsPath(scope: Scope, path: Value, what: string, at: number): void {
  each(
    scope,
    path,
    (place, shown) => {
      if (place.kind === "network") need(scope, "network", `${what} opens ${shown}`, at);
      if (place.kind === "work") {
        need(scope, "work-folder", `${what} writes ${shown}`, at);
        scope.analysis.written.add(
          place.name === "" || /[*?]/.test(place.name)
            ? "*"
            : (windowsNameInWork(scope, place.name) ?? (place.name.split("\\")[0] as string)),
        );
      }
      if (place.kind !== "elsewhere") return;
      need(scope, "outside-work-folder", `${what} writes ${shown}`, at);
      if (persistent.test(place.path))
        need(scope, "persistence", `${what} writes ${shown}, which is run again later`, at);
      if (namesWindowsSecret(place.path))
        need(scope, "credentials", `${what} writes ${shown}, which holds secrets`, at);
      if (systemFolders.test(place.path))
        need(scope, "destructive", `${what} changes ${shown}, which belongs to the system`, at);
      else scope.analysis.created.add(place.path);
    },
    () => {
      need(scope, "outside-work-folder", `${what} writes to a path that is computed`, at);
      need(scope, "computed-code", `${what} writes to a path that is computed`, at);
      scope.analysis.written.add("*");
    },
  );
}

export function removesWindowsPath(scope: Scope, path: Value, what: string, at: number): void {
  each(
    scope,
    path,
    (place, shown) => {
      if (place.kind === "network") need(scope, "network", `${what} opens ${shown}`, at);
      if (place.kind === "work") need(scope, "work-folder", `${what} removes ${shown}`, at);
      if (place.kind === "elsewhere")
        scope.analysis.removed.push({
          path: place.path,
          reason: `${what} removes ${shown}`,
          at: scope.at ?? at,
        });
    },
    () => need(scope, "destructive", `${what} removes what is at a path that is computed`, at),
  );
}
