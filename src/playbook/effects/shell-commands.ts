import { posix } from "node:path";
import { languageOf } from "../language.js";
import { need, type Value } from "./finding.js";
import { executeFile, interpreter } from "./interpreters.js";
import { cloudClients } from "./cloud.js";
import { offline } from "./offline.js";
import { removesPath, writesPath } from "./paths.js";
import { always, changers, printers, privilege, readers, removers, unreadable, writers } from "./programs.js";
import { reading, writing } from "./shell-files.js";
import { literalScan, operands, type Shell } from "./shell-operands.js";
import { printerOutput, readerOutput } from "./shell-printers.js";
import { specials } from "./shell-special.js";
import type { Word } from "./shell-word.js";
import { detaching, wrappers } from "./wrappers.js";

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
  const harmless = offline.get(program)?.(shell, words, stdin, runCommand);
  if (harmless !== undefined) return harmless;
  const called = cloudClients.get(program)?.(shell, words);
  if (called !== undefined) return called;
  const fixed = always.get(program);
  if (fixed !== undefined) need(scope, fixed.effect, `${program} ${fixed.what}`, at, program);
  if (
    (program === "command" || program === "builtin") &&
    rest[0]?.value?.some((word) => /^-[vV]+$/.test(word)) === true
  )
    return null;
  const special = specials.get(program);
  if (special !== undefined) return special(shell, words, stdin, runCommand);
  if (program === "time") {
    const option = rest.findIndex((word) => /^(-o|--output)$/.test(word.value?.[0] ?? ""));
    if (option !== -1) writesPath(scope, rest[option + 1]?.value ?? null, program, at);
  }
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
  if (unreadable.has(program)) need(scope, "computed-code", `lint cannot read what ${program} runs`, at);
  else need(scope, "unknown-command", `the program ${program} is not known to be harmless`, at);
  return null;
}
