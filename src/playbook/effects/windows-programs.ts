import type { Effect } from "../../model/playbook.js";
import { programName } from "../language.js";
import { need, type Scope } from "./finding.js";
import { windowsInterpreter } from "./windows-interpreters.js";
import { opaque, readsWindowsPath, windowsNameInWork } from "./windows-paths.js";
import { windowsWords, type WindowsCommand } from "./windows-words.js";

/** Programs that print, by the arguments with which they do nothing else. */
const printers: Readonly<Record<string, RegExp>> = {
  whoami: /^(\s*\/(user|groups|priv|all|nh|fo (list|csv|table)))*\s*$/i,
  hostname: /^\s*$/,
  systeminfo: /^(\s*\/(nh|fo (list|csv|table)))*\s*$/i,
  tasklist: /^(\s*\/(v|svc|nh|fo (list|csv|table)))*\s*$/i,
  ipconfig: /^(\s*\/all)?\s*$/i,
  where: /^(\s+[\w.*-]+)*\s*$/,
  timeout: /^\s*\/t \d{1,3}( \/nobreak)?\s*$/i,
  chcp: /^\s*\d*\s*$/,
  tree: /^\s*$/,
  getmac: /^\s*$/,
  query: /^\s*user\s*$/i,
  quser: /^\s*$/,
  wmic: /^\s*os get [\w,]+(\s+\/(value|format:(list|csv|table)))?\s*$/i,
  reg: /^\s*query\s+"?(hklm|hkey_local_machine)\\software\\microsoft\\windows nt\\currentversion"?(\s+\/v\s+\w+)?\s*$/i,
};

/** Programs that read the files among their operands; a pattern is taken for one too, which refuses more and never less. */
const readers: Readonly<Record<string, RegExp>> = {
  find: /^\/[cinv]$/i,
  findstr: /^\/([beilnrsvxmp]|c:.*)$/i,
  sort: /^\/r$/i,
  more: /^\/[cpse]$/i,
  fc: /^\/[abclntuw]$/i,
};

function table(groups: readonly (readonly [Effect, string])[]): ReadonlyMap<string, Effect> {
  return new Map(
    groups.flatMap(([effect, names]) => names.split(/\s+/).map((name) => [name, effect] as const)),
  );
}

/** What running each of these is, whatever its arguments, beyond not being known to be harmless. */
const dangerous = table([
  [
    "network",
    `curl wget ftp tftp ssh scp sftp bitsadmin ping pathping tracert nslookup telnet net net1 nbtstat arp route winrm winrs psexec mstsc
    finger certreq certutil nltest dsquery rpcping msg netcat nc ncat plink`,
  ],
  ["credentials", "cmdkey vaultcmd ntdsutil esentutl procdump klist rpcdump mimikatz dumpbin"],
  ["persistence", "schtasks at sc reg regedit regini wmic assoc ftype setx bcdedit"],
  [
    "destructive",
    `taskkill tskill shutdown logoff format diskpart cipher wevtutil netsh icacls cacls takeown wbadmin fsutil vssadmin
    powercfg runas dism sfc defrag label subst attrib auditpol secedit gpupdate`,
  ],
]);

const systemFolder = /^(c:)?\\windows\\(system32|syswow64|sysnative)(\\windowspowershell\\v1\.0)?$/i;

/** Analyses a program that a Windows shell, script or program starts. */
export function runWindowsCommand(scope: Scope, command: WindowsCommand): void {
  const { name: written, tail, at } = command;
  const path = written.replaceAll("/", "\\");
  if (written.includes(opaque) || written.trim() === "") {
    need(scope, "computed-code", "the name of a command is computed", at);
    return;
  }
  const name = programName(path)
    .replace(/\.com$/i, "")
    .toLowerCase();
  const folder = path.slice(0, Math.max(path.lastIndexOf("\\"), 0));
  const own = windowsNameInWork(scope, path);
  if (own !== null) {
    // cmd.exe looks into the current folder first, and supplies the extension.
    const names = ["", ".com", ".exe", ".bat", ".cmd", ".vbs", ".js"].map(
      (extension) => `${own}${extension}`,
    );
    const files = [...scope.analysis.files.keys()];
    const found = names.flatMap((one) => files.filter((file) => file.toLowerCase() === one.toLowerCase()))[0];
    for (const one of names) scope.analysis.executed.push({ name: one, at: scope.at ?? at });
    if (found !== undefined) {
      runOwnFile(scope, found, command);
      return;
    }
  }
  if (folder !== "" && !systemFolder.test(folder)) {
    need(
      scope,
      "unknown-command",
      `the program ${written} is run, which is none of the procedure's files`,
      at,
    );
    return;
  }
  if (windowsInterpreter(scope, name, command)) return;
  const printer = Object.hasOwn(printers, name) ? printers[name] : undefined;
  if (printer?.test(tail) === true) return;
  const options = Object.hasOwn(readers, name) ? readers[name] : undefined;
  if (options !== undefined) {
    const words = windowsWords(tail);
    const given = words.filter((word) => word.startsWith("/"));
    const unknown = given.find((word) => !options.test(word));
    if (unknown !== undefined)
      need(scope, "unknown-command", `${name} is given ${unknown}, which lint does not know`, at);
    for (const word of words) if (!word.startsWith("/")) readsWindowsPath(scope, [word], name, at);
    return;
  }
  const effect = dangerous.get(name);
  if (effect !== undefined) need(scope, effect, `${name} is run`, at, name);
  else if (printer !== undefined)
    need(scope, "unknown-command", `${name}${tail} is not known to be harmless`, at);
  else need(scope, "unknown-command", `the program ${name} is not known to be harmless`, at);
}

function runOwnFile(scope: Scope, name: string, command: WindowsCommand): void {
  if (/\.(cmd|bat)$/i.test(name))
    scope.nested("batch", "cmd", scope.analysis.files.get(name) ?? "", command.at, command.stdin);
  else need(scope, "computed-code", `${name} is run by whatever Windows opens it with`, command.at);
}
