import { RegexProblem } from "../regex/syntax.js";
import { textOfGroup, type CaptureRegex, type Captures } from "../regex/captures.js";

type Part = string | number;

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\\": "\\" };

/** A replacement in Python's words: `\1`, `\g<1>` and `\g<name>` are groups, `\\` is a backslash. */
export class Replacement {
  readonly #parts: readonly Part[];

  /** Throws `RegexProblem` when it names a group that the expression does not have. */
  constructor(template: string, regex: CaptureRegex) {
    const parts: Part[] = [];
    let end = 0;
    for (const match of template.matchAll(/\\(?:g<(\w+)>|(\d{1,2})|([^]?))/g)) {
      parts.push(template.slice(end, match.index));
      end = match.index + match[0].length;
      const group = match[1] ?? match[2];
      if (group === undefined) {
        const text = Object.hasOwn(escapes, match[3] ?? "") ? escapes[match[3] ?? ""] : undefined;
        if (text === undefined && /^[A-Za-z]?$/.test(match[3] ?? "")) {
          throw new RegexProblem(
            "regex-invalid",
            `${match[0]} is not known in a replacement`,
            "write \\\\ for a backslash",
          );
        }
        parts.push(text ?? match[0]);
        continue;
      }
      const index = /^\d+$/.test(group) ? Number(group) : regex.names.indexOf(group);
      if (index === -1 || index >= regex.names.length) {
        throw new RegexProblem("regex-invalid", `the expression has no group ${group}`);
      }
      parts.push(index);
    }
    this.#parts = [...parts, template.slice(end)];
  }

  /** The text for one match. A group that took no part is empty. */
  textFor(match: Captures, text: string): string {
    return this.#parts
      .map((part) => (typeof part === "string" ? part : (textOfGroup(text, match, part) ?? "")))
      .join("");
  }
}
