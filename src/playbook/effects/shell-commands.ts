import { posix } from "node:path";
import { languageOf } from "../language.js";
import { need, type Scope, type Value } from "./finding.js";
import { executeFile, interpreter, workFile } from "./interpreters.js";
import {
  absolutePaths,
  holdsCredentials,
  isCredential,
  isInWork,
  readsPath,
  removesPath,
  writesPath,
} from "./paths.js";
import {
  always,
  changers,
  patternFirst,
  powerfulVariables,
  printers,
  privilege,
  readers,
  removers,
  unreadable,
  writers,
} from "./programs.js";
import { literalWord, type Word } from "./shell-word.js";
import { awkEffects, sedEffects, type SmallEffect } from "./small-languages.js";
import { base64, echo, printf, rev, tr, xxd } from "./text-tools.js";
import { detaching, envCommand, wrappers, xargsCommand } from "./wrappers.js";

/** What the analysis of a command needs from the code that it stands in. */
export interface Shell {
  readonly scope: Scope;
  /** Functions that the code defines: their bodies are analysed where they stand. */
  readonly functions: ReadonlySet<string>;
  /** What the commands of `<(...)` print. */
  inner(word: Word): Value;
}

const systemFolders = new Set([
  "/bin",
  "/usr/bin",
  "/sbin",
  "/usr/sbin",
  "/usr/local/bin",
  "/usr/local/sbin",
]);

/** Analyses one command, its name first; returns what it prints where that is known. */
export function runCommand(shell: Shell, words: readonly Word[], stdin: Value): Value {
  const { scope } = shell;
  const [name, ...rest] = words;
  if (name === undefined) return [""];
  if (name.value === null || name.glob || name.approximate) {
    need(scope, "computed-code", "the name of a command is computed", name.at);
    literalScan(scope, "the command", rest);
    return null;
  }
  const outputs = name.value.map((text) => runNamed(shell, text, [literalNamed(name, text), ...rest], stdin));
  return outputs.length === 1 ? (outputs[0] ?? null) : null;
}

function literalNamed(word: Word, text: string): Word {
  return { ...word, value: [text] };
}

function runNamed(shell: Shell, text: string, words: readonly Word[], stdin: Value): Value {
  const { scope } = shell;
  const [name, ...rest] = words as [Word, ...Word[]];
  const at = name.at;
  if (text.includes("/") && !systemFolders.has(posix.dirname(text))) {
    const known = posix.basename(text);
    // A program elsewhere is none of those below, but it is still judged by its name as well.
    if (always.has(known)) runNamed(shell, known, words, stdin);
    executeFile(scope, name, stdin);
    return null;
  }
  const program = posix.basename(text);
  if (shell.functions.has(program) && !text.includes("/")) {
    literalScan(scope, program, rest);
    // A function of the same name as a program may hand its words on.
    if (rest.some((word) => word.value === null)) return null;
    return always.has(program) ? (runProgram(shell, program, words, stdin), null) : null;
  }
  if (detaching.has(program))
    need(scope, "background-process", `${program} lets a process outlive its parent`, at);
  if (privilege.has(program))
    need(scope, "destructive", `${program} changes privileges (no nearer effect exists)`, at);
  return runProgram(shell, program, words, stdin);
}

function runProgram(shell: Shell, program: string, words: readonly Word[], stdin: Value): Value {
  const { scope } = shell;
  const [name, ...rest] = words as [Word, ...Word[]];
  const at = name.at;
  const fixed = always.get(program);
  if (fixed !== undefined) need(scope, fixed.effect, `${program} ${fixed.what}`, at, program);
  if (
    (program === "command" || program === "builtin") &&
    rest[0]?.value?.some((word) => /^-[vV]+$/.test(word)) === true
  )
    return null;
  const special = specials.get(program);
  if (special !== undefined) return special(shell, words, stdin);
  const skip = wrappers.get(program);
  if (skip !== undefined) return runCommand(shell, words.slice(skip(words)), stdin);
  if (languageOf(program) !== "unknown") return interpreter(scope, words, stdin, (word) => shell.inner(word));
  literalScan(scope, program, rest);
  if (fixed !== undefined) return null;
  if (removers.has(program)) {
    operands(rest).forEach((word) => removesPath(scope, word.value, program, word.at));
    return null;
  }
  if (writers.has(program) || changers.has(program)) {
    writing(scope, program, rest);
    return program === "tee" ? stdin : null;
  }
  if (readers.has(program)) {
    reading(scope, program, rest);
    return readerOutput(shell, program, rest, stdin);
  }
  if (printers.has(program)) return printerOutput(scope, program, rest);
  const reason = unreadable.has(program)
    ? `lint cannot read what ${program} runs`
    : `the program ${program} is not known to be harmless`;
  need(scope, "computed-code", reason, at);
  return null;
}

/** The words that are no options, and what options hold after `=`. */
function operands(words: readonly Word[]): Word[] {
  const found: Word[] = [];
  let ended = false;
  for (const word of words) {
    const text = word.value?.[0];
    if (!ended && text === "--") ended = true;
    else if (!ended && text !== undefined && text.startsWith("-") && text !== "-") {
      // `--target-directory=/etc` and `-t/etc` name paths too.
      const path = /^--?[A-Za-z-]*=?([/~].*)$/s.exec(text)?.[1];
      if (path !== undefined) found.push({ ...word, value: [path] });
    } else found.push(word);
  }
  return found;
}

/** Every word of a command is looked at for credentials: a path is one whichever option it follows. */
function literalScan(scope: Scope, program: string, words: readonly Word[]): void {
  if (printers.has(program)) return;
  for (const word of words) {
    for (const text of word.value ?? []) {
      const parts = [text, ...text.split(/[=:@,]/).slice(1)];
      const found = parts.find((part) =>
        part.includes("/") || part.includes(".")
          ? absolutePaths(scope, part).some((path) => isCredential(path, word.glob))
          : false,
      );
      if (found !== undefined) need(scope, "credentials", `${program} is given ${found}`, word.at);
    }
  }
}

function reading(scope: Scope, program: string, words: readonly Word[]): void {
  const files = operands(words);
  const recursive = words.some((word) =>
    /^-[a-zA-Z]*[rR]|^--(dereference-)?recursive/.test(word.value?.[0] ?? ""),
  );
  const skipped = patternFirst.has(program) ? files.slice(1) : files;
  for (const word of skipped) {
    if (word.value?.[0] === "-" || word.process !== null) continue;
    readsPath(scope, word.value, word.glob, program, word.at);
    const whole = recursive && word.value?.some((path) => absolutePaths(scope, path).some(holdsCredentials));
    if (whole === true)
      need(scope, "credentials", `${program} reads everything below ${word.value?.[0] ?? ""}`, word.at);
  }
  const outputs: Readonly<Record<string, RegExp>> = {
    sort: /^-[a-z]*o|^--output/,
    shuf: /^-[a-z]*o|^--output/,
    tree: /^-o/,
    iconv: /^-o|^--output/,
    file: /^-C|^--compile/,
  };
  const option = outputs[program];
  if (option !== undefined && words.some((word) => option.test(word.value?.[0] ?? ""))) {
    files.forEach((word) => writesPath(scope, word.value, program, word.at));
  }
  if (words.some((word) => /^--(compress-program|use-compress-program|pre)/.test(word.value?.[0] ?? ""))) {
    need(scope, "computed-code", `${program} is told to run another program`, words[0]?.at ?? 0);
  }
  const second = files[1];
  if ((program === "uniq" || program === "xxd") && second !== undefined)
    writesPath(scope, second.value, program, second.at);
}

function writing(scope: Scope, program: string, words: readonly Word[]): void {
  const files = operands(words);
  const options = words.flatMap((word) => word.value ?? []).filter((text) => text.startsWith("-"));
  if (program === "mktemp") {
    const [template] = files;
    if (template !== undefined) writesPath(scope, template.value, program, template.at);
    else writesPath(scope, ["/tmp/tmp.XXXXXXXXXX"], program, words[0]?.at ?? 0);
    return;
  }
  if (
    options.some((option) => /^--(filter|to-command|checkpoint-action|use-compress-program)/.test(option))
  ) {
    need(scope, "computed-code", `${program} is told to run another program`, words[0]?.at ?? 0);
  }
  const changes =
    changers.has(program) ||
    ["truncate", "gzip", "gunzip", "bzip2", "bunzip2", "xz", "unxz"].includes(program);
  const copies = ["cp", "ln", "install"].includes(program);
  const into = options.some((option) => /^(-[a-zA-Z]*t|--target-directory)/.test(option));
  // Numbers are the values of options, such as `mkdir -m 700`.
  const named = files.filter((word) => word.value?.every((text) => /^\d+$/.test(text)) !== true);
  const written = copies && !into ? files.slice(-1) : changers.has(program) ? files.slice(1) : named;
  for (const word of written) writesPath(scope, word.value, program, word.at, changes);
  if (!copies) return;
  for (const word of files) {
    if (written.includes(word) && files.length > 1) continue;
    readsPath(scope, word.value, word.glob, program, word.at);
    const outside =
      word.value === null ||
      word.value.some((path) => absolutePaths(scope, path).some((one) => !isInWork(scope, one)));
    // What is then written or read through the link is elsewhere; hard links change what they are linked to as well.
    if (program === "ln" && outside) {
      need(scope, "outside-work-folder", "ln links to a place outside the work folder", word.at);
      scope.analysis.unknownFolder = true;
    }
  }
  // Copies of folders and links bring in files whose names are not seen.
  if (program === "cp")
    scope.analysis.written.add(files.length > 2 || into ? "*" : posix.basename(files[0]?.value?.[0] ?? "*"));
}

function moving(shell: Shell, words: readonly Word[]): Value {
  const { scope } = shell;
  literalScan(scope, "mv", words.slice(1));
  const files = operands(words.slice(1));
  files.forEach((word, index) => {
    if (index === files.length - 1) writesPath(scope, word.value, "mv", word.at);
    else removesPath(scope, word.value, "mv", word.at);
    readsPath(scope, word.value, word.glob, "mv", word.at);
  });
  scope.analysis.written.add("*");
  return null;
}

/** The texts of words, when each has exactly one. */
function texts(words: readonly Word[]): string[] | null {
  const found = words.map((word) =>
    word.value?.length === 1 && !word.glob && !word.approximate ? (word.value[0] as string) : null,
  );
  return found.every((text) => text !== null) ? found : null;
}

function one(text: string | null): Value {
  return text === null ? null : [text];
}

function printerOutput(scope: Scope, program: string, words: readonly Word[]): Value {
  const given = words.flatMap((word) => word.value ?? []);
  const first = words[0];
  const at = first?.at ?? 0;
  if (
    (program === "date" && given.some((word) => /^(-s|--set)/.test(word))) ||
    (program === "hostname" && words.some((word) => !(word.value?.[0] ?? "").startsWith("-")))
  ) {
    need(scope, "destructive", `${program} sets what the system has`, at);
  }
  if (program === "getent" && given.some((word) => /^(passwd|shadow|gshadow)$/.test(word))) {
    need(scope, "credentials", `getent reads ${given[0] ?? ""}`, at);
  }
  const evaluates = [
    "test",
    "[",
    "printf",
    "declare",
    "typeset",
    "local",
    "export",
    "readonly",
    "unset",
    "let",
    "read",
    "mapfile",
    "readarray",
    "wait",
    "integer",
    "float",
  ];
  // An index in a variable's name is arithmetic, and arithmetic runs what is substituted in it.
  if (evaluates.includes(program) && given.some((word) => /\$\(|`/.test(word)) && program !== "printf") {
    need(scope, "computed-code", `${program} may run what is in its argument`, at);
  }
  if (program === "printf" && given[0] === "-v" && given.some((word) => /\[/.test(word))) {
    need(scope, "computed-code", "printf -v may run what is in its argument", at);
  }
  if (["mapfile", "readarray"].includes(program) && given.includes("-C"))
    need(scope, "computed-code", `${program} calls a command`, at);
  if (program === "hash" && given.includes("-p"))
    need(scope, "computed-code", "hash -p renames a program", at);
  if (["export", "readonly", "local", "declare", "typeset"].includes(program)) {
    for (const word of given)
      if (powerfulVariables.has(word.split("=")[0] ?? ""))
        need(scope, "computed-code", `${word} changes what commands mean`, at);
  }
  const known = texts(words);
  if (known === null) return null;
  if (program === "echo") return one(echo(known, scope.program === "bash"));
  if (program === "printf") return one(printf(known));
  return ["true", "false", ":", "set", "unset", "export", "sleep", "wait"].includes(program) ? [""] : null;
}

function readerOutput(shell: Shell, program: string, words: readonly Word[], stdin: Value): Value {
  const known = texts(words);
  const input = stdin?.length === 1 ? (stdin[0] as string) : null;
  if (known === null) return null;
  if (program === "cat") {
    const parts = known.map((path) =>
      path === "-" ? input : path.startsWith("-") ? null : workFileText(shell, path, words[0]?.at ?? 0),
    );
    return known.length === 0 ? stdin : parts.every((part) => part !== null) ? [parts.join("")] : null;
  }
  if (input === null) return null;
  switch (program) {
    case "base64":
      return one(base64(known, input));
    case "rev":
      return known.length === 0 ? [rev(input)] : null;
    case "tr":
      return one(tr(known, input));
    case "xxd":
      return one(xxd(known, input));
    default:
      return null;
  }
}

function workFileText(shell: Shell, path: string, at: number): string | null {
  return workFile(shell.scope, path, at);
}

type Special = (shell: Shell, words: readonly Word[], stdin: Value) => Value;

function cd(shell: Shell, words: readonly Word[]): Value {
  const { scope } = shell;
  const target = operands(words.slice(1))[0];
  if (target === undefined) scope.analysis.folders.add("~");
  else if (target.value === null || target.glob || target.value.includes("-")) {
    scope.analysis.unknownFolder = true;
    need(scope, "computed-code", "the folder that the code changes to is computed", target.at);
  } else {
    for (const path of target.value) {
      for (const absolute of absolutePaths(scope, path))
        if (absolute !== scope.analysis.work) scope.analysis.folders.add(absolute);
    }
  }
  return [""];
}

function evaluate(shell: Shell, words: readonly Word[], stdin: Value): Value {
  const { scope } = shell;
  const known = texts(words.slice(1));
  const at = words[0]?.at ?? 0;
  if (known === null) {
    need(scope, "computed-code", "eval runs code that is computed", at);
    return null;
  }
  return scope.nested("shell", scope.program, known.join(" "), at, stdin);
}

function source(shell: Shell, words: readonly Word[], stdin: Value): Value {
  const [name, file] = words as [Word, Word?];
  return file === undefined
    ? null
    : interpreter(shell.scope, [literalWord([shell.scope.program], name.at), file], stdin, (word) =>
        shell.inner(word),
      );
}

function trap(shell: Shell, words: readonly Word[]): Value {
  const action = words[1];
  const at = words[0]?.at ?? 0;
  if (words.length < 3 || action === undefined) return null;
  if (action.value === null) need(shell.scope, "computed-code", "trap runs code that is computed", at);
  else
    for (const text of action.value)
      if (text !== "-") shell.scope.nested("shell", shell.scope.program, text, action.at, null);
  return [""];
}

function alias(shell: Shell, words: readonly Word[]): Value {
  const at = words[0]?.at ?? 0;
  if (words.length === 1) return null;
  need(shell.scope, "computed-code", "an alias changes what later words mean", at);
  for (const text of words.slice(1).flatMap((word) => word.value ?? [])) {
    if (text.includes("="))
      shell.scope.nested("shell", shell.scope.program, text.slice(text.indexOf("=") + 1), at, null);
  }
  return [""];
}

/** What a command that is started many times may read: nothing, or what is not followed. */
function emptyOrUnknown(stdin: Value): Value {
  return stdin?.length === 1 && stdin[0] === "" ? stdin : null;
}

function find(shell: Shell, words: readonly Word[], stdin: Value): Value {
  const { scope } = shell;
  const rest = words.slice(1);
  const first = rest.findIndex(
    (word) => /^[-(!]/.test(word.value?.[0] ?? "") && !/^-[HLPO]/.test(word.value?.[0] ?? ""),
  );
  const roots = (first === -1 ? rest : rest.slice(0, first)).filter(
    (word) => !/^-/.test(word.value?.[0] ?? ""),
  );
  const inWork =
    !scope.analysis.unknownFolder &&
    roots.every(
      (word) =>
        word.value?.every((path) => absolutePaths(scope, path).every((one_) => isInWork(scope, one_))) ===
        true,
    );
  literalScan(scope, "find", rest);
  const inside = `${scope.analysis.work}/*`;
  rest.forEach((word, index) => {
    const text = word.value?.length === 1 ? (word.value[0] as string) : "";
    if (text === "-delete") removesPath(scope, inWork ? [inside] : null, "find -delete", word.at);
    if (/^-(fprint|fprintf|fprint0|fls)$/.test(text))
      writesPath(scope, rest[index + 1]?.value ?? null, `find ${text}`, word.at);
    if (!/^-(exec|execdir|ok|okdir)$/.test(text)) return;
    const end = rest.findIndex(
      (other, place) => place > index && [";", "+"].includes(other.value?.[0] ?? ""),
    );
    const command = rest
      .slice(index + 1, end === -1 ? rest.length : end)
      .map((part) =>
        part.value?.some((one_) => one_.includes("{}")) === true
          ? { ...part, value: inWork && part.value[0] === "{}" ? [inside] : null, glob: true }
          : part,
      );
    runCommand(shell, command, emptyOrUnknown(stdin));
  });
  if (rest.some((word) => word.value === null))
    need(scope, "computed-code", "find is given a computed argument", words[0]?.at ?? 0);
  return null;
}

function xargs(shell: Shell, words: readonly Word[], stdin: Value): Value {
  const input = stdin?.length === 1 ? (stdin[0] as string) : null;
  runCommand(shell, xargsCommand(words, input), emptyOrUnknown(stdin));
  return null;
}

function env(shell: Shell, words: readonly Word[], stdin: Value): Value {
  const { scope } = shell;
  const command = envCommand(scope, words, (name, word) => {
    if (powerfulVariables.has(name))
      need(scope, "computed-code", `${name} changes what commands mean`, word.at);
  });
  return command === null ? null : runCommand(shell, command, stdin);
}

function busybox(shell: Shell, words: readonly Word[], stdin: Value): Value {
  const applet = words[1]?.value?.[0] ?? "";
  if (applet === "--install")
    need(shell.scope, "destructive", "busybox --install changes the system", words[0]?.at ?? 0);
  return applet.startsWith("--") || words.length === 1 ? null : runCommand(shell, words.slice(1), stdin);
}

function small(shell: Shell, program: string, effects: readonly SmallEffect[], at: number): void {
  const { scope } = shell;
  for (const effect of effects) {
    switch (effect.kind) {
      case "unknown":
        need(scope, "computed-code", `lint cannot read this ${program} program`, at);
        break;
      case "network":
        need(scope, "network", `${program} opens a socket`, at);
        break;
      case "writes":
        writesPath(scope, one(effect.path), program, at);
        break;
      case "reads":
        readsPath(scope, one(effect.path), false, program, at);
        break;
      case "shell":
        if (effect.code !== null) scope.nested("shell", "sh", effect.code, at, null);
        else need(scope, "computed-code", `${program} runs a command that is computed`, at);
    }
  }
}

function sed(shell: Shell, words: readonly Word[]): Value {
  const { scope } = shell;
  const at = words[0]?.at ?? 0;
  const scripts: Word[] = [];
  const files: Word[] = [];
  let inPlace = false;
  for (let index = 1; index < words.length; index += 1) {
    const word = words[index] as Word;
    const text = word.value?.[0] ?? "";
    if (/^-[nEruszl]*e$|^--expression$/.test(text)) scripts.push(...words.slice(index + 1, ++index + 1));
    else if (text.startsWith("--expression=")) scripts.push(literalWord([text.slice(13)], word.at));
    else if (/^-[nEruszl]*[ef]|^--file/.test(text))
      need(scope, "computed-code", "sed reads its script from elsewhere", word.at);
    else if (/^-[nEruszl]*i|^--in-place/.test(text)) inPlace = true;
    else if (!text.startsWith("-") || text === "-") files.push(word);
  }
  if (scripts.length === 0) scripts.push(...files.splice(0, 1));
  for (const script of scripts) {
    if (script.value === null || script.glob)
      need(scope, "computed-code", "sed is given a computed script", script.at);
    else for (const text of script.value) small(shell, "sed", sedEffects(text), script.at);
  }
  literalScan(scope, "sed", files);
  for (const file of files) {
    if (inPlace) writesPath(scope, file.value, "sed -i", file.at, true);
    else readsPath(scope, file.value, file.glob, "sed", file.at);
  }
  if (inPlace && files.length === 0) need(scope, "computed-code", "sed -i names no file", at);
  return null;
}

function awk(shell: Shell, words: readonly Word[]): Value {
  const { scope } = shell;
  const rest = words.slice(1);
  let index = 0;
  for (; index < rest.length; index += 1) {
    const text = rest[index]?.value?.[0] ?? "";
    if (text === "--") {
      index += 1;
      break;
    }
    if (!text.startsWith("-")) break;
    if (text === "-F" || text === "-v") index += 1;
    else if (!/^-[Fv]/.test(text))
      need(scope, "computed-code", `awk's option ${text} may load other code`, rest[index]?.at ?? 0);
  }
  const program = rest[index];
  if (program === undefined) return null;
  if (program.value === null) need(scope, "computed-code", "awk is given a computed program", program.at);
  else for (const text of program.value) small(shell, "awk", awkEffects(text), program.at);
  const files = rest.slice(index + 1);
  literalScan(scope, "awk", files);
  for (const file of files) readsPath(scope, file.value, file.glob, "awk", file.at);
  return null;
}

function dd(shell: Shell, words: readonly Word[]): Value {
  const { scope } = shell;
  literalScan(scope, "dd", words.slice(1));
  for (const word of words.slice(1)) {
    if (word.value === null) need(scope, "destructive", "dd is given a computed argument", word.at);
    for (const text of word.value ?? []) {
      if (text.startsWith("of=")) writesPath(scope, [text.slice(3)], "dd", word.at);
      if (text.startsWith("if=")) readsPath(scope, [text.slice(3)], false, "dd", word.at);
    }
  }
  return null;
}

function archive(shell: Shell, words: readonly Word[]): Value {
  const { scope } = shell;
  const [name, ...rest] = words as [Word, ...Word[]];
  const program = name.value?.[0] ?? "tar";
  literalScan(scope, program, rest);
  scope.analysis.written.add("*");
  if (
    rest.some((word) =>
      /^--?(I|use-compress|to-command|checkpoint-action|rsh-command|info-script|new-volume-script|F$|T$|unzip-command|TT)/.test(
        word.value?.[0] ?? "",
      ),
    )
  ) {
    need(scope, "computed-code", `${program} is told to run another program`, name.at);
  }
  for (const word of operands(rest)) {
    const paths = word.value?.flatMap((path) => absolutePaths(scope, path)) ?? [];
    if (paths.some(holdsCredentials))
      need(scope, "credentials", `${program} reads everything below ${word.value?.[0] ?? ""}`, word.at);
    writesPath(scope, word.value, program, word.at);
  }
  return null;
}

const specials: ReadonlyMap<string, Special> = new Map<string, Special>([
  ["cd", cd],
  ["chdir", cd],
  ["pushd", cd],
  ["popd", cd],
  ["eval", evaluate],
  ["source", source],
  [".", source],
  ["trap", trap],
  ["alias", alias],
  ["find", find],
  ["xargs", xargs],
  ["env", env],
  ["busybox", busybox],
  ["toybox", busybox],
  ["mv", moving],
  ["sed", sed],
  ["awk", awk],
  ["gawk", awk],
  ["mawk", awk],
  ["nawk", awk],
  ["original-awk", awk],
  ["dd", dd],
  ["tar", archive],
  ["cpio", archive],
  ["zip", archive],
  ["unzip", archive],
]);
