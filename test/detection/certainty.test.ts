import { describe, expect, test } from "vitest";
import { isCertain } from "../../src/detection/certainty.js";
import type { RuleEvent } from "../../src/detection/rule.js";
import { rule } from "../verify/builders.js";

const event: RuleEvent = {
  id: "e",
  logsource: { product: "linux", category: "process_creation" },
  fields: { Image: "/bin/bash", CommandLine: "bash -c true" },
};
const certain = (detection: string): boolean => isCertain(rule("r", detection), event);

describe("the answer of a rule about an event that lacks fields", () => {
  test.each([
    ["{ s: { CommandLine|contains: bash }, condition: s }"],
    // What is there decides: the selection cannot be met.
    ["{ s: { Image: /bin/sh, ParentImage: /bin/sh }, condition: s }"],
    // Either way one of them holds.
    ["{ s: { CommandLine|contains: bash }, p: { ParentImage: /bin/sh }, condition: s or p }"],
    ["{ s: { Image: /bin/sh }, p: { ParentImage: /bin/sh }, condition: s and not p }"],
    ["{ s: ['true'], condition: s }"],
  ])("is certain: %s", (detection) => expect(certain(detection)).toBe(true));

  test.each([
    ["{ s: { ParentImage: /bin/sh }, condition: s }"],
    ["{ s: { ParentImage: null }, condition: s }"],
    ["{ s: { ParentImage|exists: false }, condition: s }"],
    ["{ s: { Image: /bin/bash }, p: { ParentImage: /bin/sh }, condition: s and not p }"],
    ["{ s: { Image: /bin/sh }, p: { ParentImage: /bin/sh }, condition: s or p }"],
    ["{ s: { Image|fieldref: ParentImage }, condition: s }"],
    // A word may stand in a field that is not told.
    ["{ s: [elsewhere], condition: s }"],
    [`{ s: { ${Array.from({ length: 11 }, (_, index) => `F${index}: x`).join(", ")} }, condition: s }`],
  ])("is not: %s", (detection) => expect(certain(detection)).toBe(false));

  test("is certain about a log source that the rule does not read", () => {
    const other = rule("r", "{ s: { ParentImage: x }, condition: s }", "{ product: windows }");
    expect(isCertain(other, event)).toBe(true);
  });
});
