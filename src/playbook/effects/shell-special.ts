import { need, type Value } from "./finding.js";
import { esxcli, vimCmd, virsh } from "./hypervisor.js";
import { interpreter } from "./interpreters.js";
import { absolutePaths, isInWork, removesPath, writesPath } from "./paths.js";
import { powerfulVariables } from "./programs.js";
import { awk, sed } from "./shell-editors.js";
import { archive, dd, moving } from "./shell-files.js";
import { emptyOrUnknown, literalScan, operands, texts, type Shell } from "./shell-operands.js";
import { literalWord, type Word } from "./shell-word.js";
import { envCommand, xargsCommand } from "./wrappers.js";

/** Analyses a command, its name first; passed on because commands run commands. */
export type RunCommand = (shell: Shell, words: readonly Word[], stdin: Value) => Value;

type Special = (shell: Shell, words: readonly Word[], stdin: Value, run: RunCommand) => Value;

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

function find(shell: Shell, words: readonly Word[], stdin: Value, run: RunCommand): Value {
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
    run(shell, command, emptyOrUnknown(stdin));
  });
  if (rest.some((word) => word.value === null))
    need(scope, "computed-code", "find is given a computed argument", words[0]?.at ?? 0);
  return null;
}

function xargs(shell: Shell, words: readonly Word[], stdin: Value, run: RunCommand): Value {
  const input = stdin?.length === 1 ? (stdin[0] as string) : null;
  // `-a FILE` is an input too.
  literalScan(shell.scope, "xargs", words.slice(1));
  run(shell, xargsCommand(words, input), emptyOrUnknown(stdin));
  return null;
}

function env(shell: Shell, words: readonly Word[], stdin: Value, run: RunCommand): Value {
  const { scope } = shell;
  const command = envCommand(scope, words, (name, word) => {
    if (powerfulVariables.has(name))
      need(scope, "computed-code", `${name} changes what commands mean`, word.at);
  });
  return command === null ? null : run(shell, command, stdin);
}

function busybox(shell: Shell, words: readonly Word[], stdin: Value, run: RunCommand): Value {
  const applet = words[1]?.value?.[0] ?? "";
  if (applet === "--install")
    need(shell.scope, "destructive", "busybox --install changes the system", words[0]?.at ?? 0);
  return applet.startsWith("--") || words.length === 1 ? null : run(shell, words.slice(1), stdin);
}

export const specials: ReadonlyMap<string, Special> = new Map<string, Special>([
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
  ["virsh", virsh],
  ["esxcli", esxcli],
  ["localcli", esxcli],
  ["vim-cmd", vimCmd],
]);
