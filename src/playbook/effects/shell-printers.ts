import { need, type Scope, type Value } from "./finding.js";
import { workFile } from "./interpreters.js";
import { powerfulVariables } from "./programs.js";
import { one, texts, type Shell } from "./shell-operands.js";
import type { Word } from "./shell-word.js";
import { base64, echo, printf, rev, tr, xxd } from "./text-tools.js";

/** `date -s TEXT`, and `date 010100002030` without an option before it that takes the number. */
function setsClock(given: readonly string[]): boolean {
  return given.some(
    (word, index) =>
      /^(-[uR]*s|--set)/.test(word) ||
      (/^\d{8,12}(\.\d\d)?$/.test(word) && !/^(-[a-z]*[dfr]|--\w+)$/.test(given[index - 1] ?? "")),
  );
}

export function printerOutput(scope: Scope, program: string, words: readonly Word[]): Value {
  const given = words.flatMap((word) => word.value ?? []);
  const first = words[0];
  const at = first?.at ?? 0;
  if (
    (program === "date" && setsClock(given)) ||
    (program === "hostname" && words.some((word) => !(word.value?.[0] ?? "").startsWith("-")))
  ) {
    need(scope, "destructive", `${program} sets what the system has`, at);
  }
  if (program === "getent" && given.some((word) => /^(a?hosts(v[46])?|networks|netgroup)$/.test(word))) {
    need(scope, "network", "getent may ask a name server", at);
  }
  if (["declare", "typeset", "local"].includes(program) && given.some((word) => /^-[a-zA-Z]*n/.test(word))) {
    need(scope, "computed-code", `${program} -n gives a variable another name`, at);
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

export function readerOutput(shell: Shell, program: string, words: readonly Word[], stdin: Value): Value {
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
