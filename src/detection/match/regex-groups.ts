import { parseRegex } from "../regex/parse.js";
import type { Expression } from "../regex/syntax.js";
import { foldedLiteral, OTHER_TEXT } from "./folded-text.js";
import { bothOf, eitherOf, literalGroup, type Group } from "./group.js";

const mostMembers = 8;

/** The byte that every character of a set folds to; null when they fold to several. */
function byteOf(set: Expression & { type: "set" }): string | null {
  const members: number[] = [];
  for (const [from, to] of set.set) {
    if (to - from >= mostMembers || members.length > mostMembers) return null;
    for (let codePoint = from; codePoint <= to; codePoint++) members.push(codePoint);
  }
  const bytes = new Set(members.map((codePoint) => foldedLiteral(String.fromCodePoint(codePoint))));
  const [only] = bytes;
  // Letters beyond ASCII become one byte together with their neighbours, which a set does not know.
  return bytes.size === 1 && only !== undefined && only !== OTHER_TEXT ? only : null;
}

/** Groups of an expression: what every text that it matches holds. */
class Reader {
  readonly #groups: Group[] = [];
  #run = "";

  finish(): Group[] {
    this.#flush();
    return this.#groups;
  }

  #flush(): void {
    this.#groups.push(...literalGroup([this.#run]));
    this.#run = "";
  }

  read(expression: Expression): void {
    switch (expression.type) {
      case "set": {
        const byte = byteOf(expression);
        if (byte === null) this.#flush();
        else this.#run += byte;
        return;
      }
      case "assertion":
        return;
      case "sequence":
        for (const part of expression.parts) this.read(part);
        return;
      case "group":
        return this.read(expression.part);
      case "choice": {
        this.#flush();
        const groups = eitherOf(expression.options.map(groupsOf));
        this.#groups.push(...groups);
        return;
      }
      case "repeat":
        this.#flush();
        // What is repeated may stand between: only that it stands somewhere is known.
        if (expression.least > 0) this.#groups.push(...groupsOf(expression.part));
        return;
    }
  }
}

function groupsOf(expression: Expression): Group[] {
  const reader = new Reader();
  reader.read(expression);
  return bothOf([reader.finish()]);
}

/** What a text must hold, one literal of each group, for a regular expression to match anywhere in it. */
export function regexGroups(source: string, flags: ReadonlySet<string>): Group[] {
  return groupsOf(parseRegex(source, flags));
}
