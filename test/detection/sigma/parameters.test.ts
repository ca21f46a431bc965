import { describe, expect, test } from "vitest";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { event, refused, ruleText, selection } from "./helpers.js";

/** A rule's own values for its placeholders, under the key `parameters`. */

const detection = selection("Image|endswith|expand: '%shells%'");
const withParameters = (parameters: string): string => `parameters: ${parameters}\n${ruleText(detection)}`;

test("are what its placeholders stand for", () => {
  const { rule, diagnostics } = compileSigma(withParameters("{ shells: [/bash, /zsh] }"), "rules/test.yml");
  expect(diagnostics).toEqual([]);
  expect(rule?.matches(event({ Image: "/usr/bin/zsh" }))).toBe(true);
  expect(rule?.matches(event({ Image: "/usr/bin/fish" }))).toBe(false);
});

test("give way to values from elsewhere", () => {
  const text = withParameters("{ shells: [/bash] }");
  const { rule } = compileSigma(text, "rules/test.yml", { placeholders: { shells: ["/fish"] } });
  expect(rule?.matches(event({ Image: "/usr/bin/fish" }))).toBe(true);
  expect(rule?.matches(event({ Image: "/usr/bin/bash" }))).toBe(false);
});

describe("are refused", () => {
  test.each([
    ["that are no map", "[/bash]", "1:13 wrong-type"],
    ["without a list", "{ shells: /bash }", "1:15 wrong-type"],
    ["without a value", "{ shells: [] }", "1:15 wrong-type"],
    ["that are no texts", "{ shells: [1] }", "1:15 wrong-type"],
  ])("%s", (_what, parameters, found) => {
    expect(
      refused(withParameters(parameters)).map(({ line, column, code }) => `${line}:${column} ${code}`),
    ).toContain(found);
  });

  test("when the rule has a placeholder of another name", () => {
    expect(refused(withParameters("{ shell: [/bash] }")).length).toBeGreaterThan(0);
  });
});
