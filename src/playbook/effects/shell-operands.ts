import { need, type Scope, type Value } from "./finding.js";
import { absolutePaths, isCredential } from "./paths.js";
import { printers, readingPrinters } from "./programs.js";
import type { Word } from "./shell-word.js";

/** What the analysis of a command needs from the code that it stands in. */
export interface Shell {
  readonly scope: Scope;
  /** Functions that the code defines: their bodies are analysed where they stand. */
  readonly functions: ReadonlySet<string>;
  /** What the commands of `<(...)` print. */
  inner(word: Word): Value;
}

/** The words that are no options, and what options hold after `=`. */
export function operands(words: readonly Word[]): Word[] {
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
export function literalScan(scope: Scope, program: string, words: readonly Word[]): void {
  if (printers.has(program) && !readingPrinters.has(program)) return;
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

/** The texts of words, when each has exactly one. */
export function texts(words: readonly Word[]): string[] | null {
  const found = words.map((word) =>
    word.value?.length === 1 && !word.glob && !word.approximate ? (word.value[0] as string) : null,
  );
  return found.every((text) => text !== null) ? found : null;
}

export function one(text: string | null): Value {
  return text === null ? null : [text];
}

/** What a command that is started many times may read: nothing, or what is not followed. */
export function emptyOrUnknown(stdin: Value): Value {
  return stdin?.length === 1 && stdin[0] === "" ? stdin : null;
}
