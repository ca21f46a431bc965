import { posix } from "node:path";
import { need, type Scope, type Value } from "./finding.js";
import { absolutePaths, holdsCredentials, isInWork, readsPath, removesPath, writesPath } from "./paths.js";
import { changers, patternFirst } from "./programs.js";
import { literalScan, operands, type Shell } from "./shell-operands.js";
import type { Word } from "./shell-word.js";

/** @param whole whether the program reads everything below a folder, whatever its options. */
export function reading(scope: Scope, program: string, words: readonly Word[], whole = false): void {
  const files = operands(words);
  const recursive =
    whole || words.some((word) => /^-[a-zA-Z]*[rR]|^--(dereference-)?recursive/.test(word.value?.[0] ?? ""));
  const skipped = patternFirst.has(program) ? files.slice(1) : files;
  for (const word of skipped) {
    if (word.value?.[0] === "-" || word.process !== null) continue;
    readsPath(scope, word.value, word.glob, program, word.at);
    const below = recursive && word.value?.some((path) => absolutePaths(scope, path).some(holdsCredentials));
    if (below === true)
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

export function writing(scope: Scope, program: string, words: readonly Word[]): void {
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
    if (word.value?.some((path) => absolutePaths(scope, path).some(holdsCredentials)) === true)
      need(scope, "credentials", `${program} takes everything below ${word.value[0] ?? ""}`, word.at);
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

export function moving(shell: Shell, words: readonly Word[]): Value {
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

export function dd(shell: Shell, words: readonly Word[]): Value {
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

export function archive(shell: Shell, words: readonly Word[]): Value {
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
