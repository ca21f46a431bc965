import { need, type Scope, type Value } from "./finding.js";
import { readBatch, type BatchCommand } from "./batch-reader.js";
import { opaque, readsWindowsPath, removesWindowsPath, writesWindowsPath } from "./windows-paths.js";
import { runWindowsCommand } from "./windows-programs.js";
import { windowsWords } from "./windows-words.js";

/** Variables of Windows whose values hold no operator and start nothing where they are printed. */
const systemVariables = new Set(
  "os username userdomain computername number_of_processors processor_architecture processor_identifier processor_level systemroot systemdrive windir cd date time random errorlevel cmdextversion comspec temp tmp".split(
    " ",
  ),
);

/** A value that changes nothing about how the line that it stands in is read. */
const plainValue = /^[\w .,:;\\/+*?@#$[\]{}'~=-]*$/;

/** Commands of cmd.exe itself that do nothing beyond printing or steering, whatever follows them. */
const harmless = new Set(
  "echo rem cls ver title color prompt goto exit setlocal endlocal break shift verify vol pause".split(" "),
);

/** Analyses a batch text, or what stands behind `cmd /c`. */
export function analyseBatch(scope: Scope, code: string, stdin: Value): void {
  const text = readBatch(code);
  const walk = new BatchWalk(scope, text.commands, stdin);
  for (const { reason, at } of text.problems) need(scope, "computed-code", reason, at);
  walk.variables(text.expanded);
  for (const command of text.commands) walk.command(command);
  for (const { code: inner, at } of text.nested) {
    if (inner.includes(opaque)) need(scope, "computed-code", "for /f runs a command that is computed", at);
    else scope.nested("batch", "cmd", inner, at, stdin);
  }
  for (const { path, at } of text.reads) readsWindowsPath(scope, [path], "for /f", at);
}

class BatchWalk {
  readonly #scope: Scope;
  readonly #stdin: Value;
  /** Variables that the text sets, with whether every value is plain. */
  readonly #assigned = new Map<string, boolean>();

  constructor(scope: Scope, commands: readonly BatchCommand[], stdin: Value) {
    this.#scope = scope;
    this.#stdin = stdin;
    for (const command of commands) {
      if (command.name.toLowerCase() !== "set") continue;
      const { name, plain } = assignment(command.tail);
      if (name !== null) this.#assigned.set(name, plain && (this.#assigned.get(name) ?? true));
    }
  }

  variables(
    expanded: readonly { readonly name: string; readonly at: number; readonly text: string }[],
  ): void {
    for (const { name, at, text } of expanded) {
      const replacement = /:[^=%]*=([^%]*)%$/.exec(text)?.[1] ?? "";
      const known = this.#assigned.get(name) ?? systemVariables.has(name);
      if (known && plainValue.test(replacement)) continue;
      const reason = `the value of ${text} is not known, and cmd.exe looks for operators in it`;
      need(this.#scope, "computed-code", reason, at);
    }
  }

  command(command: BatchCommand): void {
    const { at, redirections } = command;
    let stdin = this.#stdin;
    if (command.after !== null) stdin = printed(command.after);
    for (const { operator, target } of redirections) {
      if (operator === "<") {
        readsWindowsPath(this.#scope, [target], "a redirection", at);
        stdin = null;
      } else writesWindowsPath(this.#scope, [target], "a redirection", at);
    }
    if (command.name === "") {
      if (command.tail.trim() !== "") need(this.#scope, "computed-code", "lint cannot read this command", at);
      return;
    }
    this.#named(command, stdin);
  }

  #named(command: BatchCommand, stdin: Value): void {
    const scope = this.#scope;
    const { tail, at } = command;
    const name = command.name.toLowerCase();
    // `echo.` and `echo(` print an empty line where `echo` alone would tell whether it is on.
    if (/^echo[.:,;=+[\]\\]/.test(name) || harmless.has(name)) {
      if (name.startsWith("echo") && name.includes("\\"))
        need(scope, "computed-code", "lint cannot read this echo", at);
      return;
    }
    const unknown = tail.includes(opaque);
    const words = windowsWords(tail);
    const operands = words.filter((word) => !word.startsWith("/"));
    switch (name) {
      case "set":
        this.#set(tail, at);
        return;
      case "call":
        if (tail.trim().startsWith(":") && !unknown) return;
        if (unknown) need(scope, "computed-code", "call reads a computed text a second time", at);
        else scope.nested("batch", "cmd", tail, at, stdin);
        return;
      case "start":
        need(scope, "background-process", "start does not wait for what it starts", at);
        need(scope, "computed-code", "lint does not follow start", at);
        return;
      case "cd":
      case "chdir":
      case "pushd":
      case "popd":
        if (operands.length === 0 && name !== "popd") return;
        if (name !== "popd" && operands.join(" ").toLowerCase() === scope.analysis.work.toLowerCase()) return;
        scope.analysis.unknownFolder = true;
        need(scope, "computed-code", "the folder is changed, so what later names mean is not known", at);
        return;
      case "type":
        for (const word of words) readsWindowsPath(scope, [word], name, at);
        return;
      case "dir":
        if (unknown || /\\\\|\/\//.test(tail))
          need(scope, "computed-code", "dir is given a computed or remote path", at);
        return;
      case "del":
      case "erase":
      case "rd":
      case "rmdir":
        for (const word of operands) removesWindowsPath(scope, [word], name, at);
        return;
      case "md":
      case "mkdir":
        for (const word of words) writesWindowsPath(scope, [word], name, at);
        return;
      case "copy":
      case "move":
      case "ren":
      case "rename":
        for (const word of operands) {
          readsWindowsPath(scope, [word], name, at);
          writesWindowsPath(scope, [word], name, at);
        }
        scope.analysis.written.add("*");
        return;
      case "date":
      case "time":
        if (/^\s*\/t\s*$/i.test(tail)) return;
        need(scope, "destructive", `${name} without /t changes the clock`, at);
        return;
      case "path":
        if (tail.trim() === "") return;
        need(scope, "computed-code", "path changes what commands mean", at);
        return;
      default:
        runWindowsCommand(scope, { name: command.name, tail, at, stdin });
    }
  }

  #set(tail: string, at: number): void {
    if (tail.trim() === "") return;
    const { name, printing } = assignment(tail);
    if (printing) return;
    // Windows and its programs act on many variables, but on none that is so short or so named.
    const own = name !== null && /^(?!cd$|os$|tmp$|tz$)([a-z]\w{0,2}|my_\w+)$/.test(name);
    if (!own) {
      const reason = `the variable ${name ?? "that is set"} may change what commands mean (up to three letters, or my_..., do not)`;
      need(this.#scope, "computed-code", reason, at);
    }
  }
}

/** What `set` does: the variable in lower case, and whether its value is plain. */
function assignment(tail: string): { name: string | null; plain: boolean; printing: boolean } {
  const arithmetic = /^\s*\/a\s+(.*)$/is.exec(tail);
  const asked = /^\s*\/p\s+"?([^="]*)=/is.exec(tail);
  if (asked !== null)
    return { name: (asked[1] as string).trim().toLowerCase(), plain: false, printing: false };
  if (arithmetic !== null) {
    const names = [...(arithmetic[1] as string).matchAll(/([a-z_]\w*)\s*(?:[-+*/%&|^]|<<|>>)?=/gi)].map(
      (match) => (match[1] as string).toLowerCase(),
    );
    return names.length > 1
      ? { name: null, plain: false, printing: false }
      : { name: names[0] ?? null, plain: true, printing: names.length === 0 };
  }
  const match = /^\s*(?:"([^=]*)=(.*)"|([^="]*)=(.*))\s*$/s.exec(tail);
  if (match === null)
    return { name: null, plain: false, printing: !tail.includes("=") && !tail.includes("/") };
  const name = (match[1] ?? match[3] ?? "").trim().toLowerCase();
  return {
    name,
    plain: plainValue.test((match[2] ?? match[4] ?? "").replaceAll(opaque, "")),
    printing: false,
  };
}

/** What a command prints, where that is plain to see. */
function printed(command: BatchCommand): Value {
  const known =
    command.name.toLowerCase() === "echo" && !command.tail.includes(opaque) && command.after === null;
  return known ? [command.tail.trim()] : null;
}
