import { need, type Scope } from "./finding.js";
import { literalWord, type Word } from "./shell-word.js";

/** How many words stand before the command that a wrapper runs. */
type Skip = (words: readonly Word[]) => number;

function textAt(words: readonly Word[], index: number): string | null {
  const word = words[index];
  return word?.value?.length === 1 ? (word.value[0] as string) : null;
}

/** Skips options (those in `withValue` take the next word), then a number of operands. */
function options(withValue: readonly string[], operands = 0): Skip {
  return (words) => {
    let index = 1;
    for (;;) {
      const text = textAt(words, index);
      if (text === null || !text.startsWith("-") || text === "-") break;
      index += 1;
      if (text === "--") break;
      if (withValue.includes(text)) index += 1;
    }
    return index + operands;
  };
}

/** Programs that run the rest of their words as a command. */
export const wrappers: ReadonlyMap<string, Skip> = new Map<string, Skip>([
  ["command", options([])],
  ["builtin", options([])],
  ["exec", options(["-a"])],
  ["time", options(["-f", "--format", "-o", "--output"])],
  ["nice", options(["-n", "--adjustment"])],
  ["ionice", options(["-c", "-n", "--class", "--classdata"])],
  ["chrt", options([], 1)],
  ["taskset", options([], 1)],
  ["timeout", options(["-k", "--kill-after", "-s", "--signal"], 1)],
  ["stdbuf", options(["-i", "-o", "-e"])],
  ["setarch", options([], 1)],
  ["linux64", options([])],
  ["nohup", options([])],
  ["setsid", options([])],
  ["daemon", options([])],
  ["daemonize", options([])],
  ["start-stop-daemon", options([])],
  ["coproc", options([])],
  ["noglob", options([])],
  ["nocorrect", options([])],
  ["-", options([])],
  ["sudo", options(["-u", "-g", "-C", "-h", "-p", "-r", "-t", "-U", "-D", "-R", "-T"])],
  ["doas", options(["-u", "-C"])],
]);

/** Wrappers whose command outlives its parent. */
export const detaching = new Set([
  "nohup",
  "setsid",
  "daemon",
  "daemonize",
  "start-stop-daemon",
  "coproc",
  "disown",
  "bg",
]);

/** `env`: assignments and options, then a command. Null when it only prints. */
export function envCommand(
  scope: Scope,
  words: readonly Word[],
  assign: (name: string, word: Word) => void,
): readonly Word[] | null {
  for (let index = 1; index < words.length; index += 1) {
    const word = words[index] as Word;
    const text = textAt(words, index);
    if (text === null) {
      need(scope, "computed-code", "env is given a computed argument", word.at);
      return null;
    }
    if (/^(-S|--split-string|-[a-zA-Z0]*S)/.test(text)) {
      need(scope, "computed-code", "env splits a text into a command", word.at);
      return null;
    }
    if (["-u", "--unset", "-C", "--chdir", "-a", "--argv0"].includes(text)) {
      if (text === "-C" || text === "--chdir")
        need(scope, "computed-code", "env changes the folder", word.at);
      index += 1;
    } else if (/^[A-Za-z_][A-Za-z0-9_]*=/s.test(text)) assign(text.slice(0, text.indexOf("=")), word);
    else if (!text.startsWith("-")) return words.slice(index);
  }
  return null;
}

/** `xargs`: the command with what it appends; the appended words are known when the input is. */
export function xargsCommand(words: readonly Word[], input: string | null): readonly Word[] {
  const skip = options([
    "-I",
    "-i",
    "-n",
    "-L",
    "-l",
    "-P",
    "-s",
    "-d",
    "-E",
    "-a",
    "--max-args",
    "--max-procs",
    "--delimiter",
    "--replace",
    "--arg-file",
  ])(words);
  const before = words.slice(1, skip).flatMap((word) => word.value ?? []);
  const at = words[0]?.at ?? 0;
  const command = skip < words.length ? words.slice(skip) : [literalWord(["echo"], at)];
  // Quotes, delimiters and other inputs change what is appended: only plain words are followed.
  const plain = before.every((option) => /^(-n\d*|-r|-0|-t|-L\d*|\d+|--no-run-if-empty)$/.test(option));
  if (input === null || !plain || /["'\\\0]/.test(input)) {
    const computed = literalWord(null, at);
    const replaced = command.map((word) =>
      word.value?.some((text) => text.includes("{}")) === true ? { ...word, value: null } : word,
    );
    return [...replaced, computed];
  }
  const appended = input.split(/\s+/).filter((word) => word !== "");
  return [...command, ...appended.map((word) => literalWord([word], at))];
}
