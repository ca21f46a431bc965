import { expect, test } from "vitest";
import { groupsOfRule } from "../../../src/detection/match/rule-groups.js";
import { parseSigma } from "../../../src/detection/sigma/parse.js";
import { ruleText, selection } from "../sigma/helpers.js";

/** The groups of a detection, each in order; | is the bound of a value, ~ a letter beyond ASCII. */
function groups(detection: string): string[][] {
  const { rule, diagnostics } = parseSigma(ruleText(detection), "test.yml");
  if (rule === null) throw new Error(JSON.stringify(diagnostics));
  return groupsOfRule(rule)
    .map((group) =>
      group.map((literal) => literal.replaceAll("\u0001", "|").replaceAll("\u0002", "~")).toSorted(),
    )
    .toSorted((left, right) => left.join().localeCompare(right.join()));
}

test("a value is bounded where it begins and ends", () => {
  expect(groups(selection("A: Cmd.EXE"))).toEqual([["|cmd.exe|"]]);
  expect(groups(selection("A|startswith: C:\\Temp"))).toEqual([["|c:\\temp"]]);
  expect(groups(selection("A|endswith: \\cmd.exe"))).toEqual([["\\cmd.exe|"]]);
  expect(groups(selection("A|contains: word"))).toEqual([["word"]]);
  expect(groups(selection("A: first*other?third"))).toEqual([["|first"], ["other"], ["third|"]]);
});

test("an event must hold one of a list, and each of what is joined by all or and", () => {
  expect(groups(selection("A|contains:\n  - first\n  - other"))).toEqual([["first", "other"]]);
  expect(groups(selection("A|contains|all:\n  - first\n  - other"))).toEqual([["first"], ["other"]]);
  expect(groups(selection("A|contains: first\nB|contains: other"))).toEqual([["first"], ["other"]]);
});

test("alternatives give their strongest groups together, and nothing when one gives none", () => {
  const either = "a:\n  A|contains: first\nb:\n  A|contains: other\n  B: '*'\ncondition: 1 of *";
  expect(groups(either)).toEqual([["first", "other"]]);
  expect(groups("a:\n  A|contains: first\nb:\n  B|exists: true\ncondition: a or b")).toEqual([]);
  expect(groups("a:\n  A|contains: first\nb:\n  B|exists: true\ncondition: a and b")).toEqual([["first"]]);
});

test("what is negated says nothing, and what is negated twice is said", () => {
  expect(groups("a:\n  A|contains: first\nb:\n  B|contains: not-me\ncondition: a and not b")).toEqual([
    ["first"],
  ]);
  expect(groups("a:\n  A|contains: first\nb:\n  B|contains: other\ncondition: not (not a or not b)")).toEqual(
    [["first"], ["other"]],
  );
  expect(groups("a:\n  A|contains|neq: first\nb:\n  B|contains: other\ncondition: b and not a")).toEqual([
    ["first"],
    ["other"],
  ]);
  expect(groups(selection("A|contains|neq: first"))).toEqual([]);
});

test("numbers and booleans are whole values", () => {
  expect(groups(selection("A: 4688"))).toEqual([["|4688|"]]);
  expect(groups(selection("A: 1.50"))).toEqual([["|1.5|"]]);
  expect(groups(selection("A: true"))).toEqual([["|true|"]]);
});

test("each spelling of a dash and each encoding is an alternative", () => {
  expect(groups(selection("A|windash|contains: ' -enc'"))).toEqual([[" -enc", " /enc", " ~enc"]]);
  expect(groups(selection("A|base64offset|contains: http"))).toEqual([["ahr0c", "h0dh", "odhrw"]]);
});

test("letters beyond ASCII are looked for as such", () => {
  expect(groups(selection("A|contains: ж"))).toEqual([["~"]]);
  expect(groups(selection("A|contains: passwörter"))).toEqual([["passw~rter"]]);
});

test("one letter or two are too little to look for, and three only where there is nothing longer", () => {
  expect(groups(selection("A|contains: x"))).toEqual([]);
  expect(groups(selection("A|contains: xy"))).toEqual([]);
  expect(groups(selection("A: ''"))).toEqual([]);
  expect(groups(selection("A|contains: xyz"))).toEqual([["xyz"]]);
  expect(groups(selection("A|contains: xyz\nB|contains: longer"))).toEqual([["longer"]]);
  expect(groups(selection("A|contains:\n  - long enough\n  - x"))).toEqual([]);
});

test.each([
  ["power(?:shell|point)\\.exe", [[".exe"], ["point", "shell"], ["power"]]],
  ["(?i)INVOKE-\\w+", [["invoke-"]]],
  ["invo[Kk]e", [["invoke"]]],
  ["a+bc{2,}defgh?", [["defg"]]],
  ["x|longer", []],
  ["^start.*ending$", [["ending"], ["start"]]],
  ["[a-z]{5}", []],
  ["\\d+ (?:one|two|three)", [["one", "three", "two"]]],
])("the regular expression %s needs %j", (source, wanted) => {
  expect(groups(selection(`A|re: '${source}'`))).toEqual(wanted);
});

test.each(["A: null", "A|exists: true", "A|gt: 5", "A|cidr: 10.0.0.0/8", "A|fieldref: B", "A|hour: 3"])(
  "%s says nothing of what an event holds",
  (line) => {
    expect(groups(selection(line))).toEqual([]);
  },
);
