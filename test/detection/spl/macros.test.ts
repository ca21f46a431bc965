import { describe, expect, test } from "vitest";
import { findings, keeps, refused } from "./helpers.js";

const macros = {
  shells: { definition: "(Image=*bash OR Image=*zsh)" },
  "named(2)": { arguments: ["field", "value"], definition: '$field$="$value$"' },
  outer: { definition: "`shells` `named(User, bob)`" },
  itself: { definition: "`itself`" },
  broken: { definition: "Image=(" },
  a0: { definition: "" },
  ...Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`a${index + 1}`, { definition: `\`a${index}\`\`a${index}\`` }]),
  ),
};
const event = { Image: "/bin/bash", User: "bob" };

describe("macros", () => {
  test.each([
    ["`shells`", true],
    ["`shells` NOT User=bob", false],
    ["`named(User, bob)`", true],
    ["`named(value=bob, field=User)`", true],
    ["`named(User, eve)`", false],
    ['`named("User", "bob")`', true],
    ['`named(User, "b,b")`', false],
    ["`outer`", true],
    ["Image=* | `some_detection_filter`", true],
    ['"`shells`"', false],
  ])("%s: %s", (query, expected) => {
    expect(keeps(query, event, { macros })).toBe(expected);
  });

  test.each([
    ["a=1 `shels`", "unknown-macro", 5],
    ["`named(User)`", "unknown-macro", 1],
    ["`itself`", "macro-too-deep", 1],
    ["a=1 `a40`", "macro-too-deep", 5],
    ["a=1 `shells", "macro-syntax", 5],
    ["a=1 `a b`", "macro-syntax", 5],
    ['`named(User, a"b")`', "macro-argument-quoted", 1],
    // what is wrong inside of a macro is told at the call
    ["User=bob `broken`", "search-syntax", 10],
  ])("refused: %s", (query, code, column) => {
    expect(refused(query, [], { macros })).toMatchObject({ code, line: 1, column });
  });

  test("an unknown macro is named, with the one that is near", () => {
    expect(refused("`shels`", [], { macros })).toMatchObject({
      message: "the macro `shels` is not defined",
      hint: "did you mean `shells`?",
    });
  });

  test("positions behind a macro are those of the query", () => {
    expect(findings("`shells`\n  User=bob ) ", { macros })).toEqual(["2:12 search-syntax"]);
  });
});

describe("comments", () => {
  test("are read over", () => {
    expect(keeps("``` all | shells ``` Image=*bash ```the user``` User=bob", event)).toBe(true);
    expect(keeps('User="```"', { User: "```" })).toBe(true);
    expect(refused("User=bob ``` open")).toMatchObject({ code: "comment-open", column: 10 });
  });
});
