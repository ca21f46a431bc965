import { expect, test } from "vitest";
import { Replacement } from "../../../src/detection/pipelines/replacement.js";
import { CaptureRegex } from "../../../src/detection/regex/captures.js";

test.each([
  ["(a)(b)", String.raw`\2\1`, "ab", "ba"],
  ["(?P<x>a)", String.raw`[\g<x>\g<1>]`, "a", "[aa]"],
  ["a", String.raw`\\\t`, "a", "\\\t"],
  ["(a)|b", String.raw`<\1>`, "b", "<>"],
  ["a", String.raw`\.`, "a", String.raw`\.`],
  ["a+", String.raw`\g<0>\g<0>`, "aa", "aaaa"],
])("%s by %s", (source, template, text, wanted) => {
  const regex = new CaptureRegex(source);
  const match = regex.find(text, 0) ?? [];
  expect(new Replacement(template, regex).textFor(match, text)).toBe(wanted);
});

test.each([String.raw`\2`, String.raw`\g<y>`])(
  "%s names a group that the expression does not have",
  (template) => {
    expect(() => new Replacement(template, new CaptureRegex("(?P<x>a)"))).toThrow("has no group");
  },
);
