import * as fc from "fast-check";
import { expect, test } from "vitest";
import * as esql from "./esql-stand-in.js";
import { queryFor } from "./helpers.js";
import * as kql from "./kql-stand-in.js";
import * as lucene from "./lucene-stand-in.js";

const hostile = fc
  .oneof(
    fc.string({ unit: "binary-ascii" }),
    fc.string({ unit: fc.constantFrom('"', "\\", "\n", "`", "'", "|", "/", " or ", " OR ", ")", "//", "x") }),
  )
  // A file of YAML cannot hold the character 127.
  .filter((text) => text !== "" && text.length < 60 && !text.includes("\x7f"));
/** Texts for languages whose literals have no escapes for control characters. */
const printable = hostile.filter((text) => !/(?![\t\n\r])\p{Cc}/u.test(text));

/** A text that stands for itself in a rule. */
function written(text: string): string {
  return text.replaceAll(/[\\*?]/g, String.raw`\$&`);
}

test.each([
  ["kql", hostile, kql, "Events", ["Events", "|", "where", "a", "=="]],
  ["esql", printable, esql, "events", ["FROM", "events", "|", "WHERE", "a", "=="]],
] as const)(
  "no value breaks out of its literal in %s",
  (language, texts, { tokensOf, readLiteral }, source, before) => {
    fc.assert(
      fc.property(texts, (text) => {
        const tokens = tokensOf(queryFor(language, { sel: { "a|cased": written(text) } }, { source }));
        expect(tokens.slice(0, -1)).toEqual(before);
        expect(readLiteral(tokens.at(-1) ?? "")).toBe(text);
      }),
    );
  },
);

test("no value breaks out of its quotes or its slashes in Lucene", () => {
  fc.assert(
    fc.property(printable, (text) => {
      const whole = lucene.tokensOf(queryFor("lucene", { sel: { "a|cased": written(text) } }));
      expect(whole.slice(0, -1)).toEqual(["a", ":"]);
      expect(lucene.readQuoted(whole.at(-1) ?? "")).toBe(text);
      const parts = lucene.tokensOf(
        queryFor("lucene", { sel: { "a|endswith": written(text), "b|contains": "/x" } }),
      );
      const after = ["AND", "b", ":", String.raw`/.*\/[Xx].*/`];
      expect(parts.filter((_, index) => index !== 2)).toEqual(["a", ":", ...after]);
      expect(lucene.isWhole((parts[2] ?? "").slice(1, -1), `before ${text}`)).toBe(true);
    }),
  );
});
