import { need, type Scope, type Value } from "./finding.js";
import { readsWindowsPath, removesWindowsPath, writesWindowsPath } from "./windows-paths.js";
import { runWindowsCommand } from "./windows-programs.js";

/** What the languages of the Windows Script Host share: the objects that they may make, and the members that these have. */

/** Objects whose members below are the only ones that a script may name. */
const programIds = new Set(["scripting.filesystemobject", "wscript.shell", "scripting.dictionary"]);

/** Members that print, compute or ask, on any of the objects and on the languages' own values. */
const harmlessMembers = new Set(
  `echo quit arguments sleep scriptname version name count item length unnamed named add exists items keys remove removeall
  write writeline close readall readline atendofstream line column
  buildpath getabsolutepathname getbasename getextensionname getfilename fileexists folderexists
  expandenvironmentstrings charat charcodeat fromcharcode indexof lastindexof join split slice substring substr tolowercase touppercase concat reverse
  push pop tostring floor ceil round abs max min pow sqrt pi random getfullyear getmonth getdate gethours getminutes gettime number description message clear raise
  test source caption stdout atend movenext`
    .split(/\s+/)
    .filter((name) => name !== ""),
);

/** Members with a path or a command, judged by their arguments. */
export const judgedMembers = new Set([
  "run",
  "exec",
  "createobject",
  "createtextfile",
  "opentextfile",
  "deletefile",
  "createfolder",
  "deletefolder",
  "execquery",
  "instancesof",
]);

export function isHarmlessHostMember(name: string): boolean {
  return harmlessMembers.has(name.toLowerCase());
}

/** Records what a judged member does. `given` are the values of its arguments, null for those that are computed. */
export function judgeMember(
  scope: Scope,
  member: string,
  given: readonly Value[],
  written: readonly string[],
  at: number,
): void {
  const name = member.toLowerCase();
  const [first = null] = given;
  switch (name) {
    case "run":
    case "exec":
      // Run(command, style, wait): without the wait, and with Exec, the script goes on.
      if (name === "exec" || !/^(true|1|-1)$/i.test(written[2] ?? ""))
        need(scope, "background-process", `${member} does not wait for what it starts`, at);
      start(scope, member, first, at);
      return;
    case "createobject":
      makesObject(scope, first, at);
      return;
    case "createtextfile":
    case "createfolder":
      writesWindowsPath(scope, first, member, at);
      return;
    case "opentextfile":
      if (written.length > 1 && written[1] !== "1" && written[1]?.toLowerCase() !== "forreading")
        writesWindowsPath(scope, first, member, at);
      else readsWindowsPath(scope, first, member, at);
      return;
    case "deletefile":
    case "deletefolder":
      removesWindowsPath(scope, first, member, at);
      return;
    default: {
      const asked = first?.every((text) =>
        /^(select [\w, *]+ from )?win32_(operatingsystem|computersystem|bios|process)$/i.test(text.trim()),
      );
      if (asked !== true) need(scope, "unknown-command", `${member} asks for what lint does not know`, at);
    }
  }
}

function start(scope: Scope, member: string, command: Value, at: number): void {
  if (command === null) {
    need(scope, "computed-code", `${member} runs a command that is computed`, at);
    return;
  }
  for (const text of command) {
    const match = /^\s*(?:"([^"]+)"|(\S+))([^]*)$/.exec(text);
    // %VAR% is replaced before the command starts.
    if (match === null || text.includes("%"))
      need(scope, "computed-code", `${member} runs a command that is computed`, at);
    else
      runWindowsCommand(scope, { name: match[1] ?? match[2] ?? "", tail: match[3] ?? "", at, stdin: null });
  }
}

/** An object by its program id. */
export function makesObject(scope: Scope, id: Value, at: number): void {
  if (id === null) {
    need(scope, "computed-code", "an object is made whose name is computed", at);
    return;
  }
  for (const one of id) {
    const name = one.toLowerCase();
    if (programIds.has(name)) continue;
    if (/xmlhttp|winhttp|internetexplorer|msxml|adodb|cdo\.|outlook|mswinsock|ftp/.test(name))
      need(scope, "network", `the object ${one} reaches the network`, at);
    need(scope, "unknown-command", `the object ${one} is not known to be harmless`, at);
  }
}

/** `GetObject`: only WMI of this machine, whose members are judged where they are named. */
export function getsObject(scope: Scope, moniker: Value, at: number): void {
  if (moniker === null) need(scope, "computed-code", "GetObject takes a name that is computed", at);
  else
    for (const one of moniker)
      if (!/^winmgmts:(\\\\\.\\)?(root\\cimv2)?$/i.test(one)) {
        if (/script:|https?:|\\\\[^.]/i.test(one)) need(scope, "network", `GetObject opens ${one}`, at);
        need(scope, "unknown-command", `GetObject of ${one} is not known to be harmless`, at);
      }
}
