import type { Value } from "./finding.js";

/** A program as a Windows shell starts it. */
export interface WindowsCommand {
  readonly name: string;
  /** What follows the name on the command line, quotes included; `opaque` stands for what is not known. */
  readonly tail: string;
  readonly at: number;
  readonly stdin: Value;
}

/** The arguments in a command line, by the rules of the Microsoft C runtime. */
export function windowsWords(tail: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quoted = false;
  for (let index = 0; index < tail.length; index += 1) {
    const slashes = /^\\*/.exec(tail.slice(index))?.[0].length ?? 0;
    if (slashes > 0) {
      const quote = tail[index + slashes] === '"';
      word = `${word ?? ""}${"\\".repeat(quote ? Math.floor(slashes / 2) : slashes)}`;
      index += slashes - 1;
      if (quote && slashes % 2 === 1) {
        word += '"';
        index += 1;
      }
      continue;
    }
    const character = tail[index] as string;
    if (character === '"') {
      quoted = !quoted;
      word ??= "";
    } else if (!quoted && /\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = `${word ?? ""}${character}`;
  }
  if (word !== null) words.push(word);
  return words;
}
