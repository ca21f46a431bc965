import { need, type Value } from "./finding.js";
import { readsPath, writesPath } from "./paths.js";
import { literalScan, one, type Shell } from "./shell-operands.js";
import { literalWord, type Word } from "./shell-word.js";
import { awkEffects, sedEffects, type SmallEffect } from "./small-languages.js";

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

export function sed(shell: Shell, words: readonly Word[]): Value {
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

export function awk(shell: Shell, words: readonly Word[]): Value {
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
