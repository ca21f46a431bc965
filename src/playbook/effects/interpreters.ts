import { posix } from "node:path";
import type { Effect } from "../../model/playbook.js";
import { languageOf, type Language } from "../language.js";
import { need, type Scope, type Value } from "./finding.js";
import {
  javascriptGiven,
  luaGiven,
  powershellGiven,
  pythonGiven,
  shellGiven,
  textOf,
  type Given,
} from "./interpreter-options.js";
import { nameInWork, writesPath } from "./paths.js";
import { reading } from "./shell-files.js";
import { literalScan, operands } from "./shell-operands.js";
import type { Word } from "./shell-word.js";

/** Python modules that do no more, run with `-m`, than to read the files that they are given; none runs its operands. */
const harmlessPythonModules = new Set([
  "base64",
  "json.tool",
  "platform",
  "calendar",
  "this",
  "sysconfig",
  "tabnanny",
  "tokenize",
  "site",
]);
const networkPythonModules = new Set([
  "http.server",
  "pip",
  "smtpd",
  "ftplib",
  "telnetlib",
  "webbrowser",
  "ensurepip",
  "SimpleHTTPServer",
  "venv",
]);

/** Analyses an interpreter's command line (`words[0]` is its name); returns what it prints, where that is known. */
export function interpreter(
  scope: Scope,
  words: readonly Word[],
  stdin: Value,
  inner: (word: Word) => Value,
): Value {
  const [name, ...rest] = words as [Word, ...Word[]];
  const program = posix.basename(name.value?.[0] ?? "");
  const language = languageOf(program);
  const unknown = (): Given => ({
    kind: "unknown",
    at: name.at,
    reason: `lint cannot read the language of ${program}`,
  });
  const given = {
    shell: shellGiven,
    python: pythonGiven,
    javascript: javascriptGiven,
    lua: luaGiven,
    powershell: powershellGiven,
    batch: unknown,
    vbscript: unknown,
    jscript: unknown,
    device: unknown,
    unknown,
  }[language](rest, scope);
  literalScan(scope, program, pathsGiven(rest, given));
  return runGiven(scope, language, program, given, stdin, name.at, inner);
}

/** The words that are no code: what they name may be read, even as code (an error message shows a line of it). */
function pathsGiven(words: readonly Word[], given: Given): Word[] {
  const code = given.kind === "code" ? given.word : null;
  return operands(words.filter((word) => word !== code));
}

function runGiven(
  scope: Scope,
  language: Language,
  program: string,
  given: Given,
  stdin: Value,
  at: number,
  inner: (word: Word) => Value,
): Value {
  switch (given.kind) {
    case "nothing":
      return null;
    case "unknown":
      need(scope, "computed-code", given.reason, given.at);
      return null;
    case "module":
      pythonModule(scope, given.word, given.given);
      return null;
    case "stdin":
      return runTexts(scope, language, program, stdin, at, "its standard input", [""]);
    case "code": {
      const texts = given.word.approximate || given.word.glob ? null : given.word.value;
      return runTexts(scope, language, program, texts, given.word.at, "its code", stdin);
    }
    case "file":
      if (given.word.process !== null) {
        return runTexts(
          scope,
          language,
          program,
          inner(given.word),
          given.word.at,
          "what a command prints",
          stdin,
        );
      }
      return runFile(scope, language, program, given.word, stdin);
  }
}

function runTexts(
  scope: Scope,
  language: Language,
  program: string,
  texts: Value,
  at: number,
  what: string,
  stdin: Value,
): Value {
  if (texts === null) {
    need(scope, "computed-code", `${program} runs code that is not known before it runs (${what})`, at);
    return null;
  }
  const outputs = texts.map((text) => scope.nested(language, program, text, at, stdin));
  return outputs.length === 1 ? (outputs[0] ?? null) : null;
}

function runFile(scope: Scope, language: Language, program: string, word: Word, stdin: Value): Value {
  const path = word.value?.length === 1 && !word.glob ? (word.value[0] as string) : null;
  if (path !== null && /^\/(dev\/(stdin|fd\/0)|proc\/self\/fd\/0)$/.test(path)) {
    return runTexts(scope, language, program, stdin, word.at, "its standard input", [""]);
  }
  const content = path === null ? null : workFile(scope, path, word.at);
  if (content === null) {
    const shown = path ?? "whose path is computed";
    need(
      scope,
      unreadFile(scope, path),
      `${program} runs the file ${shown}, which is none of the procedure's files`,
      word.at,
    );
    return null;
  }
  return scope.nested(language, program, content, word.at, stdin);
}

/** The content of one of the procedure's files, which is then held to be run or read as it is; null for any other path. */
export function workFile(scope: Scope, path: string, at: number): string | null {
  const name = nameInWork(scope, path);
  const content = name === null ? undefined : scope.analysis.files.get(name);
  if (name === null || content === undefined) return null;
  scope.analysis.executed.push({ name, at: scope.at ?? at });
  return content;
}

/** What it takes to run a file that lint cannot read: in the work folder only the procedure's own code can have made it. */
function unreadFile(scope: Scope, path: string | null): Effect {
  return path === null || nameInWork(scope, path) !== null ? "computed-code" : "unknown-command";
}

/** Analyses a file that is run by its path; its first line names the interpreter. */
export function executeFile(scope: Scope, path: Word, stdin: Value): void {
  const text = path.value?.length === 1 && !path.glob ? (path.value[0] as string) : null;
  const content = text === null ? null : workFile(scope, text, path.at);
  if (content === null) {
    const shown = text ?? "whose path is computed";
    need(
      scope,
      unreadFile(scope, text),
      `the program ${shown} is run, which is none of the procedure's files`,
      path.at,
    );
    return;
  }
  const { language, program } = shebang(content);
  if (language === "unknown")
    need(scope, "computed-code", `lint cannot read the language of ${program}`, path.at);
  else scope.nested(language, program, content, path.at, stdin);
}

/** The interpreter that a file's first line names; the shell when it names none. */
export function shebang(content: string): { readonly language: Language; readonly program: string } {
  const line = /^#!\s*(\S+)[ \t]*([^\n]*)/.exec(content);
  if (line === null) return { language: "shell", program: "sh" };
  const options = (line[2] ?? "")
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "");
  const env = posix.basename(line[1] as string) === "env";
  const program = posix.basename((env ? options.find((word) => !word.startsWith("-")) : line[1]) ?? "");
  const language = languageOf(program, env ? [] : options);
  // Options in the first line are options of the interpreter; more than flags is not read.
  return options.some((word) => /^-[^-]*[cemrl]/.test(word))
    ? { language: "unknown", program }
    : { language, program };
}

function pythonModule(scope: Scope, word: Word, given: readonly Word[]): void {
  const name = textOf(word);
  const shown = `python -m ${name ?? "with a computed name"}`;
  if (name !== null && harmlessPythonModules.has(name)) {
    reading(scope, shown, given, name === "tabnanny");
    const output = name === "json.tool" ? operands(given)[1] : undefined;
    if (output !== undefined) writesPath(scope, output.value, shown, output.at);
    return;
  }
  const [option, ...files] = given;
  const asked = option === undefined ? "" : (textOf(option) ?? "");
  // Its third use, `-e`, writes wherever the archive says.
  if (name === "zipfile" && /^(-c|--create|-l|--list)$/.test(asked)) {
    const archive = /^(-c|--create)$/.test(asked) ? files.shift() : undefined;
    if (archive !== undefined) writesPath(scope, archive.value, shown, archive.at);
    reading(scope, shown, files, true);
    return;
  }
  if (name !== null && networkPythonModules.has(name))
    need(scope, "network", `python runs the module ${name}`, word.at);
  need(
    scope,
    "unknown-command",
    `python runs the module ${name ?? "whose name is computed"}, which is not known to be harmless`,
    word.at,
  );
}
