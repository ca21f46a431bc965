import { languageOf } from "../language.js";
import { need, type Scope, type Value } from "./finding.js";
import { javascriptGiven, textOf } from "./interpreter-options.js";
import { literalWord } from "./shell-word.js";
import { opaque, windowsNameInWork } from "./windows-paths.js";
import { windowsWords, type WindowsCommand } from "./windows-words.js";

/** Analyses the command line of an interpreter of Windows; false when the program is none. */
export function windowsInterpreter(scope: Scope, name: string, command: WindowsCommand): boolean {
  const read = Object.hasOwn(interpreters, name) ? interpreters[name] : undefined;
  if (read === undefined) return false;
  read(scope, name, command);
  return true;
}

const interpreters: Readonly<Record<string, (scope: Scope, name: string, command: WindowsCommand) => void>> =
  {
    cmd,
    powershell,
    pwsh: powershell,
    cscript: scriptHost,
    wscript: scriptHost,
    node,
    autohotkey: unread,
    autoit3: unread,
  };

function unreadable(scope: Scope, at: number, reason: string): void {
  need(scope, "computed-code", reason, at);
}

function unread(scope: Scope, name: string, { at }: WindowsCommand): void {
  unreadable(scope, at, `lint cannot read what ${name} runs`);
}

function fromStdin(scope: Scope, name: string, stdin: Value, at: number): void {
  if (stdin === null) unreadable(scope, at, `${name} runs what it reads from its standard input`);
  else for (const text of stdin) scope.nested(languageOf(name), name, text, at, [""]);
}

function fromFile(
  scope: Scope,
  name: string,
  path: string,
  at: number,
  engine?: "vbscript" | "jscript",
): void {
  const own = windowsNameInWork(scope, path);
  const content = own === null ? undefined : scope.analysis.files.get(own);
  if (own === null || content === undefined) {
    unreadable(scope, at, `${name} runs the file ${path}, which is none of the procedure's files`);
    return;
  }
  scope.analysis.executed.push({ name: own, at: scope.at ?? at });
  const extension = own.slice(own.lastIndexOf(".") + 1).toLowerCase();
  scope.nested(engine ?? languageOf(name, [], extension), name, content, at, null);
}

function cmd(scope: Scope, name: string, { tail, at, stdin }: WindowsCommand): void {
  const switches = /^(\s*\/(d|s|q|a|u|v(:on|:off)?|e:(on|off)|t:[0-9a-f]{1,2}))*\s*/i.exec(tail)?.[0] ?? "";
  const rest = tail.slice(switches.length);
  if (rest === "") {
    fromStdin(scope, name, stdin, at);
    return;
  }
  const code = /^\/[ckr]\s*([^]*)$/i.exec(rest)?.[1];
  if (code === undefined) unreadable(scope, at, `cmd is given ${rest}, which lint does not know`);
  else scope.nested("batch", "cmd", withoutOuterQuotes(code), at, stdin);
}

/** cmd.exe takes off the first and the last quote of what follows `/c` when the first character is one. */
function withoutOuterQuotes(code: string): string {
  const last = code.lastIndexOf('"');
  if (!code.startsWith('"') || last === 0) return code;
  return code.slice(1, last) + code.slice(last + 1);
}

/** PowerShell's parameters that take no value, and those that take one that does no harm. Names may be shortened. */
const flags = /^[-/](nop(r(o(f(i(le?)?)?)?)?)?|nol(o(go?)?)?|noni(nteractive)?|sta|mta)$/i;
const harmlessValues =
  /^[-/](w(i(n(d(owstyle)?)?)?)?|ex(ecutionpolicy)?|ep|inp(ut(format)?)?|if|o(ut(put(format)?)?)?|of)$/i;

function powershell(scope: Scope, name: string, { tail, at, stdin }: WindowsCommand): void {
  const words = windowsWords(tail);
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as string;
    if (flags.test(word)) continue;
    if (harmlessValues.test(word)) {
      index += 1;
      continue;
    }
    const rest = words.slice(index + 1);
    if (/^[-/](c|command|com|comm|cwa)$/i.test(word)) powershellText(scope, name, rest.join(" "), stdin, at);
    else if (/^[-/](e|ec|en(c(o(d(e(d(command)?)?)?)?)?)?)$/i.test(word) && rest.length === 1)
      encoded(scope, name, rest[0] as string, at);
    else if (/^[-/](f|file)$/i.test(word)) fromFile(scope, name, rest[0] ?? "", at);
    else if (/^[-/]/.test(word)) unreadable(scope, at, `${name} is given ${word}, which lint does not know`);
    else if (name === "pwsh") fromFile(scope, name, word, at);
    else powershellText(scope, name, words.slice(index).join(" "), stdin, at);
    return;
  }
  fromStdin(scope, name, stdin, at);
}

function powershellText(scope: Scope, name: string, text: string, stdin: Value, at: number): void {
  if (text.trim() === "-") fromStdin(scope, name, stdin, at);
  else if (text.includes(opaque)) unreadable(scope, at, `${name} runs code that is computed`);
  else scope.nested("powershell", name, text, at, stdin);
}

function encoded(scope: Scope, name: string, text: string, at: number): void {
  const code = /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, "base64").toString("utf16le") : null;
  if (code === null) unreadable(scope, at, `${name} is given an encoded command that is no base64`);
  else scope.nested("powershell", name, code, at, null);
}

function scriptHost(scope: Scope, name: string, { tail, at }: WindowsCommand): void {
  let engine: "vbscript" | "jscript" | undefined;
  for (const word of windowsWords(tail)) {
    const chosen = /^\/\/e:(vbscript|jscript)$/i.exec(word)?.[1]?.toLowerCase();
    if (chosen !== undefined) engine = chosen as "vbscript" | "jscript";
    else if (/^\/\/(nologo|b|i|t:\d+|u)$/i.test(word)) continue;
    else if (/^\/\//.test(word)) {
      unreadable(scope, at, `${name} is given ${word}, which lint does not know`);
      return;
    } else {
      fromFile(scope, name, word, at, engine);
      return;
    }
  }
}

function node(scope: Scope, name: string, { tail, at, stdin }: WindowsCommand): void {
  if (tail.includes(opaque)) {
    unreadable(scope, at, "node is given a computed argument");
    return;
  }
  const given = javascriptGiven(
    windowsWords(tail).map((word) => literalWord([word], at)),
    scope,
  );
  if (given.kind === "unknown") unreadable(scope, at, given.reason);
  else if (given.kind === "stdin") fromStdin(scope, name, stdin, at);
  else if (given.kind === "file") fromFile(scope, name, textOf(given.word) ?? "", at);
  else if (given.kind === "code") scope.nested("javascript", name, textOf(given.word) ?? "", at, stdin);
}
