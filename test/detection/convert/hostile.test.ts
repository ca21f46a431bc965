import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { QueryLanguage } from "../../../src/detection/convert/index.js";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { Cursor, takeQuotedText } from "./condition-reader.js";
import * as eql from "./eql-stand-in.js";
import { convertSigma, ruleOf } from "./helpers.js";
import * as ppl from "./ppl-stand-in.js";
import { logsource, systems } from "./systems.js";

const hostile = fc
  .oneof(
    fc.string({ unit: "binary-ascii" }),
    fc.string({ unit: "grapheme" }),
    fc.string({
      unit: fc.constantFrom(
        '"',
        "'",
        "`",
        "\\",
        "/",
        "\n",
        "|",
        " or ",
        " OR ",
        ")",
        "//",
        "#",
        "$",
        "é",
        "x",
      ),
    }),
  )
  .filter((text) => text !== "");

/** A text that stands for itself in a rule. */
function written(text: string): string {
  return text.replaceAll(/[\\*?]/g, String.raw`\$&`);
}

// The stand-ins read a query to its end and refuse what is left over: text that broke out of its literal would be.
test.each(systems)("no value breaks out of its literal in $language", ({ language, finds, source }) => {
  const field = language === "udm-search" ? "principal.hostname" : "A";
  let converted = 0;
  fc.assert(
    fc.property(
      hostile,
      fc.constantFrom("", "|cased", "|contains", "|startswith", "|endswith|cased"),
      (text, modifiers) => {
        const rule = ruleOf({ sel: { [`${field}${modifiers}`]: written(text) } });
        const sigma = compileSigma(rule, "rule.yml").rule;
        const { conversion } = convertSigma(
          rule,
          "rule.yml",
          language,
          source === undefined ? {} : { source },
        );
        if (conversion === null) return;
        converted++;
        const condition = finds(conversion.query);
        expect(condition({ [field]: text }), conversion.query).toBe(true);
        const beside = { [field]: `a${text}b` };
        expect(condition(beside)).toBe(sigma?.matches({ id: "1", logsource, fields: beside }));
        expect(condition({ [field]: "" })).toBe(false);
        expect(condition({})).not.toBe(true);
      },
    ),
  );
  expect(converted).toBeGreaterThan(50);
});

const names = fc
  .oneof(
    fc.string({ unit: "binary-ascii" }),
    fc.string({ unit: fc.constantFrom('"', "`", "\\", ".", " ", "A", "b", "or", "-", "1") }),
  )
  .filter((name) => name.trim() === name && name !== "" && !name.includes("|"));

test.each([
  { language: "eql", source: null, start: "any where ", read: eql.takeName, after: ' == "v"' },
  {
    language: "ppl",
    source: "events",
    start: "source=events\n| where ",
    read: ppl.takeName,
    after: " = 'v'",
  },
  { language: "logsql", source: null, start: "", read: takeQuotedText, after: ':="v"' },
] as const)(
  "no name of a field breaks out of its quotes in $language",
  ({ language, source, start, read, after }) => {
    let converted = 0;
    fc.assert(
      fc.property(names, (name) => {
        const rule = ruleOf({ sel: { [`${name}|cased`]: "v" } });
        const { conversion } = convertSigma(rule, "rule.yml", language, source === null ? {} : { source });
        if (conversion === null) return;
        converted++;
        expect(conversion.query.slice(0, start.length)).toBe(start);
        const cursor = new Cursor(conversion.query.slice(start.length));
        expect(read(cursor)).toBe(name);
        cursor.expect(new RegExp(after.replaceAll(/[=:"]/g, String.raw`[$&]`)));
        expect(cursor.done).toBe(true);
      }),
      { numRuns: 1000 },
    );
    expect(converted).toBeGreaterThan(50);
  },
);

test("a source that is more than a source is refused", () => {
  const rule = ruleOf({ sel: { A: "v" } });
  const sources: readonly (readonly [QueryLanguage, string])[] = [
    ["eql", "any where true or process"],
    ["ppl", "events | where true"],
    ["logsql", "{a=b} or *"],
    ["logql", '{a="b"} | json | c="d" or e="f"'],
    ["logql", "{a=`b`} or {c=`d`} | json"],
    ["yara-l", "anything"],
  ];
  for (const [language, source] of sources) {
    const { conversion, diagnostics } = convertSigma(rule, "rule.yml", language, { source });
    expect(conversion, source).toBeNull();
    expect(diagnostics.map(({ code }) => code)).toEqual(["convert-unsupported"]);
  }
});
