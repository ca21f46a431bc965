import { describe, expect, test } from "vitest";
import { applied, compiledSection, compiledWith, event, matches } from "./helpers.js";
import { selection } from "../sigma/helpers.js";

const toOne = "- { type: field_name_mapping, mapping: { Image: exe } }";
const toTwo = "- { type: field_name_mapping, mapping: { Image: [exe, program] } }";

describe("a field that is mapped to one field", () => {
  test("is looked for under the new name only", () => {
    expect(matches("Image|endswith: /sh", toOne, { exe: "/bin/sh" })).toBe(true);
    expect(matches("Image|endswith: /sh", toOne, { Image: "/bin/sh" })).toBe(false);
  });

  test("names are taken as they are written: the mapping of another case is another field", () => {
    expect(matches("image: a", toOne, { image: "a" })).toBe(true);
  });

  test("fields that are not in the mapping stay", () => {
    expect(matches("Image: a\nUser: root", toOne, { exe: "a", User: "root" })).toBe(true);
  });

  test("absent and present are asked of the new field", () => {
    expect(matches("Image: null", toOne, { Image: "a" })).toBe(true);
    expect(matches("Image: null", toOne, { exe: "a" })).toBe(false);
    expect(matches("Image|exists: true", toOne, { exe: null })).toBe(true);
    expect(matches("Image|exists: false", toOne, { Image: "a" })).toBe(true);
  });
});

describe("a field that is mapped to several fields: a value is in one of them", () => {
  test.each([
    ["Image: a", { exe: "a" }, true],
    ["Image: a", { program: "a" }, true],
    ["Image: a", { exe: "b", program: "a" }, true],
    ["Image: a", { exe: "b" }, false],
    // `all`: one of the fields has each of the values, as in pySigma.
    ["Image|contains|all: [a, b]", { exe: "ab" }, true],
    ["Image|contains|all: [a, b]", { program: "xbax" }, true],
    ["Image|contains|all: [a, b]", { exe: "a", program: "b" }, false],
    // A negated line is the opposite of the line: not (exe or program).
    ["Image|neq: a", { exe: "b", program: "c" }, true],
    ["Image|neq: a", { exe: "a", program: "c" }, false],
    ["Image|neq: a", { exe: "b", program: "a" }, false],
    ["Image|neq: a", {}, true],
    ["Image|neq|contains|all: [a, b]", { exe: "a", program: "b" }, true],
    ["Image|neq|contains|all: [a, b]", { exe: "ab" }, false],
    // The field is absent when none of the fields is there.
    ["Image: null", {}, true],
    ["Image: null", { program: null }, true],
    ["Image: null", { program: "a" }, false],
    ["Image: null", { exe: "a" }, false],
    ["Image|neq: null", { program: "a" }, true],
    ["Image|neq: null", {}, false],
    ["Image|exists: true", { program: "a" }, true],
    ["Image|exists: true", {}, false],
    ["Image|exists: false", {}, true],
    ["Image|exists: false", { exe: "a" }, false],
    ["Image|exists: false", { program: "a" }, false],
    ["Image|re: ^a$", { program: "a" }, true],
    ["Image|gt: 5", { exe: 3, program: 6 }, true],
  ])("%s of %j: %j", (line, fields, wanted) => {
    expect(matches(line, toTwo, fields)).toBe(wanted);
  });

  test("other lines of the selection still must hold", () => {
    const rule = compiledWith("Image: a\nUser: root", toTwo);
    expect(rule.matches(event({ program: "a", User: "root" }))).toBe(true);
    expect(rule.matches(event({ program: "a", User: "other" }))).toBe(false);
  });

  test("several such fields in one selection are all combinations", () => {
    const steps = "- { type: field_name_mapping, mapping: { A: [a1, a2], B: [b1, b2] } }";
    for (const fields of [
      { a1: 1, b1: 2 },
      { a1: 1, b2: 2 },
      { a2: 1, b1: 2 },
      { a2: 1, b2: 2 },
    ])
      expect(matches("A: 1\nB: 2", steps, fields)).toBe(true);
    expect(matches("A: 1\nB: 2", steps, { a1: 1, a2: 1 })).toBe(false);
  });

  test("in a list of maps each map is mapped by itself", () => {
    const rule = compiledSection("s:\n  - Image: a\n  - User: root\ncondition: s", toTwo);
    expect(rule.matches(event({ program: "a" }))).toBe(true);
    expect(rule.matches(event({ User: "root" }))).toBe(true);
  });

  test("in an exclusion any of the fields excludes", () => {
    const rule = compiledSection("s:\n  User: root\nf:\n  Image: a\ncondition: s and not f", toTwo);
    expect(rule.matches(event({ User: "root", exe: "b", program: "a" }))).toBe(false);
    expect(rule.matches(event({ User: "root", exe: "b", program: "b" }))).toBe(true);
  });

  test("too many combinations are refused at the line of the rule", () => {
    const names = Array.from({ length: 14 }, (_, index) => `F${index}`);
    const steps = `- { type: field_name_mapping, mapping: { ${names.map((name) => `${name}: [a, b]`).join(", ")} } }`;
    const { rule, diagnostics } = applied(selection(names.map((name) => `${name}: x`).join("\n")), steps);
    expect(rule).toBeNull();
    expect(diagnostics).toMatchObject([
      { code: "pipeline-too-large", severity: "error", line: 20, column: 5 },
    ]);
  });
});

describe("fields that values refer to (fieldref)", () => {
  test("are mapped, as the field of the line is", () => {
    const steps = "- { type: field_name_mapping, mapping: { Image: exe, ParentImage: parent } }";
    expect(matches("Image|fieldref: ParentImage", steps, { exe: "a", parent: "a" })).toBe(true);
    expect(matches("Image|fieldref: ParentImage", steps, { exe: "a", ParentImage: "a" })).toBe(false);
  });

  test("several fields are alternatives, and a negated line is false for any of them", () => {
    expect(matches("User|fieldref: Image", toTwo, { User: "a", exe: "b", program: "a" })).toBe(true);
    expect(matches("User|fieldref|neq: Image", toTwo, { User: "a", exe: "b", program: "a" })).toBe(false);
    expect(matches("User|fieldref|neq: Image", toTwo, { User: "a", exe: "b", program: "c" })).toBe(true);
  });

  test("conditions on names look at each name by itself", () => {
    const steps = `
- type: field_name_prefix
  prefix: x.
  field_name_conditions: [{ type: include_fields, fields: [B] }]`;
    expect(matches("A|fieldref: B", steps, { A: 1, "x.B": 1 })).toBe(true);
    expect(matches("B|fieldref: A", steps, { A: 1, "x.B": 1 })).toBe(true);
  });
});

describe("keywords", () => {
  const steps = "- { type: field_name_mapping, mapping: { null: [message, raw] } }";

  test("are looked for in the whole event when nothing maps them", () => {
    expect(compiledSection("s: [needle]\ncondition: s", toOne).matches(event({ any: "a needle." }))).toBe(
      true,
    );
  });

  test("become texts inside of the fields that null is mapped to", () => {
    const rule = compiledSection("s: [needle, pin]\ncondition: s", steps);
    expect(rule.matches(event({ message: "a needle." }))).toBe(true);
    expect(rule.matches(event({ raw: "a pin" }))).toBe(true);
    expect(rule.matches(event({ other: "a needle." }))).toBe(false);
    expect(rule.fields).toEqual(new Set(["message", "raw"]));
  });

  test("are left alone by prefixes and suffixes", () => {
    const rule = compiledSection("s: [needle]\ncondition: s", "- { type: field_name_prefix, prefix: x. }");
    expect(rule.matches(event({ any: "needle" }))).toBe(true);
  });
});

describe("prefixes and suffixes", () => {
  test("field_name_prefix and field_name_suffix", () => {
    expect(matches("A: 1", "- { type: field_name_prefix, prefix: win. }", { "win.A": 1 })).toBe(true);
    expect(matches("A: 1", "- { type: field_name_suffix, suffix: .keyword }", { "A.keyword": 1 })).toBe(true);
  });

  test("field_name_prefix_mapping takes the first prefix that fits, to one or several", () => {
    const steps = "- { type: field_name_prefix_mapping, mapping: { Parent: [p., parent.], Pa: no. } }";
    expect(matches("ParentImage: a", steps, { "parent.Image": "a" })).toBe(true);
    expect(matches("ParentImage: a", steps, { "p.Image": "a" })).toBe(true);
    expect(matches("Path: a", steps, { "no.th": "a" })).toBe(true);
    expect(matches("Other: a", steps, { Other: "a" })).toBe(true);
  });
});

test("the list of fields that an analyst sees is mapped too", () => {
  const { fields } = applied(selection("Image: a"), toTwo, { attributes: { fields: ["User", "Image"] } });
  expect(fields).toEqual(["User", "exe", "program"]);
});

describe("the rule that comes out", () => {
  test("tells in its explanation the line as the rule writes it, and the field that came nearest", () => {
    const { unmet } = compiledWith("Image|endswith: /sh\nUser: root", toTwo).explain(
      event({ program: "/bin/ls", User: "root" }),
    );
    expect(unmet).toMatchObject([
      { clause: "selection: Image|endswith", field: "program", wanted: "'/sh'", found: "/bin/ls" },
    ]);
  });

  test.each([
    // the change is a line of the rule, which knows no name of the events
    [
      "Image|endswith: /sh",
      { exe: "/bin/ls" },
      "the event has another value: add '/ls' to the values of `Image|endswith`",
    ],
    ["Image: sh", { exe: "/bin/sh" }, "the event has a full path: use `Image|endswith: '/sh'`"],
    ["Image|gte: 5", { exe: "3" }, "the event has 3: use `Image|gte: 3`"],
    ["Image: sh", { path: "sh" }, "the event has it in another field: map `Image` to `path` in the pipeline"],
    ["Image: [a, b]", { exe: "c" }, "the event has another value: add 'c' to the values of `Image`"],
    ["Image|exists: true", { a: "1" }, "this event has no `exe` (the rule's `Image`): test a field"],
  ])("suggests a change in the rule's own names: %s over %j", (line, fields, change) => {
    const { unmet } = compiledWith(line, toOne).explain(event(fields));
    expect(unmet[0]?.change).toContain(change);
  });

  test("has each line at its place in the rule", () => {
    const { rule } = applied(selection("User: root\nImage: a"), toOne);
    const search = rule?.searches.get("selection");
    const items = search?.type === "items" ? search.items : [];
    expect(items.map(({ key, field, at }) => ({ key, field, at }))).toEqual([
      { key: "User", field: "User", at: expect.any(Number) },
      { key: "Image", field: "exe", at: expect.any(Number) },
    ]);
    expect(items[1]?.at).toBeGreaterThan(items[0]?.at ?? 0);
  });
});
