import type { Node } from "web-tree-sitter";
import { need, type Scope, type Value } from "./finding.js";
import { absolutePaths, holdsCredentials, readsPath, removesPath, writesPath } from "./paths.js";
import type { Rule, ScriptLanguage } from "./script-rules.js";
import type { Call } from "./script-syntax.js";
import { runCommand } from "./shell-commands.js";
import { literalWord, type Word } from "./shell-word.js";
import { textOf } from "./interpreter-options.js";
import { opaque } from "./windows-paths.js";
import { runWindowsCommand } from "./windows-programs.js";

/** What applying a rule needs of the walk. */
export interface Reader {
  readonly scope: Scope;
  readonly language: ScriptLanguage;
  readonly root: Node;
  readonly stdin: Value;
  text(node: Node): Value;
}

/** Records what a call does. `path` is that of a path object, at position -1. */
export function applyRule(
  reader: Reader,
  name: string,
  rule: Rule,
  call: Call,
  at: number,
  path: Value = null,
): void {
  const { scope } = reader;
  const argument = (index: number): Node | undefined =>
    call.positional[index] ?? (index === 0 ? onlyString(call) : undefined);
  const text = (index: number): Value => {
    if (index === -1) return path;
    const node = argument(index);
    return node === undefined || call.spread ? null : reader.text(node);
  };
  switch (rule.kind) {
    case "harmless":
    case "path":
      return;
    case "effect":
      need(scope, rule.effect, `${name} is called`, at);
      return;
    case "computed":
      need(scope, "computed-code", `${name} can run or reach anything`, at);
      return;
    case "open":
      open(reader, name, rule, call, at, text(rule.path));
      return;
    case "files":
      for (const index of rule.reads) {
        readsPath(scope, text(index), false, name, at);
        if (copiesFolders.test(name)) readsWhole(scope, text(index), name, at);
      }
      for (const index of rule.writes) written(scope, name, call, text(index), at);
      for (const index of rule.changes) writesPath(scope, text(index), name, at, true);
      for (const index of rule.removes) removesPath(scope, text(index), name, at);
      return;
    case "code":
      code(
        reader,
        name,
        call,
        at,
        text(call.positional.length > 1 && name === "Function" ? call.positional.length - 1 : 0),
      );
      return;
    case "callback":
      callback(reader, name, call, at);
      return;
    case "command":
      if (rule.also !== undefined) need(scope, rule.also, `${name} is called`, at);
      command(reader, name, call, at);
      return;
    case "program":
      program(reader, name, call, at);
  }
}

/** Calls that take everything below a folder. */
const copiesFolders = /^(shutil\.copytree|fs\.(promises\.)?cp(Sync)?)$/;

function readsWhole(scope: Scope, path: Value, name: string, at: number): void {
  for (const one of path ?? []) {
    if (absolutePaths(scope, one).some(holdsCredentials))
      need(scope, "credentials", `${name} takes everything below ${one}`, at);
  }
}

/** `extractall(path)` and `extract(member, path)`: which files an archive holds is not known. */
export function extracts(reader: Reader, name: "extract" | "extractall", call: Call, at: number): void {
  const node = call.positional[name === "extract" ? 1 : 0] ?? call.named.get("path");
  const path = call.spread ? null : node === undefined ? ["."] : reader.text(node);
  writesPath(reader.scope, path, name, at);
  reader.scope.analysis.written.add("*");
}

function onlyString(call: Call): Node | undefined {
  const list = call.callee.parent?.childForFieldName("arguments");
  return list?.type === "string"
    ? list
    : list?.namedChildren.find((child) => child.type === "string" && list.namedChildCount === 1);
}

function written(scope: Scope, name: string, call: Call, path: Value, at: number): void {
  // Temporary files choose their own place.
  if (name.startsWith("tempfile.")) writesPath(scope, ["/tmp/tmpXXXXXXXX"], name, at);
  else writesPath(scope, call.positional.length === 0 && path === null ? null : path, name, at);
}

function open(
  reader: Reader,
  name: string,
  rule: Rule & { readonly kind: "open" },
  call: Call,
  at: number,
  path: Value,
): void {
  const { scope } = reader;
  const node = call.positional[rule.mode] ?? call.named.get("mode") ?? call.named.get("flags");
  const modes = node === undefined ? ["r"] : reader.text(node);
  const writes = modes === null || modes.some((mode) => /[wax+]/.test(mode));
  if (writes) writesPath(scope, path, `${name} for writing`, at);
  const descriptor = call.positional[rule.path]?.type;
  if (!writes && descriptor !== "integer" && descriptor !== "number") readsPath(scope, path, false, name, at);
}

function code(reader: Reader, name: string, call: Call, at: number, texts: Value): void {
  const { scope, language } = reader;
  if (texts === null || (name === "Function" && call.positional.length > 1)) {
    need(scope, "computed-code", `${name} runs code that is computed`, at);
    return;
  }
  for (const text of texts) scope.nested(language, scope.program, text, at, null);
}

/** Expressions that are functions, or names of the code's own ones; everything else may turn out to be a text. */
const callable =
  /^(arrow_function|function_expression|generator_function|identifier|member_expression|call_expression)$/;

function callback(reader: Reader, name: string, call: Call, at: number): void {
  const first = call.positional[0];
  if (first === undefined && !call.spread) return;
  const text = first === undefined ? null : reader.text(first);
  if (text === null && first !== undefined && !call.spread && callable.test(first.type)) return;
  code(reader, name, call, at, text);
}

function options(reader: Reader, name: string, call: Call, at: number): void {
  const { scope } = reader;
  for (const key of [
    "executable",
    "preexec_fn",
    "env",
    "cwd",
    "argv0",
    "pass_fds",
    "user",
    "group",
    "execPath",
    "execArgv",
  ]) {
    if (call.named.has(key))
      need(scope, "computed-code", `${name} is given ${key}, which changes what runs`, at);
  }
  // Options that are not written out may say anything.
  const known =
    /^(object|array|list|tuple|string|template_string|arrow_function|function_expression|binary_expression)$/;
  const rest = reader.language === "javascript" ? call.positional.slice(1) : [];
  const hidden =
    rest.some((node) => !known.test(node.type)) ||
    call.positional.some(
      (node) => node.type === "object" && node.namedChildren.some((child) => child.type === "spread_element"),
    );
  if (hidden) need(scope, "computed-code", `${name} is given options that are computed`, at);
  const detached = ["start_new_session", "detached", "process_group", "creationflags"].find((key) => {
    const value = call.named.get(key)?.text;
    return value !== undefined && value !== "False" && value !== "false";
  });
  if (detached !== undefined) need(scope, "background-process", `${name} is given ${detached}`, at);
  const waited = /\b(wait|communicate|__exit__)\b/;
  if (name === "subprocess.Popen") {
    const waits = reader.root
      .descendantsOfType("attribute")
      .some((node) => waited.test(node.childForFieldName("attribute")?.text ?? ""));
    const within = reader.root.descendantsOfType("with_item").some((node) => node.text.includes("Popen"));
    if (!waits && !within) need(scope, "background-process", "a process is started and not waited for", at);
  }
  if (name.endsWith("spawn_command_line_async"))
    need(scope, "background-process", "a process is started and not waited for", at);
}

/** What a started command reads: unknown as soon as the code may write to it. */
function input(reader: Reader, name: string, call: Call): Value {
  const given = ["input", "stdin", "stdio"].some((key) => call.named.has(key));
  // A second argument of `popen` is the direction; Node's asynchronous calls always open a pipe.
  const pipe = name.endsWith("popen") && call.positional.length > 1;
  const asynchronous = name.startsWith("child_process.") && !name.endsWith("Sync");
  return given || pipe || asynchronous ? null : reader.stdin;
}

function command(reader: Reader, name: string, call: Call, at: number): void {
  const { scope } = reader;
  options(reader, name, call, at);
  const first = call.positional[0] ?? call.named.get("args") ?? onlyString(call);
  // Lua's `os.execute()` only asks whether there is a shell.
  if (first === undefined && !call.spread && reader.language === "lua") return;
  const words = first === undefined || call.spread ? null : list(reader, first, at);
  const shell = call.named.get("shell");
  const text = first === undefined || call.spread ? null : reader.text(first);
  if (words !== null && shell === undefined) {
    start(scope, words, input(reader, name, call), at);
    return;
  }
  const always = !name.startsWith("subprocess.") || /get(status)?output$/.test(name);
  if (text !== null && !always && shell === undefined) {
    start(scope, [literalWord(text, at)], input(reader, name, call), at);
    return;
  }
  if (text === null) {
    need(scope, "computed-code", `${name} runs a command that is computed`, at);
    return;
  }
  const stdin = input(reader, name, call);
  for (const one of text) {
    if (scope.analysis.windows) scope.nested("batch", "cmd", one, at, stdin);
    else scope.nested("shell", "sh", one, at, stdin);
  }
}

function program(reader: Reader, name: string, call: Call, at: number): void {
  const { scope, language } = reader;
  options(reader, name, call, at);
  // `os.spawnv(mode, path, words)`; the words begin with the program's own name in Python.
  const skip = name.startsWith("os.spawn") ? 1 : 0;
  const file = call.positional[skip];
  if (name.startsWith("os.spawn")) need(scope, "background-process", `${name} starts a process`, at);
  const rest = call.positional[skip + 1];
  const words = rest === undefined || rest.type === "object" ? [] : list(reader, rest, at);
  if (file === undefined || call.spread || words === null || call.named.has("shell")) {
    need(scope, "computed-code", `${name} runs a command that is computed`, at);
    return;
  }
  const given = language === "python" ? words.slice(1) : words;
  start(scope, [literalWord(reader.text(file), at), ...given], input(reader, name, call), at);
}

/** A program that is started without a shell. */
function start(scope: Scope, words: readonly Word[], stdin: Value, at: number): void {
  if (!scope.analysis.windows) {
    runCommand({ scope, functions: new Set(), inner: () => null }, words, stdin);
    return;
  }
  const [name = opaque, ...rest] = words.map((word) => textOf(word) ?? opaque);
  const tail = rest
    .map((word) => ` ${/[\s"]/.test(word) ? `"${word.replaceAll('"', '\\"')}"` : word}`)
    .join("");
  runWindowsCommand(scope, { name, tail, at, stdin });
}

/** The words of a list literal; null for anything else. */
function list(reader: Reader, node: Node, at: number): Word[] | null {
  if (!["list", "tuple", "array"].includes(node.type)) return null;
  return node.namedChildren
    .filter((child) => child.type !== "comment")
    .map((child) => {
      if (["list_splat", "spread_element"].includes(child.type)) return literalWord(null, at);
      return literalWord(/^(integer|number)$/.test(child.type) ? [child.text] : reader.text(child), at);
    });
}
