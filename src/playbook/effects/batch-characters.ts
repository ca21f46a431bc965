import { opaque } from "./windows-paths.js";

/** A character of batch text that is left when percent signs, carets and quotes were looked at. */
export interface BatchCharacter {
  readonly text: string;
  readonly quoted: boolean;
  readonly escaped: boolean;
  readonly at: number;
}

/** A variable that cmd.exe expands before it looks for operators; its name in lower case. */
export interface ExpandedVariable {
  readonly name: string;
  readonly at: number;
  readonly text: string;
}

interface ScannedBatch {
  readonly characters: readonly BatchCharacter[];
  readonly expanded: readonly ExpandedVariable[];
  readonly problems: readonly { readonly reason: string; readonly at: number }[];
}

/** Percent expansion, carets and quotes in one pass; a line's end closes its quotes. */
export function scanBatch(code: string): ScannedBatch {
  const characters: BatchCharacter[] = [];
  const expanded: ExpandedVariable[] = [];
  const problems: { reason: string; at: number }[] = [];
  const loops = new Set([...code.matchAll(/\bfor\b[^\n]*?%%?([A-Za-z])\s+in\b/gi)].map((match) => match[1]));
  let quoted = false;
  for (let index = 0; index < code.length; index += 1) {
    const character = code[index] as string;
    const push = (text: string, escaped = false): void => {
      characters.push({ text, quoted, escaped, at: index });
    };
    if (character === "%") {
      const rest = code.slice(index);
      const loop = /^%%?~?[a-z$:]*?([A-Za-z])(?![A-Za-z0-9_]*%)/.exec(rest);
      const variable = /^%([^%\n]+)%/.exec(rest);
      const double = rest.startsWith("%%");
      push(opaque);
      if (loop !== null && (loops.size > 0 || double)) index += loop[0].length - 1;
      else if (double) index += 1;
      else if (variable !== null) {
        expanded.push({
          name: (variable[1] as string).replace(/:.*$/s, "").toLowerCase(),
          at: index,
          text: variable[0],
        });
        index += variable[0].length - 1;
      } else problems.push({ reason: "a percent sign stands for an argument, or for nothing", at: index });
    } else if (character === '"') {
      if (quoted) push(character);
      quoted = !quoted;
      if (quoted) push(character);
    } else if (character === "\n") {
      quoted = false;
      push(character);
    } else if (character === "^" && !quoted) {
      index += 1;
      if (code[index] === "\n") index += 1;
      const next = code[index];
      if (next !== undefined) push(next, true);
    } else push(character === "!" ? opaque : character);
  }
  return { characters, expanded, problems };
}
