import { normalize } from "node:path/posix";
import { need, type Scope, type Value } from "./finding.js";
import {
  namesWindowsSecret,
  readsWindowsPath,
  removesWindowsPath,
  windowsNameInWork,
  writesWindowsPath,
} from "./windows-paths.js";

const homes = /^(~[^/]*|\/root|\/home\/[^/]+)(?=\/|$)/;

/** Places whose content is run again later: at boot, at login, by a timer, or by the loader. `~` is any home. */
const persistencePaths: readonly RegExp[] = [
  /^\/etc\/(cron|at\.|anacrontab|profile|bash|zsh|ksh|rc|init|inittab|ld\.so|systemd|udev|pam|sudoers|environment|xdg\/autostart|modules|modprobe|update-motd|apt\/apt\.conf|NetworkManager\/dispatcher|network\/if-|logrotate|security\/pam_env)/,
  /^(\/usr)?(\/local)?\/lib(64)?\/(systemd|udev|security|modules)\//,
  /^\/run\/systemd\//,
  /^\/var\/spool\/(cron|at)/,
  /^~\/\.(bash(rc|_profile|_login|_logout|_aliases)|profile|zshrc|zshenv|zprofile|zlogin|zlogout|kshrc|mkshrc|inputrc|xinitrc|xsession|xprofile|vimrc|exrc|gitconfig|pythonrc|pam_environment)/,
  /^~\/\.config\/(systemd|autostart|environment\.d|fish|git)/,
  /^~\/\.local\/(share\/systemd|bin)\//,
  /\/authorized_keys2?$/,
  /^~\/\.ssh\/rc$/,
];

/** What holds secrets, password files and histories. */
const credentialPaths: readonly RegExp[] = [
  /^\/etc\/(shadow|gshadow|passwd|sudoers|krb5\.keytab|security\/opasswd|ssh\/ssh_host|ppp\/(chap|pap)-secrets|NetworkManager\/system-connections|ssl\/private)/,
  /(^|\/)\.ssh(\/|$)/,
  /(^|\/)id_(rsa|dsa|ecdsa|ed25519)(_sk)?$/,
  /(^|\/)\.[^/]*history$/,
  /(^|\/)\.(gnupg|aws|azure|kube|docker|netrc|pgpass|my\.cnf|git-credentials|npmrc|pypirc|password-store|mozilla|vault-token|config\/(gcloud|gh|google-chrome|chromium)|local\/share\/(keyrings|kwalletd))(\/|$)/,
  /\.(pem|key|p12|pfx|jks|kdbx|ppk|keytab)$/,
  /(^|\/)(logins\.json|key[34]\.db|Login Data|krb5cc_[^/]*)$/,
  /(^|\/)keyrings(\/|$)/,
  /^\/proc\/[^/]+\/(environ|mem|maps|fd)(\/|$)/,
  /^\/dev\/(mem|kmem)$/,
  /^\/run\/(secrets|user\/[^/]+\/(gnupg|keyring))/,
  /^\/var\/(lib\/sss|run\/secrets)/,
];

/** Real paths that a wildcard or a folder that is read whole may reach. */
const credentialExamples = [
  "/etc/shadow",
  "/etc/gshadow",
  "/etc/passwd",
  "/etc/ssh/ssh_host_rsa_key",
  "~/.ssh/id_rsa",
  "~/.ssh/id_ed25519",
  "~/.bash_history",
  "~/.zsh_history",
  "~/.gnupg/secring.gpg",
  "~/.aws/credentials",
  "~/.netrc",
  "/proc/1/environ",
  "/proc/self/environ",
];

const harmlessDevices = /^\/dev\/(null|zero|full|random|urandom|tty|stdin|stdout|stderr|fd\/\d+)$/;
/** Folders whose files the trial cannot have made: changing one changes the machine. */
const systemPaths =
  /^\/(etc|usr|bin|sbin|lib|lib64|boot|dev|proc|sys|root\/\.ssh|var\/(lib|log|cache))(\/|$)/;

/** A path with `.` and `..` worked out and every home written as `~`. */
function canonical(path: string): string {
  const plain = normalize(path)
    .replace(/^\/\/+/, "/")
    .replace(/(.)\/$/, "$1");
  return plain.replace(homes, (home) => (home.startsWith("~") ? "~" : "~"));
}

/** The absolute paths that a path in the code can stand for; relative ones are below the work folder. */
export function absolutePaths(scope: Scope, path: string): string[] {
  const { work, folders } = scope.analysis;
  const inWork = path === work || path.startsWith(`${work}/`);
  if (!inWork && (path.startsWith("/") || path.startsWith("~"))) return [canonical(path)];
  const relative = normalize(inWork ? `.${path.slice(work.length)}` : path);
  // How deep the work folder lies is not known: enough `..` lead to the root.
  const climbed = /^(?:\.\.\/)*\.\.(?:\/|$)/.exec(relative)?.[0];
  const own =
    climbed === undefined
      ? canonical(`${work}/${relative}`)
      : canonical(`/${relative.slice(climbed.length)}`);
  return [own, ...(inWork ? [] : [...folders].map((folder) => canonical(`${folder}/${path}`)))];
}

/** Whether an absolute path is the work folder or in it. */
export function isInWork(scope: Scope, path: string): boolean {
  const { work } = scope.analysis;
  return path === work || path.startsWith(`${work}/`);
}

/** The name of a file directly in the work folder; null for anything else. */
export function nameInWork(scope: Scope, path: string): string | null {
  if (scope.analysis.windows) return windowsNameInWork(scope, path);
  if (scope.analysis.unknownFolder && !path.startsWith("/")) return null;
  const names = absolutePaths(scope, path).map((absolute) => {
    const { work } = scope.analysis;
    if (!absolute.startsWith(`${work}/`)) return null;
    const name = absolute.slice(work.length + 1);
    return name.includes("/") ? null : name;
  });
  return names.length === 1 ? (names[0] ?? null) : null;
}

/** Whether a path holds credentials; with `glob`, whether the pattern may reach one. */
export function isCredential(path: string, glob: boolean): boolean {
  const plain = canonical(path);
  if (credentialPaths.some((pattern) => pattern.test(plain))) return true;
  if (!glob) return false;
  return credentialExamples.some((example) => {
    const homes_ = example.startsWith("~")
      ? [example, example.replace("~", "/root"), example.replace("~", "/home/user")]
      : [example];
    return homes_.some((candidate) => matchesGlob(path, candidate));
  });
}

/** Whether a text in code names credentials. */
export function namesCredential(scope: Scope, text: string): boolean {
  if (scope.analysis.windows) return namesWindowsSecret(text);
  return absolutePaths(scope, text).some((path) => isCredential(path, false));
}

/** Whether reading everything below a folder reaches credentials. */
export function holdsCredentials(path: string): boolean {
  const plain = canonical(path);
  const below = plain === "/" ? "/" : `${plain}/`;
  return (
    credentialExamples.some((example) => example.startsWith(below)) ||
    (["/", "/home/"].includes(below) && credentialExamples.some((example) => example.startsWith("~")))
  );
}

/** Shell wildcards against a path, segment by segment; a leading dot is taken to match. */
function matchesGlob(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.includes("**")) return true;
  return (
    wanted.length === given.length &&
    wanted.every((segment, index) => matchesSegment(segment, given[index] ?? ""))
  );
}

function matchesSegment(pattern: string, text: string): boolean {
  // A bracket expression is taken to match any one character: more paths are refused, never fewer.
  const tokens = pattern.match(/\[[^\]]*\]|[^]/g) ?? [];
  const source = tokens
    .map((token) =>
      token === "*"
        ? ".*"
        : token === "?" || token.length > 1
          ? "."
          : token.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"),
    )
    .join("");
  return new RegExp(`^${source}$`, "s").test(text);
}

/** Reading a file: needs `credentials` for what holds them. */
export function readsPath(scope: Scope, path: Value, glob: boolean, what: string, at: number): void {
  if (scope.analysis.windows) {
    readsWindowsPath(scope, path, what, at);
    return;
  }
  if (path === null) {
    need(scope, "computed-code", `${what} reads a file whose path is computed`, at);
    return;
  }
  for (const one of path) {
    if (/^\/dev\/(tcp|udp)\//.test(one)) need(scope, "network", `${what} opens ${one}`, at);
    else if (absolutePaths(scope, one).some((absolute) => isCredential(absolute, glob))) {
      need(scope, "credentials", `${what} reads ${one}`, at);
    }
    if (scope.analysis.unknownFolder && !one.startsWith("/")) {
      need(scope, "computed-code", `${what} reads ${one} in a folder that is computed`, at);
    }
  }
}

/** Making, writing or changing a file or folder. `changes` is for what must exist already (modes, owners, in-place edits). */
export function writesPath(scope: Scope, path: Value, what: string, at: number, changes = false): void {
  if (scope.analysis.windows) {
    writesWindowsPath(scope, path, what, at);
    return;
  }
  if (path === null || scope.analysis.unknownFolder) {
    need(scope, "outside-work-folder", `${what} writes to a path that is computed`, at);
    need(scope, "computed-code", `${what} writes to a path that is computed`, at);
    scope.analysis.written.add("*");
    return;
  }
  for (const one of path) {
    if (/^\/dev\/(tcp|udp)\//.test(one)) {
      need(scope, "network", `${what} opens ${one}`, at);
      continue;
    }
    for (const absolute of absolutePaths(scope, one)) writesAbsolute(scope, absolute, one, what, at, changes);
  }
}

function writesAbsolute(
  scope: Scope,
  absolute: string,
  shown: string,
  what: string,
  at: number,
  changes: boolean,
): void {
  if (harmlessDevices.test(absolute)) return;
  if (isInWork(scope, absolute)) {
    need(scope, "work-folder", `${what} writes ${shown}`, at);
    const name = absolute.slice(scope.analysis.work.length + 1);
    // A wildcard, or a folder with what is in it: any file may be meant.
    scope.analysis.written.add(name === "" || /[*?[]/.test(name) ? "*" : (name.split("/")[0] ?? "*"));
    return;
  }
  need(scope, "outside-work-folder", `${what} writes ${shown}`, at);
  if (persistencePaths.some((pattern) => pattern.test(absolute))) {
    need(scope, "persistence", `${what} writes ${shown}, which is run again later`, at);
  }
  if (isCredential(absolute, true))
    need(scope, "credentials", `${what} writes ${shown}, which holds credentials`, at);
  if (systemPaths.test(absolute))
    need(scope, "destructive", `${what} changes ${shown}, which belongs to the system`, at);
  else if (changes)
    scope.analysis.removed.push({ path: absolute, reason: `${what} changes ${shown}`, at: scope.at ?? at });
  else scope.analysis.created.add(absolute);
}

/** Removing a file or folder: needs `destructive` unless the code itself made it. */
export function removesPath(scope: Scope, path: Value, what: string, at: number): void {
  if (scope.analysis.windows) {
    removesWindowsPath(scope, path, what, at);
    return;
  }
  if (path === null || scope.analysis.unknownFolder) {
    need(scope, "destructive", `${what} removes what is at a path that is computed`, at);
    return;
  }
  for (const one of path) {
    for (const absolute of absolutePaths(scope, one)) {
      if (isInWork(scope, absolute)) need(scope, "work-folder", `${what} removes ${one}`, at);
      else
        scope.analysis.removed.push({ path: absolute, reason: `${what} removes ${one}`, at: scope.at ?? at });
    }
  }
}
